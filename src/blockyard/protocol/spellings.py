r"""How a secret may be spelled where it is printed, and how it is found there.

Engines, shells and libraries print one text in many ways: quoted once, twice or more (`"` becomes `\"`, then `\\\"`), as JSON
of Go or Python (`\u003c`), YAML (`\_`), HCL, URL- or HTML-escaped, its blanks broken over lines, indented, with a rule or a
diff's marker at the left edge. No list of whole spellings can be complete, so each character is matched in all the ways
there are for it, whatever the next one does. A match is found step by step over all positions it may have reached, which
takes time linear in the text: nothing is ever tried twice.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

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


class _Step(Protocol):
    """One thing that a spelled secret must have next."""

    @property
    def starts(self) -> tuple[bytes, ...]:
        """One of these is what it begins with."""

    @property
    def longest(self) -> int:
        """About how many bytes it may have."""

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        """Return where it may end when it begins at `at`."""

    def is_open(self, data: bytes, at: int) -> bool:
        """Tell whether it may begin at `at` and go on behind the end of `data`."""


class _Word:
    """Letters that are the same everywhere."""

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

    def __init__(self, sources: Sequence[bytes], first_bytes: bytes) -> None:
        self._patterns = [re.compile(source) for source in sources]
        self.starts: tuple[bytes, ...] = tuple(bytes([byte]) for byte in first_bytes)
        self.longest = 24

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        return [found.end() for pattern in self._patterns if (found := pattern.match(data, at))]

    def is_open(self, data: bytes, at: int) -> bool:
        return at == len(data) or _CUT.match(data, at) is not None or len(data) in self.ends(data, at)


class _Backslashes:
    """At least so many backslashes."""

    def __init__(self, count: int) -> None:
        self._one = re.compile(BACKSLASH)
        self._limit = (_DEPTH + 1) * count
        self._count = count
        self.starts: tuple[bytes, ...] = (b"\\", b"%")
        self.longest = self._limit

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        for count in range(1, self._limit + 1):
            found = self._one.match(data, at)
            if found is None:
                return
            at = found.end()
            if count >= self._count:
                yield at

    def is_open(self, data: bytes, at: int) -> bool:
        return at == len(data) or _CUT.match(data, at) is not None


class _Blanks:
    """Blanks, of which a line end with all that may stand around it is one."""

    starts: tuple[bytes, ...] = ()
    longest = 64

    def ends(self, data: bytes, at: int) -> Iterable[int]:
        while found := _BLANK.match(data, at):
            at = found.end()
            yield at

    def is_open(self, data: bytes, at: int) -> bool:
        return any(end == len(data) or _CUT.match(data, end) for end in (at, *self.ends(data, at)))


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

    def end(self, data: bytes, at: int) -> int | None:
        """Return where the longest occurrence that begins at `at` ends."""

    def is_open(self, data: bytes, at: int) -> bool:
        """Tell whether an occurrence that is not complete yet may begin at `at`."""


class _Steps:
    """A text, each character in each of its spellings."""

    def __init__(self, steps: Sequence[_Step], plain: bytes) -> None:
        self._steps = tuple(steps)
        self.plain = plain
        words = [step.text for step in steps if isinstance(step, _Word)]
        self.anchors: tuple[bytes, ...] = (max(words, key=len),) if words else ()
        self.starts: tuple[bytes, ...] = steps[0].starts
        self.longest = sum(step.longest for step in steps)

    def end(self, data: bytes, at: int) -> int | None:
        reached = {at}
        for step in self._steps:
            reached = {end for position in reached for end in step.ends(data, position)}
            if not reached:
                return None
        return max(reached)

    def is_open(self, data: bytes, at: int) -> bool:
        reached = {at}
        for step in self._steps:
            if any(step.is_open(data, position) for position in reached):
                return True
            reached = {end for position in reached for end in step.ends(data, position)}
            if not reached:
                return False
        return False


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


def _steps(text: str) -> Iterator[_Step]:
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
