"""Lets the engine of this machine, where there is one, say whether a module is valid, as a run would find it."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from blockyard.cli.documents import member, number, objects, text
from blockyard.cli.exits import usage
from blockyard.cli.output import plain
from blockyard.modules.importing import OWN_VARIABLES
from blockyard.protocol.jsontypes import Json

ENGINES = ("tofu", "terraform")
INIT_SECONDS = 300
VALIDATE_SECONDS = 120
MAX_SHOWN = 5
"""Of the errors that the engine finds."""

_STEERING = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG", "TF_VAR_")
"""Variables that would change what the engine does with this module."""

_DECLARATIONS = "meshStack_run_vars.tf"


def check(module: Path, declared: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Return what could not be checked. Raises Failure (usage): the engine refuses the module."""
    engine = next((found for name in ENGINES if (found := shutil.which(name, path=environ.get("PATH")))), None)
    if engine is None:
        return []
    own = {name: value for name, value in environ.items() if not name.startswith(_STEERING)}
    own |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    with tempfile.TemporaryDirectory(prefix="blockyard-check-") as name:
        folder = Path(name) / "module"
        shutil.copytree(module, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", ".terraform"))
        _declare(folder, declared)
        prepared = _run([engine, "init", "-backend=false", "-input=false", "-no-color"], folder, own, INIT_SECONDS)
        if prepared is None or prepared.returncode:
            said = _first_error(prepared.stderr if prepared else "it took too long")
            return [
                f"{Path(engine).name} of this machine could not initialize the module, so it was not validated: {said}"
            ]
        validated = _run([engine, "validate", "-json"], folder, own, VALIDATE_SECONDS)
    errors = list(_errors(validated.stdout)) if validated else []
    if errors:
        more = f"; and {len(errors) - MAX_SHOWN} more" if len(errors) > MAX_SHOWN else ""
        raise usage(
            f"the module is not valid: {'; '.join(errors[:MAX_SHOWN])}{more}",
            "Mend it and commit it. Without --release it is imported as a draft all the same.",
        )
    return []


def _declare(folder: Path, declared: Iterable[str]) -> None:
    """Declare the variables that every run declares where the module does not."""
    missing = sorted(OWN_VARIABLES - set(declared))
    path = folder / _DECLARATIONS
    if missing and not path.exists():
        path.write_text("".join(f'variable "{name}" {{\n  type = string\n}}\n' for name in missing))


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


def _first_error(said: str) -> str:
    lines = [plain(line).lstrip("│╷╵ ").strip() for line in said.splitlines()]
    return next(
        (line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")), lines[-1] if lines else "?"
    )


def _errors(said: str) -> Iterator[str]:
    """Yield one sentence for each error in what `validate -json` says."""
    try:
        document: Json = json.loads(said)
    except ValueError:
        return
    for found in objects(document, "diagnostics"):
        if text(found, "severity") == "error":
            place = member(found, "range")
            where = f"{text(place, 'filename')} line {number(place, 'start', 'line')}: " if place else ""
            yield plain(where + " ".join(f"{text(found, 'summary')}: {text(found, 'detail')}".split()).rstrip(": "))
