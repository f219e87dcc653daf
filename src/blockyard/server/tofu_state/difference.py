"""What differs between two states, with secrets masked.

Values of attributes that a state calls sensitive are never shown, and neither is any other value that holds one of them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from blockyard.protocol.jsontypes import Json
from blockyard.server.tofu_state.resources import Instance, instances_in, state_in

MOST_SHOWN = 1000
"""So many differences are shown; all are counted."""

MAX_VALUE_CHARACTERS = 1000
"""Of a value as JSON; a longer one is cut."""

MIN_SECRET_CHARACTERS = 6
"""Shorter texts are no secrets that could be recognized elsewhere."""

MASK = "(sensitive)"

_DYNAMIC = {"type", "value"}
"""The members of a value whose type is written beside it."""


class DifferenceKind(StrEnum):
    """What became of a thing."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class AttributeDifference:
    """An attribute that has another value; before and after are JSON, maybe cut, None where there is none."""

    name: str
    before: str | None
    after: str | None
    is_sensitive: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ResourceDifference:
    """A thing that is in one of two states only, or not the same in both."""

    address: str
    type: str
    kind: DifferenceKind
    attributes: Sequence[AttributeDifference] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two states."""

    counts: Mapping[DifferenceKind, int]
    resources: Sequence[ResourceDifference]
    outputs: Sequence[AttributeDifference]


def difference(before: bytes, after: bytes) -> Difference | None:
    """Return what differs between two states; None if nobody but their engine can read one of them. Takes a while."""
    old, new = state_in(before), state_in(after)
    if old is None or new is None:
        return None
    first = {one.resource.address: one for one in instances_in(old)}
    second = {one.resource.address: one for one in instances_in(new)}
    masking = _Masking(_secrets_in(old, first), _secrets_in(new, second))
    found = list(_resources(first, second, masking))
    counts = {kind: sum(1 for one in found if one.kind is kind) for kind in DifferenceKind}
    return Difference(counts, found[:MOST_SHOWN], list(_outputs(old, new, masking))[:MOST_SHOWN])


class _Masking:
    """Knows the secrets of both states."""

    def __init__(self, *secrets: frozenset[str]) -> None:
        self._secrets = sorted(frozenset[str]().union(*secrets), key=len, reverse=True)

    def attribute(self, name: str, before: Json, after: Json, *, is_sensitive: bool) -> AttributeDifference:
        """Return how an attribute differs, its values masked or cut."""
        old, new = _text(before), _text(after)
        if is_sensitive or self._holds_secret(old) or self._holds_secret(new):
            return AttributeDifference(name, old and MASK, new and MASK, is_sensitive=True)
        is_cut = max(len(old or ""), len(new or "")) > MAX_VALUE_CHARACTERS
        return AttributeDifference(
            name, old and old[:MAX_VALUE_CHARACTERS], new and new[:MAX_VALUE_CHARACTERS], is_cut=is_cut
        )

    def text(self, text: str) -> str:
        """Return a text without secrets, such as an address with the key of an instance."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def _holds_secret(self, text: str | None) -> bool:
        return text is not None and any(secret in text for secret in self._secrets)


def _text(value: Json) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _resources(
    first: Mapping[str, Instance], second: Mapping[str, Instance], masking: _Masking
) -> Iterator[ResourceDifference]:
    for address in sorted(first.keys() | second.keys()):
        old, new = first.get(address), second.get(address)
        if new is None and old is not None:
            yield ResourceDifference(masking.text(address), old.resource.type, DifferenceKind.REMOVED)
        elif old is None and new is not None:
            yield ResourceDifference(masking.text(address), new.resource.type, DifferenceKind.ADDED)
        elif old is not None and new is not None and old.attributes != new.attributes:
            attributes = tuple(_attributes(old, new, masking))
            yield ResourceDifference(masking.text(address), new.resource.type, DifferenceKind.CHANGED, attributes)


def _attributes(old: Instance, new: Instance, masking: _Masking) -> Iterator[AttributeDifference]:
    sensitive = old.sensitive | new.sensitive
    for name in sorted(old.attributes.keys() | new.attributes.keys()):
        before, after = old.attributes.get(name), new.attributes.get(name)
        if before != after:
            yield masking.attribute(name, before, after, is_sensitive=name in sensitive)


def _outputs(old: Mapping[str, Json], new: Mapping[str, Json], masking: _Masking) -> Iterator[AttributeDifference]:
    first, second = _objects(old.get("outputs")), _objects(new.get("outputs"))
    for name in sorted(first.keys() | second.keys()):
        before, after = first.get(name, {}), second.get(name, {})
        if before.get("value") != after.get("value"):
            is_sensitive = before.get("sensitive") is True or after.get("sensitive") is True
            yield masking.attribute(name, before.get("value"), after.get("value"), is_sensitive=is_sensitive)


def _secrets_in(state: Mapping[str, Json], instances: Mapping[str, Instance]) -> frozenset[str]:
    """Return the texts that a state calls sensitive, as they stand within JSON."""
    values = [one.attributes.get(name) for one in instances.values() for name in one.sensitive]
    values += [one.get("value") for one in _objects(state.get("outputs")).values() if one.get("sensitive") is True]
    return frozenset(text for value in values for text in _texts(value) if len(text) >= MIN_SECRET_CHARACTERS)


def _texts(value: Json) -> Iterator[str]:
    """Yield the texts and numbers of a value, as they stand within JSON.

    A dynamic value names its type beside it, which is no secret: nearly everything has such a type.
    """
    if isinstance(value, str):
        yield json.dumps(value, ensure_ascii=False)[1:-1]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, dict) and value.keys() == _DYNAMIC:
        yield from _texts(value["value"])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _objects(value: Json) -> dict[str, dict[str, Json]]:
    return {key: item for key, item in value.items() if isinstance(item, dict)} if isinstance(value, dict) else {}
