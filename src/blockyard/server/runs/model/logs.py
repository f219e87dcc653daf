"""Pure rules about logs: characters cut at the end of a chunk, what of a message is new."""

import hashlib

_OVERLAP_BYTES = 4096
"""How much of the end of the known log is looked for in a message that repeats it."""

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
