"""Pure rules about logs: characters cut at the end of a chunk, lines that are too long, what of a message is new."""

import hashlib
from collections.abc import Iterator

_OVERLAP_BYTES = 4096
"""How much of the end of the known log is looked for in a message that repeats it."""

LINE_BYTES = 64 * 1024
"""A longer line is cut. Source: architecture.md 8."""

CUT_MARK = b" [the rest of this line was left out]"
"""As our runner writes it."""

LONGEST_LINE_BYTES = LINE_BYTES + len(CUT_MARK)
"""So long is a line that our runner has cut; it stays as it is."""

GAP = b"\n[a part of the log is missing here]\n"


def cut_character(data: bytes) -> int:
    """Return how many bytes at the end of `data` begin a UTF-8 character without ending it: 0 to 3."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:  # noqa: PLR2004  ASCII
            return 0
        if byte >= 0xC0:  # noqa: PLR2004  the first byte of a character
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4  # noqa: PLR2004  by its high bits
            return back if length > back else 0
    return 0


def kept_lines(data: bytes, column: int) -> Iterator[tuple[int, bytes]]:
    """Yield what is kept of `data`, each piece with its place in `data`: of a line that is too long its begin and a mark.

    `column` is how long the line already is that `data` goes on with.
    """
    begin = at = 0
    while len(data) - at > max(0, LONGEST_LINE_BYTES - column):
        newline = data.rfind(b"\n", at, max(at, at + LONGEST_LINE_BYTES - column + 1))
        if newline >= 0:
            at, column = newline + 1, 0
            continue
        cut = at + max(0, LINE_BYTES - column)
        cut -= cut_character(data[max(at, cut - 4) : cut])
        piece = data[begin:cut] + (CUT_MARK if column <= LONGEST_LINE_BYTES else b"")
        if piece:
            yield begin, piece
        begin = data.find(b"\n", cut)
        if begin < 0:
            return
        at, column = begin + 1, 0
    if begin < len(data):
        yield begin, data[begin:]


def column_after(tail: bytes, *, is_whole: bool) -> int:
    """Return how long the last line of a log is, whose end is `tail`; more than the longest if it has been cut.

    `is_whole` tells whether all bytes that were received there have been kept.
    """
    newline = tail.rfind(b"\n")
    if tail.endswith(CUT_MARK) or (newline < 0 and not is_whole):
        return LONGEST_LINE_BYTES + 1
    return len(tail) - newline - 1


def digest(data: bytes) -> str:
    """Return the SHA-256 of a log, as steps keep it."""
    return hashlib.sha256(data).hexdigest()


def new_part(message: bytes, known_bytes: int, known_digest: str | None) -> bytes | None:
    """Return what `message` adds to a log that came as messages; None if it replaces that log. Source: runner.md 1.7."""
    if known_bytes == 0:
        return message
    if known_digest is None or len(message) < known_bytes or digest(message[:known_bytes]) != known_digest:
        return None
    return message[known_bytes:]


def missing_part(message: bytes, tail: bytes) -> bytes:
    """Return what the tail of a log, as the runner knows it, adds to `tail`, as we know it.

    Our runner sends the end of a step's log as a message when the step ends; normally nothing is missing.
    """
    if not tail or not message:
        return message
    overlap = tail[-_OVERLAP_BYTES:]
    at = message.rfind(overlap)
    if at >= 0:
        return message[at + len(overlap) :]
    return b"" if tail.endswith(message) else GAP + message
