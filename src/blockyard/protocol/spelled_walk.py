"""How all occurrences of a pattern are followed through a text together.

A bit for each step says that all steps before it may end at a position. So no step is tried twice at one position, however
often a secret repeats itself, and the time is linear in the text.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Protocol


class Step(Protocol):
    """One thing that a spelled secret must have next."""

    @property
    def starts(self) -> tuple[bytes, ...]:
        """One of these is what it begins with."""

    @property
    def longest(self) -> int:
        """About how many bytes it may have."""

    @property
    def repeats(self) -> bool:
        """Whether the same may follow once more."""

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        """Return where it may end when it begins at `at`."""

    def is_open(self, data: bytes, at: int) -> bool:
        """Tell whether it may begin at `at` and go on behind the end of `data`."""


class CostlyError(Exception):
    """A text has so many beginnings of a pattern that they are better followed together."""


class Effort:
    """Counts what it takes to follow occurrences one by one."""

    def __init__(self, positions: int) -> None:
        self._left = positions

    def ends(self, step: Step, data: bytes, reached: set[int]) -> set[int]:
        """Return where a step may end that begins at one of `reached`. Raises CostlyError."""
        ends = further = {end for at in reached for end in step.ends(data, at)}
        while step.repeats and further:
            further = {end for at in further for end in step.ends(data, at)} - ends
            ends |= further
            self._spend(len(further))
        self._spend(len(ends))
        return ends

    def _spend(self, positions: int) -> None:
        self._left -= positions
        if self._left < 0:
            raise CostlyError


class Walk:
    """Follows all occurrences of a pattern in a text."""

    def __init__(self, steps: Sequence[tuple[Step, int]], data: bytes) -> None:
        self._steps = steps
        self._data = data
        self._due: dict[int, int] = {}
        self._next: list[int] = []
        self._moves: list[tuple[int, int, int, bool]] = []
        """From where to where, by which steps, and whether these may follow once more; in order."""
        self._open: dict[int, int] = {}

    def go(self, starts: Sequence[int], *, is_open_wanted: bool = False) -> None:
        """Follow what begins at `starts`, which are in order."""
        data, due, first = self._data, self._due, self._steps[0][0]
        for start in starts:
            while self._next and self._next[0] < start:
                self._move(heappop(self._next), is_open_wanted=is_open_wanted)
            if start in due or first.ends(data, start) or (is_open_wanted and first.is_open(data, start)):
                self._reach(start, 1)
        while self._next:
            self._move(heappop(self._next), is_open_wanted=is_open_wanted)

    def _reach(self, at: int, steps: int) -> None:
        if at not in self._due:
            self._due[at] = steps
            heappush(self._next, at)
        else:
            self._due[at] |= steps

    def _move(self, at: int, *, is_open_wanted: bool) -> None:
        """Take every step that is due at `at`."""
        data, due = self._data, self._due[at]
        while due:
            index = (due & -due).bit_length() - 1
            if index == len(self._steps):
                return
            step, alike = self._steps[index]
            taken = due & alike
            due ^= taken
            if is_open_wanted and step.is_open(data, at):
                self._open[at] = self._open.get(at, 0) | taken
            for end in step.ends(data, at):
                self._moves.append((at, end, taken, step.repeats))
                self._reach(end, taken << 1 | (taken if step.repeats else 0))

    def ranges(self, whole: int) -> Iterable[tuple[int, int]]:
        """Return where occurrences are, after `go`; `whole` is the bit behind the last step."""
        good = {at: whole for at, due in self._due.items() if due & whole}
        if not good:
            return ()
        used = self._trace(good)
        found: list[tuple[int, int]] = []
        for begin, end in used:
            goes_on = found and (begin < found[-1][1] or (begin == found[-1][1] and good.get(begin, 0) & ~(1 | whole)))
            if goes_on:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((begin, end))
        return found

    def first_open(self) -> int | None:
        """Return where the first occurrence begins that is not complete yet, after `go`."""
        self._trace(self._open)
        return min((at for at, steps in self._open.items() if steps & 1), default=None)

    def _trace(self, good: dict[int, int]) -> list[tuple[int, int]]:
        """Return the moves that lead to what is good, in order, and add to `good` where they come from."""
        used: list[tuple[int, int]] = []
        for begin, end, taken, repeats in reversed(self._moves):
            if ahead := good.get(end):
                leading = taken & (ahead >> 1 | (ahead if repeats else 0))
                if leading:
                    good[begin] = good.get(begin, 0) | leading
                    used.append((begin, end))
        used.reverse()
        return used


def positions(data: bytes, starts: Iterable[bytes]) -> list[int]:
    """Return where in `data` one of `starts` stands, in order."""
    found: set[int] = set()
    for start in starts:
        at = data.find(start)
        while at >= 0:
            found.add(at)
            at = data.find(start, at + 1)
    return sorted(found)
