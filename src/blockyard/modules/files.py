"""Reads files that somebody else wrote: regular ones only, no more than a limit, and no link that leads elsewhere."""

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: Path, *, within: Path, limit: int) -> bytes | None:
    """Return the content of a file in `within`, links inside it followed; one byte more than `limit` if it is larger.

    None if there is no such file: nothing, no regular file, or a link that leads out of the folder.
    """
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(within.resolve(strict=True)):
            return None
        descriptor = os.open(real, _FLAGS)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit + 1)


def read_text(path: Path, *, within: Path, limit: int) -> str | None:
    """Return the same as text; bytes that are no UTF-8 are replaced."""
    content = read_bytes(path, within=within, limit=limit)
    return None if content is None else content.decode(errors="replace")
