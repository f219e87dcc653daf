"""Which inputs of a block are hidden, which defaults count, which options there are. Source: api.md 3.17, concepts.md 6.1.

Inputs are looked at in the order in which their conditions and defaults read each other: a hidden input has no value, not even
its default, for those that read it. Browsers do the same (`lib/adaptive.js`), held to the same table of cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model.adaptive import InputCheck, ListName
from blockyard.server.definitions.model.conditions import Values, parsed
from blockyard.server.definitions.model.definition import PEOPLE, InputSpec, Value
from blockyard.server.definitions.model.values import usable_value
from blockyard.server.runners.model import StoredSecret

Specs = Mapping[str, InputSpec]

Lists = Mapping[ListName, Sequence[str]]
"""The lists of options that were looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Inputs as they are while they have certain values.

    Attributes:
        hidden: their condition is false.
        values: also the defaults that count, if they were asked for.
        defaults: what an input without a value would have, of inputs that people fill in and that are not hidden.
        known: the values that expressions read.
    """

    hidden: frozenset[str]
    values: Mapping[str, Value]
    defaults: Mapping[str, Value]
    known: Mapping[str, Json]

    def options(self, specs: Specs, lists: Lists) -> Mapping[str, Sequence[str]]:
        """Return the options of now of the selects whose options depend on something."""
        reading = Values(self.known)
        return {key: _options(spec, reading, lists) for key, spec in specs.items() if spec.option_sources}

    def failed(self, checks: Sequence[InputCheck]) -> Sequence[InputCheck]:
        """Return the checks that do not hold; what cannot be decided, as a value is missing, is not complained about."""
        reading = Values(self.known)
        return [check for check in checks if reading.fail(parsed(check.condition))]


def settled(specs: Specs, values: Mapping[str, Value], *, fill: bool) -> Settled:
    """Return the inputs as they are with these values; `fill` gives those without one their default."""
    filled = dict(values)
    hidden: set[str] = set()
    defaults: dict[str, Value] = {}
    known: dict[str, Json] = {}
    reading = Values(known)
    for spec in _in_order(specs):
        if spec.condition and not reading.hold(parsed(spec.condition)):
            hidden.add(spec.key)
            continue
        default = _default(spec, reading) if spec.assignment_type in PEOPLE else None
        if default is not None:
            defaults[spec.key] = default
            if fill and spec.key not in filled:
                filled[spec.key] = default
        value = filled.get(spec.key)
        known[spec.key] = None if isinstance(value, StoredSecret) else value
    return Settled(hidden=frozenset(hidden), values=filled, defaults=defaults, known=known)


def hidden_inputs(specs: Specs, values: Mapping[str, Value]) -> frozenset[str]:
    """Return the keys of the inputs that are hidden while the inputs have these values."""
    if not any(spec.condition for spec in specs.values()):
        return frozenset()
    return settled(specs, values, fill=False).hidden


def hidden_in_order(specs: Specs, values: Mapping[str, Value]) -> frozenset[str]:
    """Return the keys of the inputs that are hidden from who orders with these values, and defaults for the others."""
    return settled(specs, values, fill=True).hidden


def visible_values(specs: Specs, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return `values` without those of hidden inputs."""
    hidden = hidden_inputs(specs, values)
    return {key: value for key, value in values.items() if key not in hidden} if hidden else values


def with_defaults(specs: Specs, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return `values` with the defaults of the inputs that people fill in, where these are not hidden and have no value."""
    return dict(settled(specs, values, fill=True).values)


def _default(spec: InputSpec, reading: Values) -> Value:
    """Return the default that counts now, as blocks use it; None if there is none."""
    for one in spec.dependent_defaults:
        if reading.hold(parsed(one.condition)):
            return usable_value(spec.type, one.value)
    return usable_value(spec.type, spec.default_value)


def _options(spec: InputSpec, reading: Values, lists: Lists) -> Sequence[str]:
    found = dict.fromkeys(spec.selectable_values or ())
    for source in spec.option_sources:
        if source.condition is None or reading.hold(parsed(source.condition)):
            found |= dict.fromkeys(source.values if source.list is None else lists.get(source.list, ()))
    return [*found]


def with_options(spec: InputSpec, options: Iterable[str]) -> InputSpec:
    """Return a select that has these options and no others, whatever other inputs say."""
    return replace(spec, selectable_values=tuple(dict.fromkeys(options)), option_sources=())


def possible_options(spec: InputSpec, lists: Lists) -> Sequence[str]:
    """Return the options that a select may have, whatever the values of other inputs are."""
    listed = [source.values if source.list is None else lists.get(source.list, ()) for source in spec.option_sources]
    return [*dict.fromkeys(text for texts in (spec.selectable_values or (), *listed) for text in texts)]


def _in_order(specs: Specs) -> Iterable[InputSpec]:
    reads = {key: found for key, spec in specs.items() if (found := reads_of(spec))}
    if not reads:
        return specs.values()
    order = TopologicalSorter({key: reads.get(key, frozenset()) & specs.keys() for key in specs}).static_order()
    return [specs[key] for key in order]


def reads_of(spec: InputSpec) -> frozenset[str]:
    """Return the inputs that decide whether an input is hidden, and what its default is."""
    texts = [spec.condition or "", *(one.condition for one in spec.dependent_defaults)]
    return frozenset[str]().union(*(parsed(text).inputs_read() for text in texts if text))
