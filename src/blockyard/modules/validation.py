"""What a variable's validation conditions say about its values: a list to choose from, a pattern to match.

Only what a condition demands of every value counts: its terms joined by `&&`. A term that is compared with true, or that
allows null besides, demands the same of all other values. Whatever else stands around a term says something else.
"""

from collections.abc import Iterator

from blockyard.modules.expressions import (
    Call,
    Chain,
    Collection,
    Conditional,
    Constant,
    Expression,
    Reference,
    Template,
)
from blockyard.modules.parser import parse
from blockyard.modules.tokens import SyntaxProblem

MAX_OPTIONS = 1000
"""Inputs have no more options; a longer list is nothing to choose from."""

_TRUE, _FALSE, _NULL = Constant("true"), Constant("false"), Constant("null")


def options(condition: str, variable: str) -> tuple[str, ...]:
    """Return the texts, each once, that `contains([...], var.x)` allows; none if the condition does not demand one."""
    for term in _demands(condition, variable):
        match term:
            case Call("contains", (listed, Reference() as value)) if value.is_variable(variable):
                if texts := _texts(listed):
                    return texts
            case _:
                pass
    return ()


def pattern(condition: str, variable: str) -> str | None:
    """Return the regular expression that `can(regex("…", var.x))` demands; None if the condition does not demand one."""
    for term in _demands(condition, variable):
        match term:
            case Call("can", (Call("regex", (Template() as text, Reference() as value)),)) if value.is_variable(
                variable
            ):
                if text.value is not None:
                    return text.value
            case _:
                pass
    return None


def _texts(listed: Expression) -> tuple[str, ...]:
    match listed:
        case Call("toset" | "tolist", (inner,)):
            return _texts(inner)
        case Collection("list", items) if items and len(items) <= MAX_OPTIONS:
            texts = [item.value for item in items if isinstance(item, Template) and item.value is not None]
            return tuple(dict.fromkeys(texts)) if len(texts) == len(items) else ()
        case _:
            return ()


def _demands(condition: str, variable: str) -> Iterator[Expression]:
    try:
        expression = parse(condition)
    except SyntaxProblem:
        return
    yield from _terms(expression, variable)


def _terms(expression: Expression, variable: str) -> Iterator[Expression]:
    """Yield what must hold for every value but null."""
    match expression:
        case Chain(operands, operators) if set(operators) == {"&&"}:
            for operand in operands:
                yield from _terms(operand, variable)
        case Chain(operands, operators) if set(operators) == {"||"}:
            others = [operand for operand in operands if not _compares_null(operand, variable, "==")]
            if len(others) == 1:
                yield from _terms(others[0], variable)
        case Chain((left, right), ("==" | "!=",)) if (
            term := _compared_with_truth(expression, left, right)
        ) is not None:
            yield from _terms(term, variable)
        case Conditional(question, yes, no) if _compares_null(question, variable, "==") and yes == _TRUE:
            yield from _terms(no, variable)
        case Conditional(question, yes, no) if _compares_null(question, variable, "!=") and no == _TRUE:
            yield from _terms(yes, variable)
        case _:
            yield expression


def _compared_with_truth(chain: Chain, left: Expression, right: Expression) -> Expression | None:
    """Return what a comparison demands to be true; None if it demands anything else."""
    constant = _TRUE if chain.operators == ("==",) else _FALSE
    if constant == right:
        return left
    return right if constant == left else None


def _compares_null(expression: Expression, variable: str, operator: str) -> bool:
    match expression:
        case Chain((left, right), (found,)) if found == operator:
            sides = [left, right]
            return _NULL in sides and any(isinstance(side, Reference) and side.is_variable(variable) for side in sides)
        case _:
            return False
