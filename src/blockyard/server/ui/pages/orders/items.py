"""One block of an order: the inputs that are asked for, what was entered, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.blocks.service.adapting import Looked
from blockyard.server.definitions.model import AssignmentType, Definition, InputSpec, Version
from blockyard.server.definitions.model.checking import misfits
from blockyard.server.definitions.model.hiding import possible_options, settled, with_options
from blockyard.server.runners.model import StoredSecret
from blockyard.server.ui.frame import controls, following, values
from blockyard.server.ui.frame.controls import Entry, Unreadable
from blockyard.server.ui.frame.entries import NEEDED, problem_of, sent_of
from blockyard.server.ui.frame.following import chooses_none
from blockyard.server.ui.frame.forms import Field
from blockyard.server.ui.frame.refusals import sentence
from blockyard.server.ui.pages.orders.typed import INPUT, PARENT, Fields

ASKED = frozenset({AssignmentType.USER_INPUT, AssignmentType.PAYMENT_METHOD})
"""What an order asks for; operators give their inputs afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A block that is ordered.

    Attributes:
        prefix: of the names of its fields; empty for the block that the page is about.
        entries: what was entered, by input.
        looked: the lists that options come from.
        sent: what to order, if nothing is wrong.
        problems: sentences by input.
        broken: checks that do not hold and are about no single input.
        hidden: inputs that are not asked for now.
        defaults: what the controls hold that nobody touched.
        options: of selects whose options depend on something, those of now.
    """

    definition: Definition
    version: Version
    prefix: str
    entries: Mapping[str, Entry]
    looked: Looked
    sent: Mapping[str, SentInput] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    broken: Sequence[str] = ()
    hidden: frozenset[str] = frozenset()
    defaults: Mapping[str, InputValue] = field(default_factory=dict)
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def specs(self) -> Sequence[InputSpec]:
        """The inputs that are asked for, in the order of the definition."""
        found = [spec for spec in self.version.inputs.values() if spec.assignment_type in ASKED]
        return sorted(found, key=lambda spec: (spec.display_order, spec.key))

    def field_name(self, key: str) -> str:
        """Return the name of the field of an input."""
        return f"{self.prefix}{INPUT}{controls.name_of(key)}"

    def blamed(self, key: str, problem: str) -> "Item":
        """Return this item with something wrong about an input."""
        return replace(self, problems={**self.problems, key: problem})

    def shown(self, spec: InputSpec) -> InputSpec:
        """Return an input with the options of now."""
        return with_options(spec, self.options[spec.key]) if spec.key in self.options else spec


def prefix_of(definition: Definition) -> str:
    """Return what names of fields begin with of a block that is ordered with another."""
    return f"{PARENT}{definition.id}."


def item_of(definition: Definition, version: Version, fields: Fields, looked: Looked, *, prefix: str = "") -> Item:
    """Return a block of an order as it was filled in, judged."""
    item = Item(definition=definition, version=version, prefix=prefix, entries={}, looked=looked)
    entries: dict[str, Entry] = {}
    for spec in item.specs:
        entry = fields.entry(prefix, controls.name_of(spec.key))
        if entry is not None:
            entries[spec.key] = controls.settled(spec, entry) if entry.was else entry
    return _judged(replace(item, entries=entries))


def _judged(item: Item) -> Item:
    """Return the item with what is wrong: each value for itself, then all of them together."""
    touched = {key: entry for key, entry in item.entries.items() if not _is_untouched(item, key, entry)}
    first = _read(item, touched, {})
    now = settled(item.version.inputs, _given(first.sent), fill=True)
    found = _read(item, item.entries, now.defaults)
    now = settled(item.version.inputs, _given(found.sent), fill=True)
    problems, broken = dict(found.problems), []
    for misfit in misfits(item.version, now, item.looked.lists):
        if misfit.key is None:
            broken.append(sentence(misfit.refusal.message))
        elif misfit.key in item.version.inputs:
            problems.setdefault(misfit.key, problem_of(item.version.inputs[misfit.key], misfit.refusal))
    return replace(
        item,
        sent={key: value for key, value in found.sent.items() if key not in now.hidden},
        problems={key: text for key, text in problems.items() if key not in now.hidden},
        broken=broken,
        hidden=now.hidden,
        defaults=now.defaults,
        options=now.options(item.version.inputs, item.looked.lists),
    )


def _is_untouched(item: Item, key: str, entry: Entry) -> bool:
    return bool(entry.was) and controls.mark_of_entry(_open(item, item.version.inputs[key], entry), entry) == entry.was


def _read(item: Item, entries: Mapping[str, Entry], defaults: Mapping[str, InputValue]) -> Item:
    """Return the item with what the controls say, each for itself; an untouched one says its default."""
    sent: dict[str, SentInput] = {}
    problems: dict[str, str] = {}
    for spec in item.specs:
        default, entry = defaults.get(spec.key), entries.get(spec.key)
        if default is not None and (entry is None or _is_untouched(item, spec.key, entry)):
            if entry is not None and spec.dependent_defaults and entry.was != controls.mark_of(spec, default):
                problems[spec.key] = following.MOVED
            continue
        if entry is None or (controls.is_empty(spec, entry) and default is None and not chooses_none(spec)):
            if not (spec.is_optional or chooses_none(spec)):
                problems[spec.key] = NEEDED
            continue
        try:
            sent[spec.key] = sent_of(_open(item, spec, entry), entry, None)
        except Unreadable as problem:
            problems[spec.key] = str(problem)
    return replace(item, sent=sent, problems=problems)


def _open(item: Item, spec: InputSpec, entry: Entry) -> InputSpec:
    """Return an input whose options depend on something with all that it may have, and what was chosen."""
    if not spec.option_sources:
        return spec
    return with_options(spec, [*possible_options(spec, item.looked.lists), *filter(None, [entry.text, *entry.chosen])])


def _given(sent: Mapping[str, SentInput]) -> Mapping[str, InputValue]:
    """Return values as expressions read them: a secret has none."""
    return {key: None if item.is_sensitive else item.value for key, item in sent.items() if item.value is not None}


def fields_of(item: Item, payment_methods: Sequence[tuple[str, str]], *, checked: bool) -> Sequence[Field]:
    """Return the fields of an item; what is wrong is said if the form was `checked`."""
    return [
        _field(item, spec, payment_methods if spec.assignment_type is AssignmentType.PAYMENT_METHOD else None, checked)
        for spec in item.specs
    ]


def _field(item: Item, spec: InputSpec, methods: Sequence[tuple[str, str]] | None, checked: bool) -> Field:  # noqa: FBT001  of the caller
    declared, spec = spec, item.shown(spec)
    default, entry = item.defaults.get(spec.key), item.entries.get(spec.key)
    is_kept = (spec.is_sensitive and isinstance(default, StoredSecret)) or controls.is_too_long(spec, default)
    shown = Field(
        key=spec.key,
        name=controls.name_of(spec.key),
        label=spec.label,
        help=spec.description,
        control="select" if methods is not None else controls.control_of(spec, default),
        was=controls.mark_of(spec, default),
        text=controls.text_of(spec, default),
        options=[name for name, _ in methods] if methods is not None else _options(item, declared),
        offered=item.options.get(spec.key),
        labels=dict(methods or ()),
        chosen=controls.chosen_of(spec, default),
        is_secret=spec.is_sensitive,
        needed=default is None and not (spec.is_optional or chooses_none(spec)),
        kept=values.Shown("default") if is_kept else None,
        error=item.problems.get(spec.key) if checked else None,
        prefix=item.prefix,
        condition=following.condition_of(spec),
        is_hidden=spec.key in item.hidden,
        has_default=default is not None or chooses_none(spec),
        schema=spec.json_schema,
        language=following.language_of(spec, default),
        sources=following.sources_of(declared, item.looked),
        defaults=following.defaults_of(spec),
        as_of=following.as_of(declared, item.looked),
    )
    if entry is None or _follows(item, spec, entry) or shown.is_secret or shown.control == "file":
        return shown
    return replace(shown, text=entry.text, chosen=entry.chosen)


def _options(item: Item, spec: InputSpec) -> Sequence[str]:
    """Return what a control offers; check boxes are all there, as scripts show and hide them."""
    if spec.option_sources and spec.type is InputType.MULTI_SELECT:
        return possible_options(spec, item.looked.lists)
    return controls.options_of(item.shown(spec))


def _follows(item: Item, spec: InputSpec, entry: Entry) -> bool:
    """Whether nobody touched a control whose default depends on others: it holds the one that counts now."""
    return bool(spec.dependent_defaults) and spec.key in item.defaults and _is_untouched(item, spec.key, entry)


def shown_values(item: Item) -> Sequence[tuple[InputSpec, values.Shown]]:
    """Return what an item is ordered with, for a review."""
    found = []
    for spec in item.specs:
        if spec.key in item.hidden:
            continue
        sent = item.sent.get(spec.key)
        value = item.defaults.get(spec.key) if sent is None else sent.value
        found.append((spec, _shown(spec, value)))
    return found


def _shown(spec: InputSpec, value: InputValue) -> values.Shown:
    if spec.is_sensitive:
        return values.Shown("secret", values.MASK) if value else values.Shown("missing")
    return values.Shown("missing") if value is None or isinstance(value, StoredSecret) else values.shown(value)
