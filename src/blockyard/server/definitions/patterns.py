"""Regular expressions written by authors of definitions, matched so that no pattern can hold up the server.

The `regex` library is used because it takes a time limit: the standard library's engine cannot be stopped, and engines without
backtracking do not know the look-arounds that existing definitions use. Compiling and memory have no such limit, so patterns
that grow large there (nested counts, recursion) are refused when a version is saved.
"""

import re

import regex  # type: ignore[import-untyped]  # the library has no type information

MAX_PATTERN_CHARACTERS = 1000
"""Longer patterns are refused."""

MAX_TEXT_CHARACTERS = 100_000
"""Longer texts are not matched."""

MATCH_SECONDS = 0.2
"""How long one match may take; a reasonable pattern needs microseconds."""

_MAX_EXPANDED = 10_000
"""How many atoms a pattern may have once its counted repeats are written out; more cost memory."""

_GROUP = re.compile(r"\((\?(:|=|!|>|<=|<!|P?<\w+>|P=\w+|[aimsu-]+[:)]))?")
_OTHER_GROUP = re.compile(r"\(\?")
_COUNT = re.compile(r"\{(\d+)?(?:,(\d+)?)?\}")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that does not compile, or that is too costly to compile. Raises PatternError."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"it is longer than {MAX_PATTERN_CHARACTERS} characters")
    if _expanded_atoms(pattern) > _MAX_EXPANDED:
        raise PatternError(f"it repeats more than {_MAX_EXPANDED} characters by count")
    _compiled(pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches. Raises PatternError if that cannot be told in time."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise PatternError(f"the value is longer than {MAX_TEXT_CHARACTERS} characters")
    try:
        return _compiled(pattern).fullmatch(text, timeout=MATCH_SECONDS, concurrent=True) is not None
    except TimeoutError as error:
        raise PatternError(f"matching takes longer than {MATCH_SECONDS} seconds") from error


def _compiled(pattern: str) -> "regex.Pattern[str]":
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise PatternError(f"it is no valid regular expression ({error})") from error


def _expanded_atoms(pattern: str) -> int:
    """Return how many atoms `pattern` has with counted repeats written out. Raises PatternError on rare kinds of groups.

    Recursion, conditions and the verbose flag are such kinds: they would hide counts from this scan.
    """
    totals, last, position = [0], 0, 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            last, step = 1, 2
        elif character == "(":
            totals.append(0)
            last, step = 0, _group_length(pattern, position)
        elif character == ")":
            last, step = totals.pop() if len(totals) > 1 else 0, 1
        elif found := _SET.match(pattern, position) if character == "[" else None:
            last, step = 1, len(found[0])
        elif found := _COUNT.match(pattern, position) if character == "{" else None:
            times = max(int(count[:9]) for count in (found[1] or "1", found[2] or "1"))
            last, step = last * max(times - 1, 0), len(found[0])
        else:
            last, step = 1, 1
        totals[-1] += last
        position += step
    return sum(totals)


def _group_length(pattern: str, position: int) -> int:
    opening = _GROUP.match(pattern, position)
    if opening is None or (opening[0] == "(" and _OTHER_GROUP.match(pattern, position)):
        raise PatternError("it has a group of a kind that is not supported (recursion, condition, comment or flag)")
    if opening[0].endswith(")") and opening[0] != "(":
        return len(opening[0]) - 1
    return len(opening[0])
