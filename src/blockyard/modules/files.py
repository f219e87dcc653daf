"""Reads files that somebody else wrote: regular ones only, no more than a limit, and no link that leads elsewhere."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from blockyard.modules.module import SUFFIXES

_LOCAL_SOURCE = re.compile(r'(?m)^[ \t]*(?:source[ \t]*=[ \t]*|"source"[ \t]*:[ \t]*)"(\.\.?/[^"]*)"')
_MAX_SOURCE_BYTES = 4 * 1024 * 1024

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


def leading_out(folder: Path) -> Iterator[str]:
    """Tell each link and module source below `folder` that leads out of it; of a run's module there is nothing else."""
    for parent, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        for path in (Path(parent, name) for name in sorted([*folders, *names])):
            told = path.relative_to(folder)
            if path.is_symlink():
                target = path.readlink()
                if not _is_below(folder, path.parent / target):
                    yield f"{told} (a link to {target})"
            elif path.name.endswith(SUFFIXES):
                content = read_bytes(path, within=folder, limit=_MAX_SOURCE_BYTES) or b""
                sources = _LOCAL_SOURCE.findall(content.decode(errors="replace"))
                yield from (
                    f"{told} (source {source})" for source in sources if not _is_below(folder, path.parent / source)
                )


def _is_below(folder: Path, path: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(folder)
