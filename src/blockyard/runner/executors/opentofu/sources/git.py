"""Starts the system's git: arguments as a list, no prompts, no one's configuration, stopped with the run."""

import math
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blockyard.runner.frame.failures import StepFailed, Stopped

_POLL_SECONDS = 0.1
_STALLED_SECONDS = "60"
"""A transfer of less than 1 kB/s for this long is given up."""

_TOO_LATE = (
    "Check that the runner reaches the repository's server and that the server answers. "
    "The runner's operator can raise the limit: clone_timeout_minutes."
)


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """How a git command ended and what it said."""

    exit_code: int
    output: str


class Git:
    """Runs git until `stop` is set, `deadline` (monotonic clock) passes or all of it took `limit_minutes`."""

    def __init__(
        self, environment: Mapping[str, str], *, stop: threading.Event, deadline: float, limit_minutes: float = math.inf
    ) -> None:
        self._environment = environment
        self._stop = stop
        self._deadline = deadline
        self._limit_minutes = limit_minutes
        self._limit = time.monotonic() + limit_minutes * 60

    def run(self, *arguments: str, cwd: Path, configuration: Mapping[str, str] | None = None) -> GitAnswer:
        """Run `git arguments…` to its end. Raises StepFailed, Stopped."""
        if self._must_stop():
            raise Stopped
        settings = [part for name, value in (configuration or {}).items() for part in ("-c", f"{name}={value}")]
        program = shutil.which("git", path=self._environment.get("PATH"))
        if program is None:
            raise StepFailed("the sources cannot be fetched", "git is not installed on this runner.")
        process = subprocess.Popen(  # noqa: S603  arguments are a list, git is the operator's
            [program, *settings, *arguments],
            cwd=cwd,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(process.pid, ended), daemon=True)
        watcher.start()
        try:
            output, _ = process.communicate()
        finally:
            ended.set()
            watcher.join()
        if process.returncode and self._must_stop():
            raise Stopped
        if process.returncode and self._is_too_late():
            raise StepFailed(f"the repository was not fetched within {self._limit_minutes:g} minutes", _TOO_LATE)
        return GitAnswer(process.returncode, output.decode("utf-8", errors="replace"))

    def _watch(self, group: int, ended: threading.Event) -> None:
        while not ended.wait(_POLL_SECONDS):
            if self._must_stop() or self._is_too_late():
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def _is_too_late(self) -> bool:
        return time.monotonic() >= self._limit

    def _must_stop(self) -> bool:
        return self._stop.is_set() or time.monotonic() >= self._deadline


def git_environment(own: Mapping[str, str], *, protocols: str, home: Path, ssh_command: str | None) -> dict[str, str]:
    """Return the environment git runs in. `own` is what a run inherits anyway: PATH, proxies, CA bundles."""
    environment = {
        **own,
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": _STALLED_SECONDS,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if ssh_command is not None:
        environment["GIT_SSH_COMMAND"] = ssh_command
    return environment
