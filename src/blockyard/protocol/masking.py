"""Masks secrets and the userinfo of URLs in logs and messages, also where chunks of a stream cut them apart.

Every occurrence of every secret is found, overlapping ones are joined, and each such range becomes one mask. A stream holds
back only the end of what it has when that could be the beginning of an occurrence.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.spelled_base64 import of_bytes
from blockyard.protocol.spelled_echo import echoed
from blockyard.protocol.spellings import PIECE_CHARACTERS, SHORTEST, START_BYTES, Pattern, encoded, literally, of_text

MASK = b"***"

SHORTEST_PART = 8
"""Lines and JSON texts of a secret are masked by themselves from this length on: engines print them apart."""

HELD_LIMIT = 64 * 1024
"""A stream never holds back more than this; only a degenerate secret comes near it."""

_FEW = 48
"""Up to so many patterns are looked for one by one."""

_GRAM = 4
_MOST_WITHOUT_GRAM = 64
"""Each of them looks at the whole text: somebody's file of nothing but punctuation must not take the runner's time."""

_NEVER = re.compile(rb"(?!)")
_AUTHORITY_LIMIT = 512
_USERINFO = re.compile(rb"(?<=://)[^\s/?#\"'<>]{1,512}(?=@)")
_OPEN_URL = re.compile(rb":(?:/(?:/[^\s/?#\"'<>]{0,512})?)?\Z")


def parts(secret: str) -> Iterator[str]:
    """Yield what must not be shown of a secret: its whole text, its longer lines, the longer texts and numbers in its JSON.

    What is hardly more than blanks is no part: it is everywhere.
    """
    yield secret
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if _is_part(line) and not line.startswith("-----"))
    if secret.lstrip()[:1] in {"{", "[", '"'}:
        try:
            yield from _texts(json.loads(secret, parse_int=_Number, parse_float=_Number))
        except (ValueError, RecursionError):
            return


def _is_part(text: str) -> bool:
    return len(text) >= SHORTEST_PART and _says_enough(text)


def _says_enough(text: str) -> bool:
    return sum(not letter.isspace() for letter in text) >= SHORTEST


class _Number(str):
    """A number in JSON, as it is written there."""

    __slots__ = ()


def _texts(value: Json) -> Iterator[str]:
    match value:
        case _Number():
            if sum(map(str.isdigit, value)) >= SHORTEST:
                yield value.removeprefix("-")
        case str() if _is_part(value):
            yield from parts(value)
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)


def _patterns(secret: str) -> Iterator[Pattern]:
    """Yield all that finds `secret`: as given, as the engine normalizes it and as `echo` reads it; and as base64.

    Nothing finds what is short, or nothing but blanks.
    """
    if len(secret) < SHORTEST or not secret.strip():
        return
    normal = unicodedata.normalize("NFC", secret)
    texts = {secret, normal, normal.lstrip("".join(filter(unicodedata.combining, normal[:1])))}
    read = {data for text in (secret, normal) for data in _read_by_echo(text)}
    for text in texts:
        yield from of_text(text)
    for data in read:
        try:
            yield from of_text(data.decode())
        except UnicodeDecodeError:
            yield literally(data)
    shown = {encoded(text) for text in texts} | {encoded(_as_go_quotes(normal))} | read
    for data in shown:
        for at in range(0, len(data), PIECE_CHARACTERS):
            yield from of_bytes(data[at : at + PIECE_CHARACTERS])


def _read_by_echo(secret: str) -> Iterator[bytes]:
    """Yield what `echo` prints of a secret, unless too little of it is left."""
    for data in echoed(encoded(secret)):
        text = data.decode("utf-8", "replace")
        if _is_part(text) or (len(data) >= SHORTEST and not secret.startswith(text) and _says_enough(text)):
            yield data


def _as_go_quotes(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _has_grams(pattern: Pattern) -> bool:
    return bool(pattern.anchors) and all(len(anchor) >= _GRAM for anchor in pattern.anchors)


class Masker:
    """Knows the secrets of one run; masks the userinfo of URLs too if `urls`. Not thread-safe."""

    def __init__(self, secrets: Iterable[str] = (), *, urls: bool = True) -> None:
        self._urls = urls
        self._known: set[str] = set()
        self._patterns: list[Pattern] = []
        self._by_first: dict[bytes, list[Pattern]] = {}
        self._by_start: dict[bytes, list[Pattern]] = {}
        self._first_bytes = _NEVER
        self._by_gram: dict[bytes, list[Pattern]] = {}
        self._without_gram: list[Pattern] = []
        self._longest = 0
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these from now on."""
        for secret in secrets:
            for part in parts(secret):
                if len(part) >= SHORTEST and part not in self._known:
                    self._known.add(part)
                    for pattern in _patterns(part):
                        self._add(self._affordable(pattern))
        if self._by_first:
            self._first_bytes = re.compile(b"[" + b"".join(map(re.escape, self._by_first)) + b"]")

    def _add(self, pattern: Pattern) -> None:
        self._patterns.append(pattern)
        self._longest = max(self._longest, pattern.longest)
        for start in pattern.starts:
            self._by_first.setdefault(start[:1], []).append(pattern)
            self._by_start.setdefault(start if len(start) == START_BYTES else start[:1], []).append(pattern)
        if _has_grams(pattern):
            for anchor in pattern.anchors:
                self._by_gram.setdefault(anchor[:_GRAM], []).append(pattern)
        else:
            self._without_gram.append(pattern)

    def _affordable(self, pattern: Pattern) -> Pattern:
        """Return the pattern, or the plain spelling alone where there are too many that have no word to ask for first."""
        if _has_grams(pattern) or len(self._without_gram) < _MOST_WITHOUT_GRAM:
            return pattern
        return literally(pattern.plain)

    def mask(self, text: str) -> str:
        """Return a whole text with every secret masked."""
        data = text.encode("utf-8", "surrogatepass")
        return _replace(data, self._ranges(data)).decode("utf-8", "replace")

    def _ranges(self, data: bytes) -> list[tuple[int, int]]:
        """Return the ranges to mask, in order, overlapping ones joined."""
        found = [match.span() for match in _USERINFO.finditer(data)] if self._urls else []
        for pattern in self._possible(data):
            found += pattern.ranges(data)
        joined: list[tuple[int, int]] = []
        for begin, end in sorted(found):
            if joined and begin < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        return joined

    def _possible(self, data: bytes) -> Iterator[Pattern]:
        """Yield what may be in `data`: only then it is worth looking closer."""
        candidates = self._patterns
        if len(candidates) > _FEW:
            grams = {data[at : at + _GRAM] for at in range(len(data) - _GRAM + 1)}
            hits = {id(one): one for gram in grams & self._by_gram.keys() for one in self._by_gram[gram]}
            candidates = [*hits.values(), *self._without_gram]
        for pattern in candidates:
            if not pattern.anchors or any(anchor in data for anchor in pattern.anchors):
                yield pattern

    def _open_from(self, data: bytes) -> int:
        """Return where an occurrence that is not complete yet may begin; the length of `data` if nowhere."""
        end = len(data)
        url = _OPEN_URL.search(data, max(0, end - _AUTHORITY_LIMIT - 3))
        first = url.start() if url else end
        starts: dict[int, tuple[Pattern, list[int]]] = {}
        for found in self._first_bytes.finditer(data, max(0, end - min(self._longest, HELD_LIMIT)), first):
            at = found.start()
            for pattern in self._beginning(data, at):
                starts.setdefault(id(pattern), (pattern, []))[1].append(at)
        opened = (pattern.open_from(data, begun) for pattern, begun in starts.values())
        return min((at for at in opened if at is not None), default=first)

    def _beginning(self, data: bytes, at: int) -> Iterator[Pattern]:
        """Yield what may begin at `at`."""
        if at + START_BYTES > len(data):
            yield from self._by_first.get(data[at : at + 1], ())
        else:
            yield from self._by_start.get(data[at : at + 1], ())
            yield from self._by_start.get(data[at : at + START_BYTES], ())


