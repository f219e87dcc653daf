"""Writes files so that a crash leaves either the old content or the new one."""

import errno
import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700

_DRAFT = ".draft"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    """Tell whether there is no room left on the disk."""
    return isinstance(error, OSError) and error.errno in _FULL


def replace_file(path: Path, data: bytes) -> None:
    """Write a private file at once. It survives the death of this process, not a power failure."""
    draft = path.with_name(f"{path.name}{_DRAFT}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)  # it may hold secrets
        raise


def remove_drafts(folder: Path) -> None:
    """Remove what a process that was killed in the middle of writing has left, since it may hold secrets."""
    for draft in folder.glob(f"*{_DRAFT}"):
        draft.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Wait until the disk has a file and its name, so that it survives a power failure."""
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
