"""What the engine makes of a literal where it wants another type: it reads texts as numbers and truth values, and writes both as text.

Source: the engine's conversion rules for primitive types; no other conversions of these exist.
"""

import re
from decimal import Decimal

from blockyard.modules import literals
from blockyard.modules.expressions import Constant, Expression, Template, Unary
from blockyard.modules.literals import Literal
from blockyard.modules.parser import parse
from blockyard.modules.tokens import SyntaxProblem

_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def converted(value: Literal, type_text: str | None) -> Literal:
    """Return `value` as the declared type; None if the engine refuses it. Types that are not primitive are left alone."""
    match (type_text or "").strip(), value:
        case "string", bool():
            return "true" if value else "false"
        case "string", int() | float() | Decimal():
            return literals.dumps(value)
        case "number", str():
            return _number(value)
        case "bool", str():
            return _TRUTHS.get(value)
        case ("string" | "number" | "bool") as type_, _:
            return value if isinstance(value, _PRIMITIVES[type_]) and _is_bool(value) is (type_ == "bool") else None
        case _:
            return value


_PRIMITIVES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float, Decimal), "bool": (bool,)}


def _is_bool(value: Literal) -> bool:
    return isinstance(value, bool)


def _number(text: str) -> Literal:
    if not _NUMBER.fullmatch(text) or len(text) > literals.MAX_DIGITS:
        return None
    value = Decimal(text)
    is_whole = value == value.to_integral_value() and value.adjusted() < literals.MAX_DIGITS
    return int(value) if is_whole else value


def truth(text: str) -> bool | None:
    """Return the truth value that the engine takes an expression for; None if that cannot be told."""
    try:
        return _truth(parse(text))
    except SyntaxProblem:
        return None


def _truth(expression: Expression) -> bool | None:
    match expression:
        case Constant(text):
            return {"true": True, "false": False}.get(text)
        case Template():
            return _TRUTHS.get(expression.value or "")
        case Unary("!", operand):
            found = _truth(operand)
            return None if found is None else not found
        case _:
            return None
