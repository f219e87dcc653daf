"""The data directory: whose it is, who uses it, whether it is whole, and where its server can be reached."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blockyard.server.app.settings import ADMIN_KEY, MASTER_KEY, RUNNER_API_KEY, RUNNER_KEY, SQLITE_FILE

UNFINISHED_RESTORE = "restore-unfinished"
"""A file of this name says that a restore began to put its files here and did not end."""

_LOCK = "lock"
_URL = "url"
_OURS = frozenset(
    {
        _LOCK,
        MASTER_KEY,
        ADMIN_KEY,
        RUNNER_KEY,
        RUNNER_API_KEY,
        SQLITE_FILE,
        UNFINISHED_RESTORE,
    }
)
"""A directory that holds one of these is a data directory."""

_OF_DISKS = frozenset({"lost+found"})
"""What an empty disk holds."""

_PAUSE_SECONDS = 0.1
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class DataDirError(Exception):
    """The data directory cannot be used now; the message says why and what to do."""


def prepare(data: Path) -> None:
    """Make the data directory, or see that the one that is there is closed to other users, its database and keys as well.

    Raises:
        DataDirError: it cannot be made or closed, or it holds something else.
    """
    if data.exists() and not data.is_dir():
        raise DataDirError(f"{data} is a file, not a directory; choose another --data-dir")
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_ours(data) and any(entry.name not in _OF_DISKS for entry in data.iterdir()):
            raise DataDirError(f"{data} holds files that are not Blockyard's; choose an empty directory")
        if data.stat().st_mode & _OF_OTHERS:
            data.chmod(0o700)
        for path in _private_files(data):
            if path.stat().st_mode & _OF_OTHERS:
                path.chmod(0o600)
    except OSError as error:
        raise DataDirError(
            f"the data directory {data} cannot be used: {error.strerror}; choose another --data-dir"
        ) from error


def is_ours(data: Path) -> bool:
    """Return whether a directory is the data directory of an installation, whole or not."""
    return any((data / name).exists() for name in _OURS)


def _private_files(data: Path) -> Iterator[Path]:
    """Give what is there of the files that only their owner may read; links lead to files that are not ours to change."""
    for pattern in (f"{SQLITE_FILE}*", "*.key", "*.pem", "*key.json"):
        yield from (path for path in data.glob(pattern) if path.is_file() and not path.is_symlink())


@contextmanager
def only_user(data: Path) -> Iterator[None]:
    """Hold the data directory's lock, so that two servers never share one SQLite and one runner directory.

    Raises:
        DataDirError: another process holds it.
    """
    descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if not (_lock(descriptor, fcntl.LOCK_EX) or _lock_after_pause(descriptor)):
        os.close(descriptor)
        raise DataDirError(f"another Blockyard server uses {data}; stop it, or choose another --data-dir")
    try:
        yield
    finally:
        with suppress(OSError):
            (data / _URL).unlink(missing_ok=True)
        os.close(descriptor)


def is_used(data: Path) -> bool:
    """Return whether a server holds the data directory's lock now."""
    try:
        descriptor = os.open(data / _LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_after_pause(descriptor: int) -> bool:
    """Try once more: `is_used` holds the lock for an instant."""
    time.sleep(_PAUSE_SECONDS)
    return _lock(descriptor, fcntl.LOCK_EX)


def write_url(data: Path, url: str) -> None:
    """Note where the server of this directory can be reached on this machine, for `doctor` and `login`."""
    temporary = data / f".{_URL}.{os.getpid()}"
    temporary.write_text(url + "\n")
    temporary.replace(data / _URL)


def read_url(data: Path) -> str | None:
    """Return where the server that uses this directory can be reached; None if none says so."""
    try:
        return (data / _URL).read_text().strip() or None
    except OSError:
        return None


def require_whole(data: Path) -> None:
    """Refuse a directory that a restore left half-filled. Raises DataDirError."""
    if (data / UNFINISHED_RESTORE).exists():
        raise DataDirError(f"a restore into {data} did not end; run `blockyard restore FILE --force` again")