class MaskedStream:
    """Masks a stream of bytes. Where the stream was cut matters for one thing only.

    The end of a finished line is given out although a secret may begin in its last few characters, or nobody would see the last
    line of a program that works in silence. If the secret does go on, the rest of it is masked, and fewer characters than
    are ever masked were shown.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""
        self._shown = b""
        """The end of what was given out, in which a secret may have begun."""

    @property
    def held(self) -> int:
        """How many bytes were taken in but not given out yet."""
        return len(self._held)

    def feed(self, data: bytes) -> bytes:
        """Take in `data` and return what can be given out."""
        begin, pending = len(self._shown), self._shown + self._held + data
        ranges = self._masker._ranges(pending)  # noqa: SLF001  one thing in two classes
        cut = self._masker._open_from(pending)  # noqa: SLF001  same
        for start, end in reversed(ranges):
            if start < cut < end:
                cut = start
        if len(pending) - cut > HELD_LIMIT:
            cut = len(pending)
        if begin <= cut and len(pending) - cut < SHORTEST and pending.endswith(b"\n"):
            self._shown, cut = pending[cut:], len(pending)
        elif cut >= begin:
            self._shown = b""
        cut = max(cut, begin)
        self._held = pending[cut:]
        return _given(pending, ranges, begin, cut)

    def flush(self) -> bytes:
        """Return what is left: nothing more follows."""
        begin, pending = len(self._shown), self._shown + self._held
        self._shown = self._held = b""
        return _given(pending, self._masker._ranges(pending), begin, len(pending))  # noqa: SLF001  same


def _given(data: bytes, ranges: list[tuple[int, int]], begin: int, end: int) -> bytes:
    """Return what to give out of `data` from `begin` to `end`."""
    inside = [
        (max(first, begin) - begin, min(last, end) - begin) for first, last in ranges if first < end and last > begin
    ]
    return _replace(data[begin:end], inside)


def _replace(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    if not ranges:
        return data
    result: list[bytes] = []
    at = 0
    for start, end in ranges:
        result += (data[at:start], MASK)
        at = end
    return b"".join([*result, data[at:]])
