"""What a variable's validation conditions say about its values: a list to choose from, a pattern to match."""

import re

from blockyard.modules import literals

_CALLS = {"options": r"contains\s*\(\s*", "pattern": r"can\s*\(\s*regex\s*\(\s*"}


def options(condition: str, variable: str) -> tuple[str, ...]:
    """Return the texts that `contains([...], var.x)` allows; none if the condition says anything else too."""
    value = _argument(condition, variable, "options", closing=r"\)")
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(str(item) for item in value)
    return ()


def pattern(condition: str, variable: str) -> str | None:
    """Return the regular expression of `can(regex("…", var.x))`; None if the condition says anything else too."""
    value = _argument(condition, variable, "pattern", closing=r"\)\s*\)")
    return value if isinstance(value, str) else None


def _argument(condition: str, variable: str, call: str, *, closing: str) -> literals.Literal:
    """Return the first argument of the call that the condition is made of.

    Allowed around it: parentheses, an alternative for null, and further terms joined by `&&`, which only narrow.
    """
    name = rf"var\.{re.escape(variable)}"
    text = re.sub(rf"\(?\s*{name}\s*==\s*null\s*\)?\s*(\?\s*true\s*:|\|\|)", "", condition.strip())
    text = re.sub(rf"\|\|\s*\(?\s*{name}\s*==\s*null\s*\)?\s*", "", text)
    found = re.search(rf"(?<![!\w.])(?<!!\s){_CALLS[call]}", text)
    if not found:
        return None
    try:
        value, end = literals.parse_at(text, found.end())
    except literals.NotLiteralError:
        return None
    rest = re.compile(rf"\s*,\s*{name}\s*{closing}").match(text, end)
    if not rest:
        return None
    around = text[: found.start()] + text[rest.end() :]
    return None if "||" in around or "?" in around or "!" in around.replace("!=", "") else value
