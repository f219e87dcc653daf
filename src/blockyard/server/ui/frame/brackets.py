"""A first look at code that somebody entered: is its outermost bracket ever closed?

Code may be JSON, an expression of OpenTofu, YAML, a template or a configuration file, and text that is no expression is passed
on as it is. So only that is judged which is a mistake in all of them: a text that begins with a bracket which nothing closes.
"""

import re
from dataclasses import dataclass

_LONGEST = 100_000
"""Longer code is not looked at: this happens while others wait for the database."""

_PAIRS = {"]": "[", "}": "{"}

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[\[\]{}]')
"""A string, which may lack its end, or a bracket."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A bracket, and the line it is in."""

    bracket: str
    line: int


def never_closed(text: str) -> Opened | None:
    """Return the innermost bracket that is still open at the end, or where another kind is closed; None if all is well.

    What follows the end of the outermost bracket is not looked at.
    """
    stripped = text.lstrip()
    if len(text) > _LONGEST or not stripped.startswith(("[", "{")) or stripped.startswith(("{%", "{#")):
        return None
    open_: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(text):
        found = token[0]
        if found in {"[", "{"}:
            open_.append((found, token.start()))
        elif found in _PAIRS:
            if open_[-1][0] != _PAIRS[found]:
                break
            open_.pop()
        if not open_:
            return None
    bracket, at = open_[-1]
    return Opened(bracket, text.count("\n", 0, at) + 1)
