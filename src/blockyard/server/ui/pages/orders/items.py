"""One block of an order: the inputs that are asked for, what was entered, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import AssignmentType, Definition, InputSpec, Version
from blockyard.server.definitions.model.conditions import parsed, tree_of
from blockyard.server.definitions.model.hiding import hidden_inputs, with_defaults
from blockyard.server.definitions.model.values import usable_value
from blockyard.server.runners.model import StoredSecret
from blockyard.server.ui.frame import controls, values
from blockyard.server.ui.frame.controls import Entry, Unreadable
from blockyard.server.ui.frame.entries import NEEDED, sent_of
from blockyard.server.ui.frame.forms import Field
from blockyard.server.ui.pages.orders.typed import INPUT, PARENT, Fields

ASKED = frozenset({AssignmentType.USER_INPUT, AssignmentType.PAYMENT_METHOD})
"""What an order asks for; operators give their inputs afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A block that is ordered.

    Attributes:
        prefix: of the names of its fields; empty for the block that the page is about.
        entries: what was entered, by input.
        sent: what to order, if nothing is wrong.
        problems: sentences by input.
        hidden: inputs that are not asked for now.
    """

    definition: Definition
    version: Version
    prefix: str
    entries: Mapping[str, Entry]
    sent: Mapping[str, SentInput] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

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


def prefix_of(definition: Definition) -> str:
    """Return what names of fields begin with of a block that is ordered with another."""
    return f"{PARENT}{definition.id}."


def item_of(definition: Definition, version: Version, fields: Fields, *, prefix: str = "") -> Item:
    """Return a block of an order as it was filled in, judged."""
    item = Item(definition=definition, version=version, prefix=prefix, entries={})
    entries: dict[str, Entry] = {}
    for spec in item.specs:
        entry = fields.entry(prefix, controls.name_of(spec.key))
        if entry is not None:
            entries[spec.key] = controls.settled(spec, entry) if entry.was else entry
    return _judged(replace(item, entries=entries))


def _judged(item: Item) -> Item:
    sent: dict[str, SentInput] = {}
    problems: dict[str, str] = {}
    for spec in item.specs:
        default, entry = default_of(spec), item.entries.get(spec.key)
        is_default = entry is None or (bool(entry.was) and controls.mark_of_entry(spec, entry) == entry.was)
        if is_default and default is not None:
            continue
        if entry is None or (controls.is_empty(spec, entry) and default is None and not _chooses_none(spec)):
            if not (_may_be_missing(spec) or _chooses_none(spec)):
                problems[spec.key] = NEEDED
            continue
        try:
            sent[spec.key] = sent_of(spec, entry, None)
        except Unreadable as problem:
            problems[spec.key] = str(problem)
    hidden = _hidden(item.version, sent)
    return replace(
        item,
        sent={key: value for key, value in sent.items() if key not in hidden},
        problems={key: text for key, text in problems.items() if key not in hidden},
        hidden=hidden,
    )


def default_of(spec: InputSpec) -> InputValue:
    """Return what the control of an input holds at first."""
    return usable_value(spec.type, spec.default_value)


def _may_be_missing(spec: InputSpec) -> bool:
    return spec.is_optional


def _chooses_none(spec: InputSpec) -> bool:
    """Whether it means something that nothing is chosen."""
    return spec.type is InputType.MULTI_SELECT and not spec.is_optional


def _hidden(version: Version, sent: Mapping[str, SentInput]) -> frozenset[str]:
    """Return which inputs are hidden by what was entered; a secret has no value that conditions could read."""
    given: dict[str, InputValue] = {
        key: None if item.is_sensitive else item.value for key, item in sent.items() if item.value is not None
    }
    return hidden_inputs(version.inputs, with_defaults(version.inputs, given))


def fields_of(item: Item, payment_methods: Sequence[tuple[str, str]], *, checked: bool) -> Sequence[Field]:
    """Return the fields of an item; what is wrong is said if the form was `checked`."""
    return [
        _field(item, spec, payment_methods if spec.assignment_type is AssignmentType.PAYMENT_METHOD else None, checked)
        for spec in item.specs
    ]


def _field(item: Item, spec: InputSpec, methods: Sequence[tuple[str, str]] | None, checked: bool) -> Field:  # noqa: FBT001  of the caller
    default, entry = default_of(spec), item.entries.get(spec.key)
    keeps_secret = spec.is_sensitive and isinstance(default, StoredSecret)
    shown = Field(
        key=spec.key,
        name=controls.name_of(spec.key),
        label=spec.label,
        help=spec.description,
        control="select" if methods is not None else controls.control_of(spec, default),
        was=controls.mark_of(spec, default),
        text=controls.text_of(spec, default),
        options=[name for name, _ in methods] if methods is not None else controls.options_of(spec),
        labels=dict(methods or ()),
        chosen=controls.chosen_of(spec, default),
        is_secret=spec.is_sensitive,
        needed=default is None and not (_may_be_missing(spec) or _chooses_none(spec)),
        kept=values.Shown("default") if keeps_secret else None,
        error=item.problems.get(spec.key) if checked else None,
        prefix=item.prefix,
        condition=None if spec.condition is None else tree_of(parsed(spec.condition)),
        is_hidden=spec.key in item.hidden,
        has_default=default is not None or _chooses_none(spec),
        schema=spec.json_schema,
        language=_language(spec, default),
    )
    if entry is None or shown.is_secret or shown.control == "file":
        return shown
    return replace(shown, text=entry.text, chosen=entry.chosen)


def _language(spec: InputSpec, default: InputValue) -> str | None:
    """Return which language code is most likely in."""
    if spec.is_json:
        return "json"
    text = default.lstrip() if isinstance(default, str) else ""
    if text.startswith(("{", "[")):
        return "json" if '":' in text or text.startswith("[") else "hcl"
    return "yaml" if text.startswith("---") or ":\n" in text else "hcl"


def shown_values(item: Item) -> Sequence[tuple[InputSpec, values.Shown]]:
    """Return what an item is ordered with, for a review."""
    found = []
    for spec in item.specs:
        if spec.key in item.hidden:
            continue
        sent = item.sent.get(spec.key)
        value = default_of(spec) if sent is None else sent.value
        found.append((spec, _shown(spec, value)))
    return found


def _shown(spec: InputSpec, value: InputValue) -> values.Shown:
    if spec.is_sensitive:
        return values.Shown("secret", values.MASK) if value else values.Shown("missing")
    if isinstance(value, bool):
        return values.Shown("text", "Yes" if value else "No")
    return values.Shown("missing") if value is None or isinstance(value, StoredSecret) else values.shown(value)
