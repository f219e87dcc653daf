"""Writes large JSON in pieces, so that one answer does not hold up everybody else.

`json.dumps` keeps the interpreter to itself until it is done, in whatever thread it runs. Here whatever part of a document is short
is one `json.dumps`, and others get their turn in between; only a single text is one piece, however long.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

SMALL_CHARACTERS = 64 * 1024
"""So much is encoded at once, and where it is: that takes half a millisecond."""

_MEMBERS = 500
"""How many members of an array or object are looked at together."""

Encode = Callable[[object], bytes]
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(content: object) -> bytes:
    """Return the JSON text of `content` in UTF-8."""
    return _ENCODER.encode(content).encode()


def is_small(content: object) -> bool:
    """Whether the JSON text of `content` is short, roughly; looks at no more of it than that."""
    left, waiting = SMALL_CHARACTERS, [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            left -= len(one)
        elif isinstance(one, dict):
            left -= 8 * len(one)
            waiting.extend(one.values() if left >= 0 else ())
        elif isinstance(one, list):
            left -= 2 * len(one)
            waiting.extend(one if left >= 0 else ())
        if left < 0:
            return False
    return True


def encoded(content: object, one: Encode = encode) -> Iterator[bytes]:
    """Yield the JSON text of `content` in pieces of some size, each encoded with `one`."""
    gathered: list[bytes] = []
    size = 0
    for piece in _pieces(content, one):
        gathered.append(piece)
        size += len(piece)
        if size >= SMALL_CHARACTERS:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)


def _pieces(content: object, one: Encode) -> Iterator[bytes]:
    if is_small(content) or not isinstance(content, dict | list):
        yield one(content)
        return
    opening, closing = (b"{", b"}") if isinstance(content, dict) else (b"[", b"]")
    for number, part in enumerate(_parts(content)):
        yield b"," if number else opening
        if is_small(part):
            yield one(part)[1:-1]
        else:
            yield from _members(part, one)
    yield closing


def _members(part: Mapping[str, object] | Sequence[object], one: Encode) -> Iterator[bytes]:
    members = part.items() if isinstance(part, Mapping) else ((None, value) for value in part)
    for number, (key, value) in enumerate(members):
        if number:
            yield b","
        if key is not None:
            yield one(key) + b":"
        yield from _pieces(value, one)


def _parts(content: object) -> Iterator[Mapping[str, object] | Sequence[object]]:
    """Yield an array or an object in parts of a few members."""
    if isinstance(content, dict):
        members = iter(content.items())
        while part := dict(islice(members, _MEMBERS)):
            yield part
    elif isinstance(content, list):
        for at in range(0, len(content), _MEMBERS):
            yield content[at : at + _MEMBERS]
