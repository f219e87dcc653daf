"""Masks secrets and the userinfo of URLs in logs and messages, also where chunks of a stream cut them apart.

Every occurrence of every known form of a secret is found, overlapping ones are joined, and each such range becomes one
mask. A stream holds back only the end of what it has when that could be the beginning of an occurrence.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = b"***"
SHORTEST = 6
"""Secrets of fewer characters are not masked: they would mutilate every log. Source: architecture.md 4."""

_SHORTEST_LINE = 12
"""A line of a secret of several lines is masked alone from this length on: engines print them indented."""

_HELD_LIMIT = 64 * 1024
"""A stream never holds back more than this beyond its longest secret; only a degenerate secret comes near it."""

_AUTHORITY_LIMIT = 512
_USERINFO = re.compile(rb"(?<=://)[^\s/?#\"'<>]{1,512}(?=@)")
_OPEN_URL = re.compile(rb":(?:/(?:/[^\s/?#\"'<>]{0,512})?)?\Z")


def forms(secret: str) -> set[bytes]:
    """Return the byte strings a secret may show up as: itself, its lines, and as base64, URL- and JSON-escaped."""
    if len(secret) < SHORTEST:
        return set()
    raw = secret.encode("utf-8", "surrogatepass")
    found = {
        raw,
        quote(raw, safe="").encode(),
        quote_plus(raw).encode(),
        json.dumps(secret)[1:-1].encode(),
        json.dumps(secret, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"),
        *_base64_forms(raw),
    }
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        found |= {line.encode("utf-8", "surrogatepass") for line in lines if _is_telling(line)}
    return found


def _is_telling(line: str) -> bool:
    return len(line) >= _SHORTEST_LINE and not line.startswith("-----")


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """Yield what base64 shows of `raw`, alone and in the middle of something longer, at each of three alignments."""
    yield b64encode(raw)
    for lead in range(3):
        encoded = b64encode(bytes(lead) + raw)
        body = encoded[(lead * 8 + 5) // 6 : (lead + len(raw)) * 8 // 6]
        for form in (body, body.replace(b"+", b"-").replace(b"/", b"_")):
            if len(form) >= SHORTEST:
                yield form


class Masker:
    """Knows the secrets of one run. Not thread-safe."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[bytes] = frozenset()
        self._longest = 0
        self._first_bytes: frozenset[int] = frozenset()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these from now on."""
        self._forms = self._forms.union(*(forms(secret) for secret in secrets))
        self._longest = max((len(form) for form in self._forms), default=0)
        self._first_bytes = frozenset(form[0] for form in self._forms)

    def mask(self, text: str) -> str:
        """Return a whole text with every secret masked."""
        data = text.encode("utf-8", "surrogatepass")
        return _replace(data, self._ranges(data)).decode("utf-8", "replace")

    def _ranges(self, data: bytes) -> list[tuple[int, int]]:
        """Return the ranges to mask, in order, overlapping ones joined."""
        found = [match.span() for match in _USERINFO.finditer(data)]
        for form in self._forms:
            at = data.find(form)
            while at >= 0:
                found.append((at, at + len(form)))
                at = data.find(form, at + 1)
        joined: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _open_from(self, data: bytes) -> int:
        """Return where an occurrence that is not complete yet may begin; the length of `data` if nowhere."""
        end = len(data)
        url = _OPEN_URL.search(data, max(0, end - _AUTHORITY_LIMIT - 3))
        first = url.start() if url else end
        for at in range(max(0, end - self._longest + 1), first):
            if data[at] in self._first_bytes:
                tail = data[at:]
                if any(len(form) > len(tail) and form.startswith(tail) for form in self._forms):
                    return at
        return first


class MaskedStream:
    """Masks a stream of bytes. What it gives out never depends on where the stream was cut."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    @property
    def held(self) -> int:
        """How many bytes were taken in but not given out yet."""
        return len(self._held)

    def feed(self, data: bytes) -> bytes:
        """Take in `data` and return what can be given out."""
        pending = self._held + data
        ranges = self._masker._ranges(pending)  # noqa: SLF001  one thing in two classes
        cut = self._masker._open_from(pending)  # noqa: SLF001  same
        for start, end in reversed(ranges):
            if start < cut < end:
                cut = start
        if len(pending) - cut > self._masker._longest + _HELD_LIMIT:  # noqa: SLF001  same
            cut = len(pending)
        self._held = pending[cut:]
        return _replace(pending[:cut], [(start, min(end, cut)) for start, end in ranges if start < cut])

    def flush(self) -> bytes:
        """Return what is left: nothing more follows."""
        pending, self._held = self._held, b""
        return _replace(pending, self._masker._ranges(pending))  # noqa: SLF001  same


def _replace(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    if not ranges:
        return data
    parts: list[bytes] = []
    at = 0
    for start, end in ranges:
        parts += (data[at:start], MASK)
        at = end
    return b"".join([*parts, data[at:]])
