"""Expressions of the engine's language as trees: what a condition or an output shows without being computed.

Source: HCL native syntax specification, expressions. Nothing is evaluated here; values of literals are in `literals`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from blockyard.modules import literals


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a truth value or null, as it stands in the source."""

    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A string. `parts` are its texts as they stand in the source, and what is computed between them."""

    parts: "tuple[str | Expression, ...]"
    source: str

    @property
    def value(self) -> str | None:
        """The text; None if something is to be computed."""
        try:
            found = literals.parse(self.source + ("\n" if self.source.startswith("<<") else ""))
        except literals.NotLiteralError:
            return None
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class Reference:
    """A name and the steps from it: names, `[*]` for splats, and indexes."""

    name: str
    steps: "tuple[str | Expression, ...]" = ()

    def is_variable(self, name: str) -> bool:
        """Tell whether this is `var.<name>` and nothing more."""
        return self.name == "var" and self.steps == (name,)


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps from a value that has no name."""

    base: "Expression"
    steps: "tuple[str | Expression, ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? yes : no`."""

    condition: "Expression"
    yes: "Expression"
    no: "Expression"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined by operators that bind equally: `a + b - c`."""

    operands: "tuple[Expression, ...]"
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Collection:
    """A list or an object; `items` are None for one that `for` makes, and the values of an object.

    `keys` are those of an object, None for one that is computed.
    """

    kind: str
    items: "tuple[Expression, ...] | None"
    keys: tuple[str | None, ...] = ()


Expression: TypeAlias = Constant | Template | Reference | Steps | Call | Conditional | Chain | Unary | Collection
