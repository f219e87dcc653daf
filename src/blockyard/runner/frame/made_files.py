"""Opens what a module or a script made. Nothing else in the runner opens a file that they can write.

They choose names and contents: a link would lead the runner to files of its own or of other runs, a FIFO would let it wait
for ever, a file without end would take its memory. So no part of a path below `folder` may be a link, what is opened must be
a regular file, and whoever reads says how much at most.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO

_PIECE_BYTES = 1024 * 1024

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(OSError):
    """There is a link, a folder or something else where a regular file was to be."""


class TooLarge(OSError):
    """The file holds more than the runner takes."""


def open_made(folder: Path, name: str | PurePath) -> BinaryIO:
    """Open the file `name` below `folder` for reading. Raises OSError, NotAFile among them."""
    with _folder_of(folder, PurePath(name)) as place:
        descriptor = os.open(PurePath(name).name, _FILE, dir_fd=place)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile(f"{name} is not a regular file")
    return os.fdopen(descriptor, "rb")


def open_inside(folder: Path, name: str | PurePath) -> BinaryIO:
    """Open a file of a module, which may lie behind links as long as they stay below `folder`. Raises OSError."""
    root = folder.resolve()
    real = (root / name).resolve(strict=True)
    if not real.is_relative_to(root):
        raise NotAFile(f"{name} leads out of its folder")
    return open_made(folder, real.relative_to(root))


def copy_made(folder: Path, name: str | PurePath, target: Path, *, max_bytes: int) -> None:
    """Copy the file `name` below `folder` to `target`, a file of the runner. Raises OSError, TooLarge among them."""
    with open_made(folder, name) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise TooLarge(f"{name} holds more than {max_bytes} bytes")
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as copy:
            left = max_bytes  # whatever the file grows to meanwhile
            while left and (data := file.read(min(_PIECE_BYTES, left))):
                copy.write(data)
                left -= len(data)


def replace_made(folder: Path, name: str | PurePath, content: bytes) -> None:
    """Put a file of mode 0600 in the place of `name` below `folder`, whatever is there. Raises OSError."""
    last = PurePath(name).name
    draft = f".{last}.{os.getpid()}.{time.monotonic_ns()}"
    with _folder_of(folder, PurePath(name)) as place:
        descriptor = os.open(draft, _NEW_FILE, 0o600, dir_fd=place)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.rename(draft, last, src_dir_fd=place, dst_dir_fd=place)
        except OSError:
            os.unlink(draft, dir_fd=place)
            raise


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


@contextmanager
def _folder_of(folder: Path, name: PurePath) -> Iterator[int]:
    """Open the folder that holds `name` below `folder`; no part of the way may be a link, or lead upwards."""
    if name.is_absolute() or ".." in name.parts or not name.name:
        raise NotAFile(f"{name} is not the name of a file below a folder")
    place = os.open(folder, _FOLDER)
    try:
        for part in name.parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def is_made(folder: Path, name: str | PurePath) -> bool:
    """Tell whether there is a regular file `name` below `folder`."""
    try:
        open_made(folder, name).close()
    except OSError:
        return False
    return True
