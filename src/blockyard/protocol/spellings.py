r"""How a secret may be spelled where it is printed, and how it is found there.

Engines, shells and libraries print one text in many ways: quoted once, twice or more (`"` becomes `\"`, then `\\\"`), as JSON
of Go or Python (`\u003c`), YAML (`\_`), HCL, URL- or HTML-escaped, its blanks broken over lines, indented, with a rule or a
diff's marker at the left edge. No list of whole spellings can be complete, so each character is matched in all the ways
there are for it, whatever the next one does. A match is found step by step over all positions it may have reached, which
takes time linear in the text: nothing is ever tried twice.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Protocol

from blockyard.protocol.spelled_walk import CostlyError, Effort, Step, Walk, positions

SHORTEST = 6
"""Secrets of fewer characters are not masked: they would mutilate every log. Source: architecture.md 4."""

PIECE_CHARACTERS = 4096
"""Longer secrets are masked in pieces of this length."""

START_BYTES = 4

_PIECE_STEPS = 128
"""And of so many steps."""

_DEPTH = 31
r"""How many backslashes may stand before a character: `\` itself, quoted five times."""

BACKSLASH = rb"(?:\\|%(?:25)*5[Cc])"
_BACKSLASHES = b"%s{1,%d}" % (BACKSLASH, _DEPTH)
_ONE_BACKSLASH = re.compile(BACKSLASH)
_WHITE = "".join(letter for letter in map(chr, range(0x3001)) if letter.isspace() and letter not in "\x1c\x1d\x1e\x1f")
_WORD = re.compile(r"[A-Za-z0-9_.~-]+")
"""What every spelling leaves alone."""

_PART = re.compile(rf"[A-Za-z0-9_.~-]{{1,{PIECE_CHARACTERS}}}|[{re.escape(_WHITE)}]+|\\{{1,64}}|.", re.DOTALL)
_NAMED = {"\0": "0", "\a": "a", "\b": "b", "\x1b": "e"}
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
PREFIX = rb"[^\n(]{1,200} \((?:local|remote)-exec\): "
"""What the engine writes before each line that a provisioner prints."""


def _any(sources: Iterable[bytes]) -> bytes:
    return b"(?:" + b"|".join(sources) + b")"


def _percent(data: bytes) -> bytes:
    return b"".join(b"%%(?:25)*(?i:%02x)" % byte for byte in data)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _code(letter: str) -> Iterator[bytes]:
    r"""Yield what follows a backslash where `letter` is given by its number: `\u`, `\U`, `\x` and octal."""
    number, data = ord(letter), encoded(letter)
    again = _BACKSLASHES
    utf16 = letter.encode("utf-16-be", "surrogatepass")
    yield b"(?i:" + again.join(b"u%s" % utf16[at : at + 2].hex().encode() for at in range(0, len(utf16), 2)) + b")"
    yield rb"U(?i:%08x)" % number
    if number < 0x100:  # noqa: PLR2004  what two digits can say
        yield b"x(?i:%02x)" % number
    yield again.join(b"x(?i:%02x)" % byte for byte in data)
    yield again.join(b"%03o" % byte for byte in data)


_BLANK = re.compile(
    _any(
        (
            rb"[\t\v\f\r ]+",
            rb"\n",
            _any(map(re.escape, map(encoded, filter(lambda letter: ord(letter) > 0x7F, _WHITE)))),  # noqa: PLR2004  ASCII
            rb"\xe2\x94\x82",
            rb"%s(?:[nrtvfLPN_\s]|%s)" % (_BACKSLASHES, _any(code for letter in _WHITE for code in _code(letter))),
            _any(map(_percent, map(encoded, _WHITE))),
            rb"\+",
            rb"(?<=\s)[-~](?=[ \t])",
            rb"(?<=\n)" + PREFIX,
        )
    )
)
"""One element of what may stand where a secret has blanks: blanks, line ends, rules and markers at the left edge."""

_CUT = re.compile(
    rb"(?:%s{0,%d}+(?:[uUx0-7][0-9A-Fa-f]{0,7}+(?:%s{1,%d}+[ux0-7]?+[0-9A-Fa-f]{0,3}+){0,3}+"
    rb"|(?:%%(?:25)*+[0-9A-Fa-f]{0,2}+){1,4}+|&[#\w]{0,6}|'\\?'?|'\"?'?\"?|[\xc2-\xf4][\x80-\xbf]{0,2}|[-~$])?"
    rb"|(?<=\n)[^\n(]{0,200}+(?: ?\([a-z-]{0,11}\)?:? ?)?)\Z" % (BACKSLASH, _DEPTH, BACKSLASH, _DEPTH)
)
"""The beginning of something that goes on behind the end of the text."""


class _Word:
    """Letters that are the same everywhere."""

    repeats = False

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.starts: tuple[bytes, ...] = (text[:START_BYTES],)
        self.longest = len(text)

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        return (at + len(self.text),) if data.startswith(self.text, at) else ()

    def is_open(self, data: bytes, at: int) -> bool:
        return len(data) - at < len(self.text) and self.text.startswith(data[at:])


class _Spelled:
    """A character with several spellings, behind backslashes of its own."""

    repeats = False

    def __init__(self, sources: Sequence[bytes], first_bytes: bytes) -> None:
        self._patterns = [re.compile(source) for source in sources]
        self.starts: tuple[bytes, ...] = tuple(bytes([byte]) for byte in first_bytes)
        self.longest = 24

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        return [found.end() for pattern in self._patterns if (found := pattern.match(data, at))]

    def is_open(self, data: bytes, at: int) -> bool:
        return at == len(data) or _CUT.match(data, at) is not None or len(data) in self.ends(data, at)


class _Backslashes:
    """At least so many backslashes: all there are, but for those that belong to what follows."""

    repeats = False

    def __init__(self, count: int) -> None:
        limit = (_DEPTH + 1) * count
        self._all = re.compile(b"%s{%d,%d}" % (BACKSLASH, count, limit))
        self._count = count
        self.starts: tuple[bytes, ...] = (b"\\", b"%")
        self.longest = limit

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        found = self._all.match(data, at)
        if found is None:
            return
        end = found.end()
        yield end
        for one in reversed(_ONE_BACKSLASH.findall(data, at, end)[self._count :][-_DEPTH:]):
            end -= len(one)
            yield end

    def is_open(self, data: bytes, at: int) -> bool:
        return at == len(data) or _CUT.match(data, at) is not None


class _Blanks:
    """Blanks, of which a line end with all that may stand around it is one."""

    repeats = True
    starts: tuple[bytes, ...] = ()
    longest = 64

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        found = _BLANK.match(data, at)
        return () if found is None else (found.end(),)

    def is_open(self, data: bytes, at: int) -> bool:
        return at == len(data) or _CUT.match(data, at) is not None


_BLANKS = _Blanks()


@lru_cache(maxsize=4096)
def _spelled(letter: str, backslashes: int, *, is_first: bool) -> _Spelled:
    """Return the step for a character behind so many backslashes; the first one of a secret takes no more than it needs."""
    data = encoded(letter)
    plain = [re.escape(data), _percent(data)]
    if letter in _ENTITIES:
        plain.append(b"&(?:%s|#0?%d|#[xX]%x);" % (_ENTITIES[letter].encode(), ord(letter), ord(letter)))
    if letter == "'":
        plain += [rb"''", rb"'\\''", rb"'\"'\"'"]
    if letter in "$%":
        plain.append(re.escape(data) * 2)
    coded = [*_code(letter), *([re.escape(_NAMED[letter].encode())] if letter in _NAMED else [])]
    if is_first and not backslashes:
        return _Spelled(
            [*plain, *(BACKSLASH + code for code in coded)],
            bytes({*data[:1], *b"\\%", *(b"&" if letter in _ENTITIES else b"")}),
        )
    most = (_DEPTH + 1) * (backslashes + 1) - 1
    some = b"%s{%d,%d}" % (BACKSLASH, max(backslashes, 1), most)
    none = b"%s{%d,%d}" % (BACKSLASH, backslashes, most)
    return _Spelled(
        [*(none + source for source in plain), some + _any(coded)],
        bytes({*data[:1], *b"\\%", *(b"&" if letter in _ENTITIES else b"")}),
    )


class Pattern(Protocol):
    """A secret, or a piece of one, in all spellings of one family."""

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """A text that has none of these does not have the secret; empty if nothing like that is known."""

    @property
    def starts(self) -> tuple[bytes, ...]:
        """An occurrence begins with one of these, each of which has up to `START_BYTES`."""

    @property
    def longest(self) -> int:
        """About how many bytes an occurrence may have."""

    @property
    def plain(self) -> bytes:
        """The one spelling that is simplest to find."""

    def ranges(self, data: bytes) -> Iterable[tuple[int, int]]:
        """Return where in `data` occurrences are: a range for each, or one for several that overlap."""

    def open_from(self, data: bytes, starts: Sequence[int]) -> int | None:
        """Return the first of `starts`, which are in order, at which an occurrence may begin that is not complete yet."""


class _Steps:
    """A text, each character in each of its spellings.

    All occurrences are followed together, from one position of the text to the next: a bit for each step says that all before
    it may end there. So no step is tried twice at one position, however often a secret repeats itself.
    """

    def __init__(self, steps: Sequence[Step], plain: bytes) -> None:
        self.plain = plain
        words = [step.text for step in steps if isinstance(step, _Word)]
        self.anchors: tuple[bytes, ...] = (max(words, key=len),) if words else ()
        self.starts: tuple[bytes, ...] = steps[0].starts
        self.longest = sum(step.longest for step in steps)
        self._whole = 1 << len(steps)
        alike: dict[object, int] = {}
        for index, step in enumerate(steps):
            key = step.text if isinstance(step, _Word) else step
            alike[key] = alike.get(key, 0) | 1 << index
        self._steps = [(step, alike[step.text if isinstance(step, _Word) else step]) for step in steps]

    def ranges(self, data: bytes) -> Iterable[tuple[int, int]]:
        starts = positions(data, self.starts)
        with suppress(CostlyError):
            return self._one_by_one(data, starts)
        walk = Walk(self._steps, data)
        walk.go(starts)
        return walk.ranges(self._whole)

    def open_from(self, data: bytes, starts: Sequence[int]) -> int | None:
        with suppress(CostlyError):
            return self._first_open(data, starts)
        walk = Walk(self._steps, data)
        walk.go(starts, is_open_wanted=True)
        return walk.first_open()

    def _one_by_one(self, data: bytes, starts: Sequence[int]) -> list[tuple[int, int]]:
        """Return the longest occurrence at each start: quicker than a walk where there are few. Raises CostlyError."""
        found: list[tuple[int, int]] = []
        effort = Effort(len(data))
        for start in starts:
            reached = {start}
            for step, _ in self._steps:
                reached = effort.ends(step, data, reached)
                if not reached:
                    break
            if reached:
                found.append((start, max(reached)))
        return found

    def _first_open(self, data: bytes, starts: Sequence[int]) -> int | None:
        """Return the first start of an occurrence that is not complete yet. Raises CostlyError."""
        effort = Effort(len(data))
        for start in starts:
            reached = {start}
            for step, _ in self._steps:
                ends = effort.ends(step, data, reached)
                if any(step.is_open(data, at) for at in (reached | ends if step.repeats else reached)):
                    return start
                reached = ends
                if not reached:
                    break
        return None


def literally(data: bytes) -> Pattern:
    """Return what finds these bytes and nothing else."""
    return _Steps([_Word(data)], data)


def of_text(text: str) -> Iterator[Pattern]:
    core = text.strip(_WHITE)
    if len(core) < SHORTEST:
        yield literally(encoded(text))
        return
    for piece in dict.fromkeys(_pieces(core)):
        yield _Steps(list(_steps(piece.strip(_WHITE))), encoded(piece))


def _pieces(text: str) -> Iterator[str]:
    """Yield a text cut into pieces, none of them too short to be masked."""
    begin = count = 0
    for found in _PART.finditer(text):
        if found.end() - begin > PIECE_CHARACTERS or count == _PIECE_STEPS:
            yield text[begin : found.start()]
            begin, count = found.start(), 0
        count += 1
    is_short = begin and len(text[begin:].strip(_WHITE)) < 2 * SHORTEST
    yield text[begin - PIECE_CHARACTERS // 4 if is_short else begin :]


def _steps(text: str) -> Iterator[Step]:
    backslashes = 0
    for index, found in enumerate(_PART.finditer(text)):
        part = found[0]
        if part[0] == "\\":
            backslashes = len(part)
            continue
        is_plain = part[0] in _WHITE or _WORD.match(part)
        if is_plain and backslashes:
            yield _Backslashes(backslashes)
        if not is_plain:
            yield _spelled(part, backslashes, is_first=index == 0)
        elif part[0] in _WHITE:
            yield _BLANKS
        else:
            yield _Word(part.encode())
        backslashes = 0
    if backslashes:
        yield _Backslashes(backslashes)
