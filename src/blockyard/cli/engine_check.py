"""Lets the engine of this machine, where there is one, say whether a module is valid, as a run would find it."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blockyard.cli.documents import member, number, objects, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.output import plain
from blockyard.modules.importing import OWN_VARIABLES
from blockyard.protocol.jsontypes import Json

ENGINES = ("tofu", "terraform")
INIT_SECONDS = 300
VALIDATE_SECONDS = 120
MAX_SHOWN = 5
"""Of the errors that the engine finds."""

MAX_CHARACTERS = 400
"""Of one error."""

_STEERING = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG", "TF_VAR_")
"""Variables that would change what the engine does with this module."""

_OF_THIS_MACHINE = re.compile(r"Module not installed|Missing required provider|Unsupported \w+ Core version")
"""What `validate` says where `init` could not fetch something, or where this engine is not the one of runs."""

_LOCK_FILE = "failed to read dependency lock file"
_NO_FOLDER = "Unreadable module directory"
_HEADING = re.compile(r"\w+ encountered problems during init")
_SOURCE_LINE = re.compile(r"on \S.* line \d+|\d+:")

_DECLARATIONS = "meshStack_run_vars.tf"
_MORE_DECLARATIONS = "meshStack_run_vars_of_run.tf"


_OTHER_VERSION = re.compile(r"Unsupported \w+ Core version")
_OF_VERSIONS = re.compile(
    r"Unsupported (argument|block type)|Variables not allowed|Unsuitable value type|Call to unknown function|Invalid reference"
    r"|Invalid expression|Argument or block definition required"
)
"""What another version of the engine may well accept."""

_NO_FILE = "no file exists at"


def check(
    module: Path, declared: Iterable[str], environ: Mapping[str, str], files: Mapping[str, bytes] | None = None
) -> list[str]:
    """Return what could not be checked. Raises Failure (usage): the engine refuses the module.

    `files` are those that inputs put beside the module in each run.
    """
    engine = next((found for name in ENGINES if (found := shutil.which(name, path=environ.get("PATH")))), None)
    if engine is None:
        return []
    own = {name: value for name, value in environ.items() if not name.startswith(_STEERING)}
    own |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    with tempfile.TemporaryDirectory(prefix="blockyard-check-") as name:
        folder = Path(name) / "module"
        shutil.copytree(module, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", ".terraform"))
        _declare(folder, declared)
        _put(folder, files or {})
        prepared = _run([engine, "init", "-backend=false", "-input=false", "-no-color"], folder, own, INIT_SECONDS)
        validated = _run([engine, "validate", "-json"], folder, own, VALIDATE_SECONDS) if prepared else None
    if prepared is None or validated is None:
        return [f"{Path(engine).name} of this machine took too long, so the module was not validated"]
    errors, said = _errors(validated.stdout), _said_errors(prepared.stderr)
    if prepared.returncode:
        errors = [*filter(_is_of_module, errors), *filter(_is_missing_folder, said)]
    if any(_OTHER_VERSION.match(error.summary) for error in said):
        errors = [error for error in errors if not _OF_VERSIONS.match(error.summary)]
    if errors:
        raise _refused(errors)
    if prepared.returncode:
        cause = next(iter(said), None) or _Error(_last_line(prepared.stderr))
        return [
            f"{Path(engine).name} of this machine could not initialize the module, so it was not validated: {cause}"
        ]
    return []


@dataclass(frozen=True, slots=True)
class _Error:
    """One error of the engine."""

    summary: str
    detail: str = ""
    place: str = ""

    def __str__(self) -> str:
        """Return one sentence."""
        where = f"{self.place}: " if self.place else ""
        return plain(where + " ".join(f"{self.summary}: {self.detail}".split()).rstrip(": "))[:MAX_CHARACTERS]


def _is_of_module(error: _Error) -> bool:
    """Tell whether an error of `validate` is one in any run: not for lack of a provider, a module or a suitable engine here."""
    return bool(error.place and not _OF_THIS_MACHINE.match(error.summary)) or error.summary.startswith(_LOCK_FILE)


def _is_missing_folder(error: _Error) -> bool:
    """Tell whether an error of `init` is about a folder of the module that is not there: `validate` calls it not installed."""
    return error.summary == _NO_FOLDER


def _refused(errors: Sequence[_Error]) -> Failure:
    told = list(dict.fromkeys(map(str, errors)))
    more = f"; and {len(told) - MAX_SHOWN} more" if len(told) > MAX_SHOWN else ""
    files = (
        " A file that runs get from an input is one of type FILE in the --file."
        if any(_NO_FILE in error.detail for error in errors)
        else ""
    )
    return usage(
        f"the module is not valid: {'; '.join(told[:MAX_SHOWN])}{more}",
        f"Mend it and commit it.{files} Without --release it is imported as a draft all the same.",
    )


def _declare(folder: Path, declared: Iterable[str]) -> None:
    """Declare the variables that every run declares where the module does not."""
    missing = sorted(OWN_VARIABLES - set(declared))
    name = _MORE_DECLARATIONS if (folder / _DECLARATIONS).exists() else _DECLARATIONS
    if missing:
        (folder / name).write_text("".join(f'variable "{name}" {{\n  type = string\n}}\n' for name in missing))


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of inputs; the server refuses names that lead out of the folder."""
    for name, content in files.items():
        place = (folder / name).resolve()
        if place.is_relative_to(folder.resolve()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.write_bytes(content)


def _run(
    command: list[str], folder: Path, environ: Mapping[str, str], seconds: int
) -> subprocess.CompletedProcess[str] | None:
    """Return how a command ended; None if it took too long."""
    try:
        return subprocess.run(  # noqa: S603  the engine that is on the user's own PATH
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def _said_errors(said: str) -> list[_Error]:
    """Return the errors in what `init` prints, without the heading that it puts before errors of the configuration."""
    text = "\n".join(plain(line).lstrip("│╷╵ ").strip() for line in said.splitlines())
    found = []
    for summary, _, rest in (block.partition("\n") for block in re.split(r"(?m)^Error: ", text)[1:]):
        detail = " ".join(line for line in rest.splitlines() if not _SOURCE_LINE.match(line))
        if not _HEADING.match(summary):
            found.append(_Error(summary, detail))
    return found


def _last_line(said: str) -> str:
    return next((plain(line).strip() for line in reversed(said.splitlines()) if line.strip()), "it gave no reason")


def _errors(said: str) -> list[_Error]:
    """Return the errors in what `validate -json` says."""
    try:
        document: Json = json.loads(said)
    except ValueError:
        return []
    found = []
    for error in objects(document, "diagnostics"):
        if text(error, "severity") == "error":
            place = member(error, "range")
            where = f"{text(place, 'filename')} line {number(place, 'start', 'line')}" if place else ""
            found.append(_Error(text(error, "summary") or "", text(error, "detail") or "", where))
    return found
