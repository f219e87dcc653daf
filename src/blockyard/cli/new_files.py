"""Files that a command writes where somebody told it to."""

import os
from pathlib import Path

from blockyard.cli.exits import usage


def require_new(file: Path) -> None:
    """Refuse a file that is there, and one in a folder that is not: it may be misspelled. Raises Failure (usage)."""
    if os.path.lexists(file):
        raise usage(f"'{file}' exists already", "Give the name of a new file.")
    require_folder(file.parent)


def require_folder(folder: Path) -> None:
    """Refuse a folder that is not there. Raises Failure (usage)."""
    if not folder.is_dir():
        raise usage(f"there is no folder '{folder}'", "Make it first, or give another one.")
