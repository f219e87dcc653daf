"""Examines a runner: directory, programs, engines, key, server and sign-in. Changes nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import httpx

from blockyard.diagnosis.files import folder, private_file
from blockyard.diagnosis.finding import Finding, failed, ok, warning
from blockyard.diagnosis.network import server
from blockyard.protocol.sealing import EnvelopeError, load_private_key
from blockyard.runner.executors.opentofu.version import Product, read_version
from blockyard.runner.settings import RunnerSettings, SettingsError

_TIMEOUT_SECONDS = 30

_PROGRAMS = (
    ("git", "--version", "clones modules", True),
    ("bash", "--version", "runs scripts before an engine", True),
    ("ssh", "-V", "clones modules over SSH", False),
    ("flock", "--version", "shares downloaded providers", False),
)
"""Program, how it says its version, what runs need it for, and whether they cannot do without."""


def examine(settings: RunnerSettings) -> list[Finding]:
    """Examine a runner that stands alone."""
    return [
        *_work_dir(settings.work_dir),
        *examine_programs(settings),
        *_private_key(settings.private_key_file),
        *server(settings.server_url),
        *_sign_in(settings),
    ]


def examine_programs(settings: RunnerSettings) -> list[Finding]:
    """Examine what runs need on this machine."""
    return [*(_program(*program) for program in _PROGRAMS), _engines(settings)]


def _work_dir(path: Path) -> list[Finding]:
    if not path.exists():
        return [warning("work directory", f"{path} does not exist yet", "the first start of the runner makes it")]
    return folder("work directory", path)


def _program(name: str, option: str, purpose: str, needed: bool) -> Finding:  # noqa: FBT001  one row of the table
    path = shutil.which(name)
    if path is None:
        remedy = f"install {name}, and see that it is on the PATH of the runner"
        text = f"not found; {purpose}"
        return failed(name, text, remedy) if needed else warning(name, text, remedy)
    said = _said(Path(path), option)
    return ok(name, said.splitlines()[0] if said else path)


def _engines(settings: RunnerSettings) -> Finding:
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


def _private_key(path: Path | None) -> list[Finding]:
    if path is None:
        return [
            warning(
                "private key", "there is none: secret inputs cannot be read", "set BLOCKYARD_RUNNER_PRIVATE_KEY_FILE"
            )
        ]
    readable = private_file("private key", path)
    try:
        load_private_key(path.read_text())
    except OSError:
        return [readable]
    except (EnvelopeError, ValueError) as error:
        return [failed("private key", f"{path} is not an RSA key in PEM: {error}", "put the runner's key there")]
    return [readable]


def _sign_in(settings: RunnerSettings) -> list[Finding]:
    try:
        credentials = {"clientId": settings.client_id or "", "clientSecret": settings.read_client_secret()}
        answer = httpx.post(f"{settings.server_url}/api/login", json=credentials, timeout=_TIMEOUT_SECONDS)
    except SettingsError as error:
        return [failed("sign-in", str(error), "set BLOCKYARD_RUNNER_CLIENT_SECRET_FILE to a file that can be read")]
    except (httpx.HTTPError, httpx.InvalidURL):
        return []  # the check of the server has said it
    if answer.is_success:
        return [ok("sign-in", f"the server knows the API key {settings.client_id}")]
    return [
        failed(
            "sign-in",
            f"the server refuses the API key {settings.client_id} ({answer.status_code})",
            "give the runner a key that exists: `blockyard keys create`",
        )
    ]
