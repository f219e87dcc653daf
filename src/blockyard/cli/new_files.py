"""Files that a command writes where somebody told it to."""

import os
from pathlib import Path

from blockyard.cli.exits import usage


def require_new(file: Path) -> None:
    """Refuse a file that is there, and one in a folder that is not: it may be misspelled. Raises Failure (usage)."""
    if os.path.lexists(file):
        raise usage(f"'{file}' exists already", "Give the name of a new file.")
    if not file.parent.is_dir():
        raise usage(f"there is no folder '{file.parent}'", "Make it first, or give a file in another folder.")
