"""Writes FILE inputs into the run directory. Source: runner.md 3.9."""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from blockyard.protocol.run import InputType
from blockyard.runner.executors.opentofu.own_names import belongs_to_run
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.files import write_private
from blockyard.runner.frame.inputs import PlainInput
from blockyard.runner.frame.values import is_encodable

_DATA_URL = re.compile(r"data:[^,]*;base64,(.*)", re.DOTALL)
_SHAPE = "A FILE value must be data:<media type>;base64,<content>."


def write_files(run_dir: Path, inputs: Iterable[PlainInput], log: Callable[[str], None]) -> None:
    """Write each FILE input under its key, below `run_dir`. Raises StepFailed."""
    for given in inputs:
        if given.type is not InputType.FILE:
            continue
        if given.is_environment:
            raise StepFailed(f"FILE input '{given.key}' cannot be an environment variable", "Change the definition.")
        path = _inside(run_dir, given.key)
        if path.exists():
            log(f"The file '{given.key}' of the module is replaced by the input of this name.")
        write_private(path, _content(given))


def _inside(run_dir: Path, key: str) -> Path:
    """Return the path for `key`, its folders made. Raises StepFailed if it would lie outside of `run_dir`."""
    name = PurePosixPath(key)
    if name.is_absolute() or ".." in name.parts or not name.parts or "\\" in key or key.endswith("/"):
        raise StepFailed(f"FILE input '{key}' has no usable name", "It must be a relative path without '..'.")
    if not is_encodable(key):
        raise StepFailed(f"FILE input '{key}' has no usable name", "It must be a relative path without '..'.")
    if belongs_to_run(name.parts[0]):
        raise StepFailed(
            f"FILE input '{key}' has no usable name", "The runner keeps a file of its own under this name."
        )
    folder = run_dir
    for part in name.parts[:-1]:
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise StepFailed(f"FILE input '{key}' has no usable name", f"'{part}' is not a folder of the module.")
        folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name.name
    if path.is_dir() and not path.is_symlink():
        raise StepFailed(f"FILE input '{key}' has no usable name", "The module has a folder of this name.")
    return path


def _content(given: PlainInput) -> bytes:
    match = _DATA_URL.fullmatch(given.value) if isinstance(given.value, str) else None
    if not match:
        raise StepFailed(f"no data content found in FILE input '{given.key}'", _SHAPE)
    try:
        return b64decode("".join(match[1].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise StepFailed(f"no data content found in FILE input '{given.key}'", _SHAPE) from error
