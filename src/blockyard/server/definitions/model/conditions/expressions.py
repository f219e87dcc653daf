"""Conditions as trees: the grammar, and what it makes. Source: api.md 3.17, the language definition of CEL."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

MAX_CONDITION_CHARACTERS = 512
"""Source: api.md 3.17."""

_MAX_DEPTH = 50
"""How deeply operators may be nested; more would need Python's whole stack."""

MAX_INTEGER = 2**63 - 1
"""Integers of CEL have 64 bits."""

_GRAMMAR = r"""
?start: either
?either: both ("||" both)*
?both: relation ("&&" relation)*
?relation: sum | relation RELATION sum -> binary
?sum: product | sum SIGN product -> binary
?product: unary | product FACTOR unary -> binary
?unary: member | NOT+ member -> negated | MINUS+ member -> negated
?member: primary | member "." METHOD "(" either ")" -> method | member "." SIZE "(" ")" -> sized
?primary: "(" either ")" | SIZE "(" either ")" -> sized | "[" [either ("," either)* ","?] "]" -> items
        | INPUT "." NAME -> read | TEXT -> text | NUMBER -> number | WORD -> word

RELATION: "<=" | ">=" | "==" | "!=" | "<" | ">" | /in(?![A-Za-z0-9_])/
SIGN: "+" | MINUS
MINUS: "-"
FACTOR: "*" | "/" | "%"
NOT: "!"
INPUT: /input(?![A-Za-z0-9_])/
METHOD: /(startsWith|endsWith|contains)(?![A-Za-z0-9_])/
SIZE: /size(?![A-Za-z0-9_])/
WORD: /(true|false|null)(?![A-Za-z0-9_])/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /(0[xX][0-9a-fA-F]+|[0-9]+)(?![A-Za-z0-9_.])/
TEXT: /[rR]?("(\\.|[^"\\\r\n])*"|'(\\.|[^'\\\r\n])*')/
COMMENT: /\/\/[^\n]*/
%ignore /[ \t\r\n\f]+/
%ignore COMMENT
"""

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_OCTAL, _LETTER = 4, 5
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {c: c for c in "\\?\"'`"}


class ConditionError(ValueError):
    """A condition that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: an operator with its parts, or a leaf with a value.

    Attributes:
        word: the operator; `read` (of an input), `literal` and `list` for what is none.
        value: of a leaf the literal, or the key of the input.
    """

    word: str
    parts: tuple["Node", ...] = ()
    value: bool | int | str | None = None
    depth: int = 0

    @classmethod
    def of(cls, word: str, *parts: "Node") -> "Node":
        """Return an operator with its parts. Raises ConditionError."""
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > _MAX_DEPTH:
            raise ConditionError("it is nested too deeply")
        return cls(word, parts, depth=depth)

    def inputs_read(self) -> frozenset[str]:
        """Return the keys of the inputs that are read."""
        own = frozenset({str(self.value)} if self.word == "read" else ())
        return own.union(*(part.inputs_read() for part in self.parts))


@lru_cache(maxsize=1024)
def parsed(text: str) -> Node:
    """Return a condition as a tree. Raises ConditionError."""
    if len(text) > MAX_CONDITION_CHARACTERS:
        raise ConditionError(f"it is longer than {MAX_CONDITION_CHARACTERS} characters")
    try:
        root: Node = _Nodes().transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise ConditionError(_unexpected(text, error)) from error
    except VisitError as error:
        if isinstance(error.orig_exc, ConditionError):
            raise error.orig_exc from error
        raise
    return root


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _position(error: UnexpectedInput) -> int | None:
    return error.pos_in_stream


def _unexpected(text: str, error: UnexpectedInput) -> str:
    position = _position(error)
    if position is None or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return "it ends too early"
    return f"it cannot be read from character {position + 1} on: '{text[position : position + 20]}'"


@v_args(inline=True)
class _Nodes(Transformer[Token, Node]):
    """Makes nodes of what the grammar names."""

    def either(self, *parts: Node) -> Node:
        return Node.of("||", *parts)

    def both(self, *parts: Node) -> Node:
        return Node.of("&&", *parts)

    def binary(self, left: Node, word: Token, right: Node) -> Node:
        return Node.of(str(word), left, right)

    def negated(self, *parts: Token | Node) -> Node:
        node, times = parts[-1], len(parts) - 1
        word = "!" if parts[0] == "!" else "negative"
        if not isinstance(node, Node):
            raise TypeError("a negation ends in what is negated")
        # Two negations are one more operator at most, however many there are; the type of what is negated is still checked.
        for _ in range(2 - times % 2):
            node = Node.of(word, node)
        return node

    def method(self, text: Node, word: Token, argument: Node) -> Node:
        return Node.of(str(word), text, argument)

    def sized(self, *parts: Token | Node) -> Node:
        return Node.of("size", *(part for part in parts if isinstance(part, Node)))

    def items(self, *parts: Node) -> Node:
        return Node.of("list", *parts)

    def read(self, _: Token, key: Token) -> Node:
        return Node("read", value=str(key))

    def text(self, token: Token) -> Node:
        is_raw, content = token[0] in "rR", str(token).lstrip("rR")[1:-1]
        return Node("literal", value=content if is_raw else _ESCAPE.sub(_unescaped, content))

    def number(self, token: Token) -> Node:
        number = int(token, 16 if token[:2] in {"0x", "0X"} else 10)
        if number > MAX_INTEGER:
            raise ConditionError(f"{number} has more than 64 bits")
        return Node("literal", value=number)

    def word(self, token: Token) -> Node:
        return Node("literal", value={"true": True, "false": False}.get(str(token)))


def _unescaped(match: re.Match[str]) -> str:
    kind, escaped = match.lastindex, match[match.lastindex or 0]
    if kind == _LETTER:
        if escaped not in _ESCAPED:
            raise ConditionError(f"{match[0]} is not an escape sequence")
        return _ESCAPED[escaped]
    number = int(escaped, 8 if kind == _OCTAL else 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:  # noqa: PLR2004  the end of Unicode, and its surrogates
        raise ConditionError(f"{match[0]} is not a character")
    return chr(number)
