"""Which inputs of a block are hidden: those whose condition is false. Source: api.md 3.17, concepts.md 6.1.

Conditions are looked at in the order in which they read each other: a hidden input has no value, not even its default,
for those that read it.
"""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model.conditions import Values, parsed
from blockyard.server.definitions.model.definition import PEOPLE, InputSpec, Value
from blockyard.server.definitions.model.values import usable_value
from blockyard.server.runners.model import StoredSecret

Specs = Mapping[str, InputSpec]


def hidden_inputs(specs: Specs, values: Mapping[str, Value]) -> frozenset[str]:
    """Return the keys of the inputs that are hidden while the inputs have these values."""
    if not any(spec.condition for spec in specs.values()):
        return frozenset()
    return _looked_at(specs, dict(values), fill=False)


def hidden_in_order(specs: Specs, values: Mapping[str, Value]) -> frozenset[str]:
    """Return the keys of the inputs that are hidden from who orders with these values, and defaults for the others."""
    return _looked_at(specs, dict(values), fill=True)


def visible_values(specs: Specs, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return `values` without those of hidden inputs."""
    hidden = hidden_inputs(specs, values)
    return {key: value for key, value in values.items() if key not in hidden} if hidden else values


def with_defaults(specs: Specs, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return `values` with the defaults of the inputs that people fill in, where these are not hidden and have no value."""
    filled = dict(values)
    _looked_at(specs, filled, fill=True)
    return filled


def _looked_at(specs: Specs, values: dict[str, Value], *, fill: bool) -> frozenset[str]:
    """Return which inputs are hidden; `fill` puts the defaults of the others into `values`."""
    hidden: set[str] = set()
    known: dict[str, Json] = {}
    reading = Values(known)
    for spec in _in_order(specs):
        if spec.condition and not reading.hold(parsed(spec.condition)):
            hidden.add(spec.key)
            continue
        has_default = spec.assignment_type in PEOPLE and spec.default_value is not None
        if fill and has_default and spec.key not in values:
            values[spec.key] = usable_value(spec.type, spec.default_value)
        value = values.get(spec.key)
        known[spec.key] = None if isinstance(value, StoredSecret) else value
    return frozenset(hidden)


def _in_order(specs: Specs) -> Iterable[InputSpec]:
    conditions = {key: parsed(spec.condition).inputs_read() for key, spec in specs.items() if spec.condition}
    if not conditions:
        return specs.values()
    order = TopologicalSorter({key: conditions.get(key, frozenset()) & specs.keys() for key in specs}).static_order()
    return [specs[key] for key in order]
