"""What references of a module mean as far as its text says it: locals, and arguments of its resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from blockyard.modules.expressions import Collection, Expression, Reference
from blockyard.modules.parser import parse
from blockyard.modules.tokens import SyntaxProblem

MAX_LOOKED_UP = 20
"""So many references are followed for one output; locals may lead to themselves."""

MAX_CHARACTERS = 8_000
"""Longer texts are not looked into: people write far shorter ones, but for documents, whose type is clear where they stand."""


@dataclass(slots=True)
class Meanings:
    """Source texts by what refers to them: `local.name`, `type.name.argument`."""

    texts: Mapping[str, str] = field(default_factory=dict)
    left: int = MAX_LOOKED_UP

    def of(self, reference: Reference) -> Expression | None:
        """Return the expression that a reference stands for; None if the module does not say it.

        What a resource is given may come back converted, or not at all where a provider computes something else.
        """
        self.left -= 1
        name, steps = self._place(reference)
        text = self.texts.get(name)
        if text is None or self.left < 0 or len(text) > MAX_CHARACTERS:
            return None
        try:
            return _followed(parse(text), steps)
        except SyntaxProblem:
            return None

    def _place(self, reference: Reference) -> "tuple[str, tuple[str | Expression, ...]]":
        """Return where the text stands, and the steps from there. An instance of a resource is any of them."""
        first, *rest = reference.steps or ("",)
        if reference.name == "local":
            return f"local.{first}", tuple(rest)
        if rest and (not isinstance(rest[0], str) or rest[0].isdigit()):
            rest = rest[1:]
        argument = rest[0] if rest else ""
        return f"{reference.name}.{first}.{argument}", tuple(rest[1:])


def _followed(expression: Expression, steps: "tuple[str | Expression, ...]") -> Expression | None:
    """Return what steps lead to in an object that is written out."""
    for step in steps:
        match expression:
            case Collection("object", tuple() as items, keys) if isinstance(step, str) and step in keys:
                expression = items[keys.index(step)]
            case _:
                return None
    return expression
