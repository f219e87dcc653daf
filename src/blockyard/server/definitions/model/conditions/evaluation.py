"""What conditions are, given the values of inputs. Source: the language definition of CEL."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model.conditions.expressions import MAX_INTEGER, Node

_MAX_SEARCHED = 1_000_000
"""How many characters all conditions of a block may search together, once; a search of so many takes a millisecond."""


@dataclass(slots=True)
class Values:
    """The values that conditions of one block read; a key without a value reads null."""

    known: Mapping[str, Json]
    left: int = field(default=_MAX_SEARCHED)

    def hold(self, root: Node) -> bool:
        """Whether a condition is true; what cannot be decided is not."""
        try:
            return self.value(root) is True
        except _UndecidedError:
            return False

    def fail(self, root: Node) -> bool:
        """Whether a condition is false; what cannot be decided is not."""
        try:
            return self.value(root) is False
        except _UndecidedError:
            return False

    def value(self, node: Node) -> Json:
        """Return the value of a part. Raises _UndecidedError."""
        if node.word in {"&&", "||"}:
            return self._decided(node.parts, end=node.word == "||")
        if node.word == "read":
            return self.known.get(str(node.value))
        if node.word == "literal":
            return node.value
        values = [self.value(part) for part in node.parts]
        if node.word == "list":
            return values
        if node.word == "contains":
            self._search(values[0])
        return _OPERATORS[node.word](*values)

    def _decided(self, parts: Iterable[Node], *, end: bool) -> bool:
        """Return `end` if one of the parts has that value, else the opposite if all can be decided."""
        undecided = False
        for part in parts:
            try:
                if _truth(self.value(part)) is end:
                    return end
            except _UndecidedError:
                undecided = True
        if undecided:
            raise _UndecidedError
        return not end

    def _search(self, text: Json) -> None:
        self.left -= len(text) if isinstance(text, str) else 0
        if self.left < 0:
            raise _UndecidedError


class _UndecidedError(Exception):
    """A part of a condition has no value."""


def _truth(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    raise _UndecidedError


def _number(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _UndecidedError


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise _UndecidedError


def _equal(left: Json, right: Json) -> bool:
    return type(left) is type(right) and left == right


def _size(value: Json) -> int:
    if isinstance(value, str | list):
        return len(value)
    raise _UndecidedError


def _within(value: Json, items: Json) -> bool:
    if not isinstance(items, list):
        raise _UndecidedError
    return any(_equal(value, item) for item in items)


def _divided(left: int, right: int) -> int:
    """Return the quotient, which CEL rounds towards zero."""
    if right == 0:
        raise _UndecidedError
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) is (right < 0) else -quotient


def _ordered(compare: Callable[[str | int, str | int], bool]) -> Callable[[Json, Json], Json]:
    def compared(left: Json, right: Json) -> Json:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        if isinstance(left, bool) and isinstance(right, bool):
            return compare(left, right)
        return compare(_number(left), _number(right))

    return compared


def _arithmetic(compute: Callable[[int, int], int]) -> Callable[[Json, Json], Json]:
    def computed(left: Json, right: Json) -> Json:
        result = compute(_number(left), _number(right))
        if abs(result) > MAX_INTEGER:
            raise _UndecidedError
        return result

    return computed


_OPERATORS: Mapping[str, Callable[..., Json]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _within,
    "!": lambda value: not _truth(value),
    "negative": lambda value: -_number(value),
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(_divided),
    "%": _arithmetic(lambda left, right: left - right * _divided(left, right)),
    "size": _size,
    "startsWith": lambda text, part: _text(text).startswith(_text(part)),
    "endsWith": lambda text, part: _text(text).endswith(_text(part)),
    "contains": lambda text, part: _text(part) in _text(text),
}
