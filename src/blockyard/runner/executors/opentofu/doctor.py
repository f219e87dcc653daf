"""Examines what runs of modules need on this machine: programs and engines. Changes nothing."""

import os
import shutil
import subprocess
from pathlib import Path

from blockyard.diagnosis.finding import Finding, failed, ok, warning
from blockyard.runner.executors.opentofu.engine.version import Product, read_version
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings

_TIMEOUT_SECONDS = 30

_PROGRAMS = (
    ("git", "--version", "clones modules", True),
    ("bash", "--version", "runs scripts before an engine", True),
    ("ssh", "-V", "clones modules over SSH", False),
    ("flock", "--version", "shares downloaded providers", False),
)
"""Program, how it says its version, what runs need it for, and whether they cannot do without."""


def examine(settings: OpenTofuSettings) -> list[Finding]:
    """Examine programs and engines."""
    return [*(_program(*program) for program in _PROGRAMS), _engines(settings)]


def _program(name: str, option: str, purpose: str, needed: bool) -> Finding:  # noqa: FBT001  one row of the table
    path = shutil.which(name)
    if path is None:
        remedy = f"install {name}, and see that it is on the PATH of the runner"
        text = f"not found; {purpose}"
        return failed(name, text, remedy) if needed else warning(name, text, remedy)
    said = _said(Path(path), option)
    return ok(name, said.splitlines()[0] if said else path)


def _engines(settings: OpenTofuSettings) -> Finding:
    places = [Path(path) for product in Product if (path := shutil.which(product.program))]
    for product in Product:
        places += sorted(settings.engine_dir.glob(f"*/{product.program}"))
    found = [f"{version} ({place})" for place in places if (version := read_version(_said(place, "version")))]
    if found:
        return ok("engine", ", ".join(found))
    if settings.offline:
        return failed(
            "engine", "there is none, and downloads are off", f"place one at {settings.engine_dir}/VERSION/tofu"
        )
    return warning("engine", "there is none yet", "the first run downloads the one it asks for; see that it can")


def _said(program: Path, option: str) -> str:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent", "CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(  # noqa: S603  a program the operator installed
            [program, option], env=environment, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout or done.stderr
