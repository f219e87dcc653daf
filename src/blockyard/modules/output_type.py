"""Guesses the type of an output from its expression. What the expression does not show is taken for text."""

import re
from collections.abc import Callable

_RESULTS = {
    "INTEGER": "ceil floor length parseint signum",
    "BOOLEAN": "alltrue anytrue can contains endswith fileexists issensitive startswith strcontains tobool",
    "CODE": "chunklist coalescelist compact concat distinct flatten jsondecode keys matchkeys merge range regexall reverse"
    " setintersection setproduct setsubtract setunion slice sort split tolist tomap toset transpose values yamldecode zipmap",
}
_BY_FUNCTION = {name: type_ for type_, names in _RESULTS.items() for name in names.split()}
"""What functions return that never return text."""

_SHAPES = (
    (re.compile(r"[\[{].*|.*\[\*\][\w.]*", re.DOTALL), "CODE"),
    (re.compile(r"-?\d+"), "INTEGER"),
    (re.compile(r"true|false"), "BOOLEAN"),
)
_COMPARED = re.compile(r"[\w\])]\s*(?:==|!=|<=|>=|<|>|&&|\|\|)\s*[\w(!-]")
_CALCULATED = re.compile(r"[\w\])] [-+*%] [\w(]")


def guess(expression: str, type_of_variable: Callable[[str], str | None]) -> str:
    """Return STRING, INTEGER, BOOLEAN or CODE; `type_of_variable` returns the type of an input, None if there is none."""
    text = expression.strip()
    for shape, type_ in _SHAPES:
        if shape.fullmatch(text):
            return type_
    if variable := re.fullmatch(r"var\.([\w-]+)", text):
        found = type_of_variable(variable[1])
        return found if found in {"INTEGER", "BOOLEAN", "CODE"} else "STRING"
    call = re.match(r"(\w+)\s*\(", text)
    if call and _closes_at_end(text, call.end() - 1):
        return _BY_FUNCTION.get(call[1], "STRING")
    return _by_operators(text)


def _by_operators(text: str) -> str:
    if "?" in text or '"' in text:
        return "STRING"
    if text.startswith("!") or _COMPARED.search(text):
        return "BOOLEAN"
    return "INTEGER" if _CALCULATED.search(text) else "STRING"


def _closes_at_end(text: str, opening: int) -> bool:
    """Tell whether the parenthesis at `opening` is closed by the last character."""
    without_strings = re.sub(r'"(?:\\.|[^"\\])*"', lambda found: "_" * len(found[0]), text)
    depth = 0
    for index, character in enumerate(without_strings[opening:], start=opening):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return index == len(text) - 1
    return False
