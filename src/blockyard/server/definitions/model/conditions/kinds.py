"""The types of the parts of a condition: what can be compared with what. Source: the language definition of CEL."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from blockyard.server.definitions.model.conditions.expressions import ConditionError, Node


class Kind(StrEnum):
    """The type of a part of a condition."""

    TRUTH = "true or false"
    NUMBER = "a number"
    TEXT = "text"
    NOTHING = "null"
    TRUTHS = "a list of true and false"
    NUMBERS = "a list of numbers"
    TEXTS = "a list of texts"
    EMPTY = "an empty list"


_LISTS = {Kind.TRUTH: Kind.TRUTHS, Kind.NUMBER: Kind.NUMBERS, Kind.TEXT: Kind.TEXTS}
_SIZED = frozenset({Kind.TEXT, Kind.EMPTY, *_LISTS.values()})
Kinds: TypeAlias = Mapping[str, Kind]
"""What is read, by the key of the input."""


def check_condition(root: Node, kinds: Kinds) -> None:
    """Refuse a condition whose parts do not fit each other, or that is not true or false. Raises ConditionError."""
    kind = _kind(root, kinds)
    if kind is not Kind.TRUTH:
        raise ConditionError(f"it is {kind}, not true or false")


def _kind(node: Node, kinds: Kinds) -> Kind:
    if node.word == "literal":
        return _kind_of_literal(node)
    if node.word == "read":
        return kinds[str(node.value)]
    return _RULES[node.word](node.word, [_kind(part, kinds) for part in node.parts])


def _kind_of_literal(node: Node) -> Kind:
    if node.value is None:
        return Kind.NOTHING
    if isinstance(node.value, bool):
        return Kind.TRUTH
    return Kind.NUMBER if isinstance(node.value, int) else Kind.TEXT


def _list(_: str, found: list[Kind]) -> Kind:
    if not found:
        return Kind.EMPTY
    if len({*found}) > 1 or found[0] not in _LISTS:
        raise ConditionError("a list holds only texts, only numbers, or only true and false")
    return _LISTS[found[0]]


def _equal(_: str, found: list[Kind]) -> Kind:
    are_lists = {*found} <= _SIZED - {Kind.TEXT}
    if len({*found} - {Kind.NOTHING}) > 1 and not (are_lists and Kind.EMPTY in found):
        raise ConditionError(f"{found[0]} and {found[1]} are never equal")
    return Kind.TRUTH


def _within(_: str, found: list[Kind]) -> Kind:
    if found[1] is not Kind.EMPTY and found[1] is not _LISTS.get(found[0]):
        raise ConditionError(f"{found[0]} cannot be in {found[1]}")
    return Kind.TRUTH


def _ordered(_: str, found: list[Kind]) -> Kind:
    if len({*found}) > 1 or found[0] not in _LISTS:
        raise ConditionError(f"{found[0]} and {found[1]} have no order")
    return Kind.TRUTH


def _taking(wanted: Iterable[Kind], gives: Kind) -> "_Rule":
    def rule(word: str, found: list[Kind]) -> Kind:
        wrong = next((kind for kind in found if kind not in {*wanted}), None)
        if wrong is not None:
            raise ConditionError(f"'{'-' if word == 'negative' else word}' does not take {wrong}")
        return gives

    return rule


_Rule: TypeAlias = Callable[[str, list[Kind]], Kind]
_RULES: Mapping[str, _Rule] = {
    "list": _list,
    "in": _within,
    "size": _taking(_SIZED, Kind.NUMBER),
    **dict.fromkeys(("==", "!="), _equal),
    **dict.fromkeys(("<", "<=", ">", ">="), _ordered),
    **dict.fromkeys(("+", "-", "*", "/", "%", "negative"), _taking({Kind.NUMBER}, Kind.NUMBER)),
    **dict.fromkeys(("&&", "||", "!"), _taking({Kind.TRUTH}, Kind.TRUTH)),
    **dict.fromkeys(("startsWith", "endsWith", "contains"), _taking({Kind.TEXT}, Kind.TRUTH)),
}
