"""The form that changes inputs of a block: what it shows, and what was changed in it.

Its fields follow each other as those of an order do. What is stored counts until somebody changes it; only an input that has no
value yet, as it was hidden, takes the default that counts once it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SETTABLE, SentInput, pointer_of
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.service import BlockDetail
from blockyard.server.definitions.model import InputSpec
from blockyard.server.definitions.model.checking import misfits
from blockyard.server.definitions.model.hiding import Settled, settled
from blockyard.server.definitions.model.values import texts_of
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.ui.frame import controls, values
from blockyard.server.ui.frame.controls import Entry, Unreadable
from blockyard.server.ui.frame.entries import NEEDED, entry_of, problem_of, sent_of
from blockyard.server.ui.frame.following import (
    MOVED,
    as_of,
    chooses_none,
    condition_of,
    defaults_of,
    known_of,
    language_of,
    sources_of,
)
from blockyard.server.ui.frame.forms import Field
from blockyard.server.ui.frame.refusals import sentence

REPLACED = (
    "This was replaced after you opened the page. Enter yours again to replace the stored one, or leave it empty to "
    "keep that one."
)

_SENT, _WAS, REVISION_FIELD = "input.", "was.", "revision"
"""Names of controls: what an input shall be, the mark of what it was, the revision of the block that was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came back from the form.

    Attributes:
        revision: the revision of the block that the form was opened at.
        problems: what was said about entries before, where that is not found out again.
        gone: inputs that could no longer be changed then.
    """

    entries: Mapping[str, Entry]
    revision: int | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    gone: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was changed in the form, and what is wrong with it.

    Attributes:
        typed: entries that differ from what was shown.
        changes: what to save, if nothing is wrong.
        problems: sentences by input.
        conflicts: inputs that somebody else has changed since, with what they are now.
        gone: inputs that were in the form and can no longer be changed.
        broken: checks that would not hold and are about no single input of the form.
        now: the inputs as they would be with the changes.
    """

    typed: Mapping[str, Entry]
    now: Settled
    changes: Mapping[str, SentInput] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, values.Shown] = field(default_factory=dict)
    gone: Sequence[str] = ()
    broken: Sequence[str] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the changes can be saved."""
        return not (self.problems or self.conflicts or self.gone or self.broken)


def field_name(key: str) -> str:
    """Return the name of the control of an input."""
    return _SENT + controls.name_of(key)


def filled(form: Form) -> Filled:
    """Return what a form says about inputs. Raises Invalid if the marks of what was shown are missing."""
    names = {name.removeprefix(_SENT) for name in (*form.lists, *form.files) if name.startswith(_SENT)}
    marks = {name.removeprefix(_WAS): text for name, text in form.texts.items() if name.startswith(_WAS)}
    if not names <= marks.keys():
        raise Invalid("the form is incomplete", code="MalformedForm", remedy="Open the form again, then send it.")
    entries = {controls.key_of(name): entry_of(form, _SENT + name, was) for name, was in marks.items()}
    revision = form.texts.get(REVISION_FIELD, "")
    return Filled(entries=entries, revision=int(revision) if revision.isdecimal() and len(revision) < 20 else None)  # noqa: PLR2004  what a database holds


def judge(detail: BlockDetail, sent: Filled) -> Judged:
    """Return what the visitor changed. What somebody else changed since stays unless the visitor changed it, too."""
    found = _read(detail, sent)
    now = found.now
    changes = {key: value for key, value in found.changes.items() if key not in now.hidden}
    problems = {**_appeared(detail, sent, now, changes), **found.problems}
    broken: list[str] = []
    for misfit in misfits(detail.view.version, now, detail.looked.lists) if changes else ():
        spec = next((spec for spec in detail.changeable if spec.key == misfit.key), None)
        if spec is None:
            broken.append(sentence(misfit.refusal.message))
        else:
            problems.setdefault(spec.key, problem_of(spec, misfit.refusal))
    return replace(
        found,
        typed={key: entry for key, entry in found.typed.items() if key not in now.hidden},
        changes=changes,
        problems={key: text for key, text in problems.items() if key not in now.hidden},
        conflicts={key: value for key, value in found.conflicts.items() if key not in now.hidden},
        broken=broken,
    )


def _read(detail: BlockDetail, sent: Filled) -> Judged:
    """Return what the visitor changed, each input for itself."""
    stored = detail.view.block.standing(detail.view.version.inputs)
    held = _held(detail)
    is_newest = sent.revision == detail.view.block.revision
    typed: dict[str, Entry] = {}
    changes: dict[str, SentInput] = {}
    problems: dict[str, str] = {}
    conflicts: dict[str, values.Shown] = {}
    known = {spec.key: spec for spec in detail.changeable}
    for key, sent_entry in sent.entries.items():
        spec = known.get(key)
        if spec is None:
            continue
        entry = controls.settled(spec, sent_entry)
        now, came = controls.mark_of(spec, held.get(key)), controls.mark_of_entry(spec, entry)
        if came in {entry.was, now}:
            continue
        typed[key] = entry
        if entry.was != now and not is_newest and key in stored:
            if _hides(spec):
                problems[key] = REPLACED
            else:
                conflicts[key] = values.shown_input(spec, stored.get(key), detail.view.block.id)
            continue
        try:
            changes[key] = sent_of(spec, entry, stored.get(key))
        except Unreadable as problem:
            problems[key] = str(problem)
    told_before = {key: text for key, text in sent.problems.items() if key in known and key not in conflicts}
    touched = [key for key, entry in sent.entries.items() if controls.is_touched(entry)]
    gone = [key for key in (*sent.gone, *touched) if key not in known]
    return Judged(
        typed=typed,
        now=_settled(detail, changes),
        changes=changes,
        problems={**told_before, **problems},
        conflicts=conflicts,
        gone=gone,
    )


def _appeared(detail: BlockDetail, sent: Filled, now: Settled, changes: dict[str, SentInput]) -> Mapping[str, str]:
    """Return what is wrong with inputs that are asked for only now; where nothing is chosen, that is added to the changes."""
    problems: dict[str, str] = {}
    for spec in detail.changeable:
        key, entry = spec.key, sent.entries.get(spec.key)
        if key not in detail.hidden or key in now.hidden or key in changes or key in detail.view.block.inputs:
            continue
        default = now.defaults.get(key)
        if default is None and chooses_none(spec):
            changes[key] = SentInput([], spec.is_sensitive)
        elif default is None and not spec.is_optional:
            problems[key] = NEEDED
        elif entry is not None and spec.dependent_defaults and entry.was != controls.mark_of(spec, default):
            problems[key] = MOVED
    return problems


def _settled(detail: BlockDetail, changes: Mapping[str, SentInput]) -> Settled:
    """Return the inputs as they are after changes; a secret has no value that anything reads."""
    version = detail.view.version
    given = dict(detail.view.block.standing(version.inputs))
    for key, item in changes.items():
        given.pop(key, None)
        if item.value is not None and not item.is_sensitive:
            given[key] = item.value
    return settled(version.inputs, given, fill=True)


def _held(detail: BlockDetail) -> Mapping[str, InputValue]:
    """Return what the controls hold: what is stored, and the defaults of what is not asked for yet."""
    version = detail.view.version
    stored = detail.view.block.standing(version.inputs)
    specs = {key: replace(version.inputs[key], condition=None) for key in detail.hidden if key not in stored}
    if not specs:
        return stored
    defaults = settled({**version.inputs, **specs}, stored, fill=False).defaults
    return {**stored, **{key: defaults[key] for key in specs if key in defaults}}


def request_of(detail: BlockDetail, judged: Judged) -> BlockRequest:
    """Return the request that makes the changes and nothing else."""
    block = detail.view.block
    return BlockRequest(
        version_id=block.version_id,
        target=Target.of(block),
        display_name=block.display_name,
        inputs=judged.changes,
        parents=None,
    )


def fields_of(detail: BlockDetail, judged: Judged) -> list[Field]:
    """Return the fields with the values of now; where the visitor typed something, with that."""
    held = _held(detail)
    offered = _settled(detail, {}).options(detail.view.version.inputs, detail.looked.lists)
    return [
        _as_typed(_following(_field(detail, spec, held.get(spec.key)), detail, judged, offered), judged)
        for spec in detail.changeable
    ]


def known_inputs(detail: BlockDetail) -> Json:
    """Return the inputs without a field that expressions may read, as a browser reads them."""
    version, shown = detail.view.version, {spec.key for spec in detail.changeable}
    others = [spec for spec in version.inputs.values() if spec.assignment_type in SETTABLE and spec.key not in shown]
    return known_of(others, detail.view.block.standing(version.inputs))


def follow_each_other(detail: BlockDetail) -> bool:
    """Whether what is entered in one field may change another."""
    version = detail.view.version
    follows = any(spec.condition or spec.option_sources or spec.dependent_defaults for spec in version.inputs.values())
    return follows or bool(version.input_checks)


def refused_input(refusal: Refusal, keys: Sequence[str]) -> str | None:
    """Return which of `keys` a refusal is about; None if it is about something else."""
    if refusal.field is None:
        return None
    pointers = {pointer_of(key).removesuffix("/value"): key for key in keys}
    return next((key for at, key in pointers.items() if f"{refusal.field}/".startswith(f"{at}/")), None)


def _field(detail: BlockDetail, spec: InputSpec, value: InputValue) -> Field:
    is_missing = spec.key in detail.missing
    hides = _hides(spec) or controls.is_too_long(spec, value)
    return Field(
        key=spec.key,
        name=controls.name_of(spec.key),
        label=spec.label,
        help=spec.description,
        control=controls.control_of(spec, value),
        was=controls.mark_of(spec, value),
        text=controls.text_of(spec, value),
        options=controls.options_of(spec),
        chosen=controls.chosen_of(spec, value),
        is_secret=spec.is_sensitive,
        needed=is_missing
        or not (controls.is_never_empty(spec, value) or controls.may_be_empty(spec) or (hides and value is not None)),
        missing=is_missing,
        kept=_kept(detail, spec, value) if hides and value is not None and not is_missing else None,
    )


def _kept(detail: BlockDetail, spec: InputSpec, value: InputValue) -> values.Shown:
    if spec.key not in detail.view.block.inputs:
        return values.Shown("default")
    return values.shown_input(spec, value, detail.view.block.id)


def _following(made: Field, detail: BlockDetail, judged: Judged, offered: Mapping[str, Sequence[str]]) -> Field:
    """Return a field with what it follows; what is stored stays on offer if it was `offered` no more before anything was changed."""
    spec, stored = detail.view.version.inputs[made.key], detail.view.block.inputs.get(made.key)
    outdated = [text for text in texts_of(stored) if text not in offered.get(made.key, ())]
    return replace(
        made,
        condition=condition_of(spec),
        is_hidden=made.key in judged.now.hidden,
        has_default=judged.now.defaults.get(made.key) is not None or chooses_none(spec),
        sources=sources_of(spec, detail.looked, also=outdated),
        defaults=None if stored is not None else defaults_of(spec),
        as_of=as_of(spec, detail.looked),
        schema=spec.json_schema,
        language=language_of(spec, stored),
    )


def _hides(spec: InputSpec) -> bool:
    """Whether the control never holds a value of this kind."""
    return spec.is_sensitive or spec.type is InputType.FILE


def _as_typed(made: Field, judged: Judged) -> Field:
    made = replace(made, error=judged.problems.get(made.key), theirs=judged.conflicts.get(made.key))
    entry = judged.typed.get(made.key)
    if entry is None or made.is_secret or made.control == "file":
        return made
    return replace(made, text=entry.text, chosen=entry.chosen)
