"""Opens what a module or a script made. Nothing else in the runner opens a file that they can write.

They choose names and contents: a link would lead the runner to files of its own or of other runs, a FIFO would let it wait
for ever, a file without end would take its memory. So no part of a path below `folder` may be a link, what is opened must be
a regular file, and whoever reads says how much at most.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path, PurePath
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(OSError):
    """There is a link, a folder or something else where a regular file was to be."""


class TooLarge(OSError):
    """The file holds more than the runner takes."""


def open_made(folder: Path, name: str | PurePath) -> BinaryIO:
    """Open the file `name` below `folder` for reading. Raises OSError, NotAFile among them."""
    *parts, last = PurePath(name).parts
    place = os.open(folder, _FOLDER)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        descriptor = os.open(last, _FILE, dir_fd=place)
    finally:
        os.close(place)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile(f"{name} is not a regular file")
    return os.fdopen(descriptor, "rb")


def read_made(folder: Path, name: str | PurePath, *, max_bytes: int) -> bytes:
    """Return the content of the file `name` below `folder`. Raises OSError, NotAFile and TooLarge among them."""
    with open_made(folder, name) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TooLarge(f"{name} holds more than {max_bytes} bytes")
    return content


def read_beginning(folder: Path, name: str | PurePath, *, max_bytes: int) -> bytes:
    """Return the first bytes of a file. Raises OSError, NotAFile among them."""
    with open_made(folder, name) as file:
        return file.read(max_bytes)


def read_end(path: Path, *, max_bytes: int) -> bytes:
    """Return the last bytes of a file; none if there is no such regular file."""
    with suppress(OSError), open_made(path.parent, path.name) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - max_bytes))
        return file.read(max_bytes)
    return b""


def is_made(folder: Path, name: str | PurePath) -> bool:
    """Tell whether there is a regular file `name` below `folder`."""
    try:
        open_made(folder, name).close()
    except OSError:
        return False
    return True
