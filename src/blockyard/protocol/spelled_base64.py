"""What base64 shows of a text, and how it is found: at each alignment, in either alphabet, in one line or several."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from blockyard.protocol.spelled_walk import positions
from blockyard.protocol.spellings import BACKSLASH, PREFIX, SHORTEST, START_BYTES

_BREAK_FROM = 40
"""Base64 is broken into lines of at least this length."""

_LATE = 4
"""So many characters of base64 may be at the end of the line before and stay."""

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_SAFE = bytes.maketrans(b"+/", b"-_")
_LINE_BREAK = re.compile(
    rb"(?:%s+r)?%s+n[ \t]*|\r?\n(?:[ \t]|\xe2\x94\x82)*(?:[-+~](?=[ \t])[ \t]+)?(?:%s)?"
    % (BACKSLASH, BACKSLASH, PREFIX)
)
_CUT_BREAK = re.compile(
    rb"(?:\\{1,31}r?\\{0,31}|\r?\n?[ \t]*(?:[-+~]|\xe2\x94?|(?<=\n)[^\n(]{0,200}+(?: ?\([a-z-]*\)?:? ?)?)?)\Z"
)


@dataclass(frozen=True, slots=True)
class _Base64:
    """What base64 shows of a text at one alignment, in either alphabet, in one line or several."""

    body: bytes
    tail: bytes
    """What follows where nothing else was encoded behind the text."""
    anchors: tuple[bytes, ...]
    starts: tuple[bytes, ...]
    longest: int

    @property
    def plain(self) -> bytes:
        """The body in one line."""
        return self.body

    def ranges(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where occurrences are."""
        for at in positions(data, self.starts):
            if (end := self._end(data, at)) is not None:
                yield at, end

    def open_from(self, data: bytes, starts: Sequence[int]) -> int | None:
        """Return the first of `starts` at which an occurrence may begin that goes on behind the end of `data`."""
        return next((at for at in starts if any(self._walk(data, at, begin)[1] for begin in self._begins)), None)

    def _end(self, data: bytes, at: int) -> int | None:
        """Return where an occurrence that begins at `at` ends; without its very beginning, the line before may have that."""
        ends = (self._walk(data, at, begin)[0] for begin in self._begins)
        return next((end for end in ends if end is not None), None)

    @property
    def _begins(self) -> tuple[int, ...]:
        return (0, _LATE) if len(self.body) >= 3 * _LATE else (0,)

    def _walk(self, data: bytes, at: int, begin: int) -> tuple[int | None, bool]:
        """Return where an occurrence ends, if it does, and whether it may go on behind the end of `data`."""
        done = begin
        while True:
            rest = self.body[done:]
            shown = data[at : at + len(rest)].translate(_TO_STANDARD)
            same = len(shown) if rest.startswith(shown) else _common(shown, rest)
            done, at = done + same, at + same
            if done == len(self.body):
                left = data[at : at + len(self.tail)]
                ended = at + len(self.tail) if left == self.tail else at
                return ended, left != self.tail and self.tail.startswith(left)
            if at == len(data):
                return None, True
            is_later = done - same > begin
            if not same or (done < _LATE if not is_later else same < _BREAK_FROM):
                return None, False
            found = _LINE_BREAK.match(data, at)
            if found is None:
                return None, _CUT_BREAK.match(data, at) is not None
            at = found.end()


def _common(one: bytes, other: bytes) -> int:
    return next(index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])


def of_bytes(raw: bytes) -> Iterator[_Base64]:
    """Yield what base64 shows of `raw`, alone and in the middle of something longer, at each of three alignments."""
    for lead in range(3):
        encoded = b64encode(bytes(lead) + raw)
        begin, end = (lead * 8 + 5) // 6, (lead + len(raw)) * 8 // 6
        body = encoded[begin:end]
        if len(body) < SHORTEST:
            continue
        begins = (
            [body[:START_BYTES], body[_LATE : _LATE + START_BYTES]] if len(body) >= 3 * _LATE else [body[:START_BYTES]]
        )
        starts = tuple({*begins, *(begin.translate(_TO_SAFE) for begin in begins)})
        runs = re.findall(rb"[A-Za-z0-9]{8}" if len(body) > _BREAK_FROM else rb"[A-Za-z0-9]{4}", body[_LATE:])
        anchors = tuple(runs[:2]) if len(runs) > 1 else ()
        longest = len(body) + 64 * (len(body) // _BREAK_FROM + 1)
        yield _Base64(body, encoded[end:], anchors, starts, longest)
