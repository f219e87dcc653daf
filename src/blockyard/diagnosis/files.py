"""Checks of folders and files."""

import shutil
import stat
import tempfile
from pathlib import Path

from blockyard.diagnosis.finding import Finding, failed, ok, warning

_LITTLE_BYTES = 2 * 1024**3
_TOO_LITTLE_BYTES = 200 * 1024**2
_OF_OTHERS = 0o077


def folder(name: str, path: Path) -> list[Finding]:
    """Check that a folder is there, can be written, is its owner's alone, and that its disk has space."""
    if not path.is_dir():
        return [failed(name, f"{path} is not a directory", "name another one, or let the first start make it")]
    try:
        with tempfile.NamedTemporaryFile(dir=path, prefix=".doctor-"):
            pass
    except OSError as error:
        return [failed(name, f"{path} cannot be written: {error.strerror}", "give it to the user who runs Blockyard")]
    if path.stat().st_mode & _OF_OTHERS:
        return [warning(name, f"{path} is open to other users", f"chmod 700 {path}"), _space(name, path)]
    return [ok(name, f"{path} can be written"), _space(name, path)]


def _space(name: str, path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    text = f"{free / 1024**3:.1f} GB free at {path}"
    if free < _TOO_LITTLE_BYTES:
        return failed(f"{name}: disk", text, "free space: nothing can be stored on a full disk")
    if free < _LITTLE_BYTES:
        return warning(f"{name}: disk", text, "free space, or move it to a larger disk")
    return ok(f"{name}: disk", text)


def private_file(name: str, path: Path) -> Finding:
    """Check that a file with a secret can be read by its owner only."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        path.open("rb").close()
    except OSError as error:
        return failed(
            name, f"{path} cannot be read: {error.strerror}", "put it back from a backup, or correct its owner"
        )
    if mode & stat.S_IRWXO:
        return failed(name, f"{path} is open to every user of this machine (mode {mode:04o})", f"chmod 600 {path}")
    if mode & stat.S_IRWXG:
        return warning(name, f"{path} is open to its group (mode {mode:04o})", f"chmod 600 {path}")
    return ok(name, f"only its owner can read {path}")
