"""What a clone lacks: submodules and files that Git LFS keeps. It is said, not fetched."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from blockyard.runner.frame.made_files import read_beginning

MAX_SHOWN = 10
"""How many names a warning has."""

_SUBMODULE_PATH = re.compile(r"^\s*path\s*=\s*(?P<path>.+?)\s*$", re.MULTILINE)
_MAX_GITMODULES_BYTES = 1024 * 1024
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = range(100, 1025)
"""How long a pointer file is. Source: the specification of Git LFS, docs/spec.md."""


def submodules(clone: Path) -> list[str]:
    """Return the paths of the submodules that a repository declares."""
    try:
        content = read_beginning(clone, ".gitmodules", max_bytes=_MAX_GITMODULES_BYTES)
    except OSError:
        return []
    text = content.decode("utf-8", errors="replace")
    return [match["path"].strip('"').rstrip("/") for match in _SUBMODULE_PATH.finditer(text)]


def lfs_pointers(folder: Path) -> list[str]:
    """Return the files below a folder that are pointers to what Git LFS keeps."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        found += [str((Path(parent) / name).relative_to(folder)) for name in sorted(names) if _is_pointer(parent, name)]
    return found


def shown(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - MAX_SHOWN
    return ", ".join(names[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _is_pointer(parent: str, name: str) -> bool:
    path = Path(parent, name)
    try:
        if path.is_symlink() or path.stat().st_size not in _POINTER_BYTES or not path.is_file():
            return False
        return read_beginning(path.parent, path.name, max_bytes=len(_POINTER)) == _POINTER
    except OSError:
        return False
