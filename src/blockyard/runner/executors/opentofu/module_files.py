"""The files of a module in its folder, read as the engine would: links inside the folder are followed, others are not."""

from collections.abc import Callable
from pathlib import Path

from blockyard.modules.module import SUFFIXES
from blockyard.runner.made_files import open_inside

MAX_FILE_BYTES = 4 * 1024 * 1024
"""Larger configuration files are not read."""


def module_files(run_dir: Path, *, leave_out: Callable[[str], bool] = lambda _: False) -> dict[str, str]:
    """Return the texts of the module's configuration files by name; sub folders and files too large are left out."""
    names = sorted(path.name for path in run_dir.iterdir() if path.name.endswith(SUFFIXES))
    texts = {name: _text(run_dir, name) for name in names if not leave_out(name)}
    return {name: text for name, text in texts.items() if text is not None}


def _text(run_dir: Path, name: str) -> str | None:
    try:
        with open_inside(run_dir, name) as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    return content.decode("utf-8", errors="replace") if len(content) <= MAX_FILE_BYTES else None
