"""Examines a runner: directory, what its executors need, key, server and sign-in. Changes nothing."""

from pathlib import Path

import httpx2

from blockyard.diagnosis.files import folder, private_file
from blockyard.diagnosis.finding import Finding, failed, ok, warning
from blockyard.diagnosis.network import server
from blockyard.protocol.sealing import EnvelopeError, load_private_key
from blockyard.runner.configuration import Configuration
from blockyard.runner.executors.opentofu import doctor as opentofu
from blockyard.runner.limits import ATTEMPT_REMEDY, exceeds
from blockyard.runner.settings import RunnerSettings, SettingsError
from blockyard.runner.supervisors import Supervisors

_TIMEOUT_SECONDS = 30


def examine(configuration: Configuration) -> list[Finding]:
    """Examine a runner that stands alone."""
    settings = configuration.runner
    return [
        *_work_dir(settings.work_dir),
        *examine_programs(configuration),
        _own_paths(),
        *_private_key(settings.private_key_file),
        *server(settings.server_url),
        *_sign_in(settings),
        *examine_time(settings),
    ]


def examine_programs(configuration: Configuration) -> list[Finding]:
    """Examine what runs need on this machine."""
    return opentofu.examine(configuration.opentofu)


def examine_time(settings: RunnerSettings) -> list[Finding]:
    """Compare how long runs may take here with how long the server lets an attempt take, if it says so."""
    try:
        answer = httpx2.get(f"{settings.server_url}/readyz", timeout=_TIMEOUT_SECONDS).json()
        minutes = float(answer["attemptMinutes"])
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError):
        return []  # it is away, which the check of the server has said, or of another make
    return [compare_time(settings.run_timeout_minutes, minutes)]


def compare_time(run_timeout_minutes: float, attempt_minutes: float) -> Finding:
    """Say whether runs end here before the server counts their attempts as lost."""
    own = f"a run may take {run_timeout_minutes:g} min here"
    if exceeds(run_timeout_minutes, attempt_minutes):
        text = f"{own}, but the server counts an attempt as lost after {attempt_minutes:g} min"
        return failed("time of a run", text, ATTEMPT_REMEDY)
    return ok("time of a run", f"{own}, an attempt {attempt_minutes:g} min at the server")


def _own_paths() -> Finding:
    """Try whether each run can have its own identity tokens at the paths that modules know."""
    supervisors = Supervisors()
    try:
        can_mount = supervisors.can_mount()
    finally:
        supervisors.close()
    if can_mount:
        return ok("identity tokens", "each run sees its own at the usual paths")
    return warning(
        "identity tokens",
        "runs cannot have files of their own at the usual paths: inputs that name these are rewritten",
        "allow user namespaces, or give the container of the runner SYS_ADMIN",
    )


def _work_dir(path: Path) -> list[Finding]:
    if not path.exists():
        return [warning("work directory", f"{path} does not exist yet", "the first start of the runner makes it")]
    return folder("work directory", path)


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
        answer = httpx2.post(f"{settings.server_url}/api/login", json=credentials, timeout=_TIMEOUT_SECONDS)
    except SettingsError as error:
        return [failed("sign-in", str(error), "set BLOCKYARD_RUNNER_CLIENT_SECRET_FILE to a file that can be read")]
    except (httpx2.HTTPError, httpx2.InvalidURL):
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
