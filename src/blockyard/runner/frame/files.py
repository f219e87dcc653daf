"""Makes and removes files in the directory of a run."""

import os
import shutil
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder of this name, not a link to one."""
    return path.is_dir() and not path.is_symlink()


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all it holds."""
    if is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink()


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600; a file or symbolic link of this name is replaced, never followed."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
