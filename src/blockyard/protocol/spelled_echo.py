r"""What `echo` and `printf %b` make of a text: in many shells, `\n` in it becomes a line end, and `\101` an `A`."""

import re
from collections.abc import Iterator

_ROUNDS = 2
"""A text that is printed by a script which another one prints is read so often."""

_ESCAPE = re.compile(rb"\\(?:0([0-7]{0,3})|([1-7][0-7]{0,2})|([abefnrtv\\])|(c))")
_NAMED = {b"a": 7, b"b": 8, b"e": 27, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11, b"\\": 92}


def echoed(data: bytes) -> Iterator[bytes]:
    """Yield what is left of a text when its backslashes were read once, and so on; nothing if it has none to read."""
    for _ in range(_ROUNDS):
        end = next((found.start() for found in _ESCAPE.finditer(data) if found[4]), len(data))
        read = _ESCAPE.sub(_character, data[:end])
        if read == data:
            return
        yield read
        data = read


def _character(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return bytes([_NAMED[found[3]]])
    return bytes([int(found[1] or found[2] or b"0", 8) & 0xFF])
