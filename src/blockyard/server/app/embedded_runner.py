"""The shared runner as a child process of `blockyard up`: the same program as any runner, over HTTP.

It dies with its parent, however that ends (PR_SET_PDEATHSIG in the child); engines it had started go on, and its successor
adopts them (architecture.md 4).
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from blockyard.server.app.keys import KeyPair
from blockyard.server.app.settings import Settings

log = structlog.get_logger(__name__)

_SHORTEST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 30.0
_FROM_OUTSIDE = frozenset({-signal.SIGHUP, -signal.SIGINT, -signal.SIGKILL, -signal.SIGTERM})
"""Exit codes of a runner that somebody killed: there is nothing wrong with it, and its runs wait for the next one."""

_HEALTHY_SECONDS = 60.0
_STOP_SECONDS = 90.0


class EmbeddedRunner:
    """Starts the runner, starts it again when it ends by itself, and stops it with the server."""

    def __init__(self, environment: Mapping[str, str], *, umask: int) -> None:
        self._environment = dict(environment)
        self._umask = umask
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="runner", daemon=True)

    def start(self) -> None:
        """Start the runner and keep it running."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the runner to end and wait for it; kill it if it does not."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(_STOP_SECONDS)

    def _keep(self) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "blockyard", "runner", "--parent", str(os.getpid())],
                env=self._environment,
                umask=self._umask,
            )
            code = self._process.wait()
            if self._stopping.is_set():
                return
            pause = pause_after(pause, code, time.monotonic() - started)
            log.warning("embedded runner ended", exit_code=code, restart_in_seconds=pause)
            self._stopping.wait(pause)


def pause_after(pause: float, code: int, lived_seconds: float) -> float:
    """Return how long to wait before the runner is started again, given the wait before: longer only if it fails by itself."""
    if code in _FROM_OUTSIDE or lived_seconds > _HEALTHY_SECONDS:
        return _SHORTEST_PAUSE_SECONDS
    return min(pause * 2, _MAX_PAUSE_SECONDS)


def runner_environment(
    settings: Settings, inherited: Mapping[str, str], *, runner_uuid: str, pair: KeyPair, private_key: Path
) -> dict[str, str]:
    """Return the environment of the embedded runner: what the operator set for runners, and how to reach this server."""
    work_dir = settings.data_dir / "runner"
    defaults = {
        "BLOCKYARD_RUNNER_WORK_DIR": str(work_dir),
        "BLOCKYARD_RUNNER_CONCURRENCY": "2",
        "BLOCKYARD_RUNNER_ENGINE_FALLBACK": "warn",
        "BLOCKYARD_RUNNER_DRAIN_SECONDS": "20",
        "BLOCKYARD_RUNNER_LOG_LEVEL": settings.log_level,
        "BLOCKYARD_RUNNER_LOG_FORMAT": settings.log_format,
    }
    fixed = {
        "BLOCKYARD_RUNNER_SERVER_URL": local_url(settings),
        "BLOCKYARD_RUNNER_RUNNER_UUID": runner_uuid,
        "BLOCKYARD_RUNNER_CLIENT_ID": pair.client_id,
        "BLOCKYARD_RUNNER_CLIENT_SECRET": pair.client_secret,
        "BLOCKYARD_RUNNER_PRIVATE_KEY_FILE": str(private_key),
        "BLOCKYARD_RUNNER_ALLOW_FILE_REPOSITORIES": str(settings.allow_file_repositories).lower(),
    }
    server_only = {
        name for name in inherited if name.startswith("BLOCKYARD_") and not name.startswith("BLOCKYARD_RUNNER_")
    }
    return {**defaults, **{name: value for name, value in inherited.items() if name not in server_only}, **fixed}


def local_url(settings: Settings) -> str:
    """Return where this machine reaches the server, whatever proxy is before it for others."""
    return f"http://{_reachable(settings.host)}:{settings.port}"


def _reachable(host: str) -> str:
    wildcard = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  compared, not bound
    return wildcard.get(host, f"[{host}]" if ":" in host else host)
