"""The form that changes inputs of a block: what it shows, and what was changed in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SentInput, pointer_of
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.service import BlockDetail
from blockyard.server.definitions.model import InputSpec
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.ui.frame import controls, values
from blockyard.server.ui.frame.controls import Entry, Unreadable
from blockyard.server.ui.frame.entries import entry_of, sent_of
from blockyard.server.ui.frame.forms import Field

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
    """

    typed: Mapping[str, Entry]
    changes: Mapping[str, SentInput] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, values.Shown] = field(default_factory=dict)
    gone: Sequence[str] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the changes can be saved."""
        return not (self.problems or self.conflicts or self.gone)


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
    stored = detail.view.block.standing(detail.view.version.inputs)
    is_newest = sent.revision == detail.view.block.revision
    typed: dict[str, Entry] = {}
    changes: dict[str, SentInput] = {}
    problems: dict[str, str] = {}
    conflicts: dict[str, values.Shown] = {}
    known = {spec.key: spec for spec in detail.editable}
    for key, sent_entry in sent.entries.items():
        spec = known.get(key)
        if spec is None:
            continue
        entry = controls.settled(spec, sent_entry)
        now, came = controls.mark_of(spec, stored.get(key)), controls.mark_of_entry(spec, entry)
        if came in {entry.was, now}:
            continue
        typed[key] = entry
        if entry.was != now and not is_newest:
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
    return Judged(typed=typed, changes=changes, problems={**told_before, **problems}, conflicts=conflicts, gone=gone)


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


def fields_of(detail: BlockDetail, judged: Judged | None = None) -> list[Field]:
    """Return the fields with the values of now; where the visitor typed something, with that."""
    stored = detail.view.block.standing(detail.view.version.inputs)
    found: list[Field] = []
    for spec in detail.editable:
        made = _field(detail, spec, stored.get(spec.key))
        if judged is not None:
            made = _as_typed(made, judged)
        found.append(made)
    return found


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
        needed=is_missing or not (controls.is_never_empty(spec, value) or controls.may_be_empty(spec) or hides),
        missing=is_missing,
        kept=values.shown_input(spec, value, detail.view.block.id)
        if hides and value is not None and not is_missing
        else None,
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
