"""Regular expressions that users write, matched so that no pattern can hold up the server.

All matches of one transaction share a budget, for single limits add up: a definition may have 500 inputs, and a write transaction
holds up everybody else. Each value is matched once in it, however often it is asked about.

The `regex` library is used because it takes a time limit: the standard library's engine cannot be stopped, and engines without
backtracking do not know the look-arounds that existing definitions use. Compiling and memory have no such limit, so patterns
that grow large there (nested counts, recursion) are refused when a version is saved.
"""

import re
import time
from contextvars import ContextVar
from dataclasses import dataclass, field

import regex  # type: ignore[import-untyped]  # the library has no type information

MAX_PATTERN_CHARACTERS = 1000
"""Longer patterns are refused."""

MAX_TEXT_CHARACTERS = 100_000
"""Longer texts are not matched."""

BUDGET_SECONDS = 0.05
"""How long all matches of a transaction may compute; a reasonable pattern needs microseconds."""

_TOO_LONG = f"matching takes longer than {BUDGET_SECONDS} seconds in all"

_SHORTEST_SECONDS = 0.02
"""What a match gets as long as anything is left: the library counts the time of other threads, too."""

_WINDOW_SECONDS = 5.0
"""A transaction is over by then, so an older budget was another's."""

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


@dataclass(slots=True)
class _Budget:
    """What is left, and what is known already by pattern and text."""

    left: float = BUDGET_SECONDS
    began: float = field(default_factory=time.monotonic)
    known: dict[tuple[str, str], bool | PatternError] = field(default_factory=dict)

    def fits(self, pattern: str, text: str) -> bool:
        """Whether the whole of `text` matches. Raises PatternError."""
        key = (pattern, text)
        if key not in self.known:
            self.known[key] = self._match(pattern, text)
        known = self.known[key]
        if isinstance(known, PatternError):
            raise known
        return known

    def _match(self, pattern: str, text: str) -> bool | PatternError:
        if self.left <= 0:
            return PatternError(_TOO_LONG)
        began = time.thread_time()
        try:
            compiled = _compiled(pattern)
            return compiled.fullmatch(text, timeout=max(self.left, _SHORTEST_SECONDS), concurrent=True) is not None
        except TimeoutError:
            self.left = 0
            return PatternError(_TOO_LONG)
        finally:
            self.left -= time.thread_time() - began


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)
"""Of the current transaction, which runs in a context of its own."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches. Raises PatternError if that cannot be told in time."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise PatternError(f"the value is longer than {MAX_TEXT_CHARACTERS} characters")
    budget = _budget.get()
    if budget is None or time.monotonic() - budget.began > _WINDOW_SECONDS:
        budget = _Budget()
        _budget.set(budget)
    return budget.fits(pattern, text)


def _compiled(pattern: str) -> "regex.Pattern[str]":
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise PatternError(f"it is not a valid regular expression ({error})") from error


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
