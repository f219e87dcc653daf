"""How the end of a long log is shown: from the beginning of a line on, and it says that lines before it are left out."""

LEFT_OUT = b"[earlier lines are left out here]\n"


def end_bytes(size: int, max_bytes: int) -> int:
    """Return how many of the last bytes of a log of `size` bytes are shown where `max_bytes` fit."""
    return size if size <= max_bytes else max_bytes - len(LEFT_OUT)


def shown_end(tail: bytes, *, is_whole: bool) -> bytes:
    """Return the end of a log as it is shown, given its last bytes; `is_whole` if they are the whole log."""
    if is_whole:
        return tail
    newline = tail.find(b"\n")
    return LEFT_OUT + tail[newline + 1 :]
