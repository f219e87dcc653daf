"""The data directory: who uses it, and whether it is whole."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED_RESTORE = "restore-unfinished"
"""A file of this name says that a restore began to put its files here and did not end."""


class DataDirError(Exception):
    """The data directory cannot be used now; the message says why and what to do."""


@contextmanager
def only_user(data: Path) -> Iterator[None]:
    """Hold the data directory's lock, so that two servers never share one SQLite and one runner directory.

    Raises:
        DataDirError: another process holds it.
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DataDirError(f"another Blockyard server uses {data}; stop it, or choose another --data-dir") from None
    try:
        yield
    finally:
        os.close(descriptor)


def require_whole(data: Path) -> None:
    """Refuse a directory that a restore left half-filled. Raises DataDirError."""
    if (data / UNFINISHED_RESTORE).exists():
        raise DataDirError(f"a restore into {data} did not end; run `blockyard restore FILE --force` again")
