"""The files of a module in its folder, read as the engine would: links inside the folder are followed, others are not."""

from collections.abc import Callable
from pathlib import Path

from blockyard.modules.module import MAX_JSON_BYTES, SUFFIXES, decoded
from blockyard.runner.frame.made_files import open_inside


def module_files(run_dir: Path, *, leave_out: Callable[[str], bool] = lambda _: False) -> dict[str, str]:
    """Return the texts of the module's configuration files by name; sub folders are left out.

    Of a file that is too large, more comes back than is read of a module, so that it is told.
    """
    names = sorted(path.name for path in run_dir.iterdir() if path.name.endswith(SUFFIXES))
    texts = {name: _text(run_dir, name) for name in names if not leave_out(name)}
    return {name: text for name, text in texts.items() if text is not None}


def _text(run_dir: Path, name: str) -> str | None:
    try:
        with open_inside(run_dir, name) as file:
            return decoded(file.read(MAX_JSON_BYTES + 1))
    except OSError:
        return None
