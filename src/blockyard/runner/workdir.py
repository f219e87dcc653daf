"""The runner's directory on disk: a lock, one folder per run, the spool.

```
lock                      held as long as the runner lives; a second runner does not start here
spool/                    final reports not yet delivered
runs/<run>-<random>/      one attempt, mode 0700
    claim.json            the run as claimed; without it nothing can be adopted
    journal.jsonl  logs/  commands/
    work/                 the executor's own directory
    home/                 the HOME of the run's processes, empty at first
    identity/             identity tokens, if the run has some
```
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.durable import PRIVATE_DIRECTORY, replace_file
from blockyard.runner.journal import read_journal

log = structlog.get_logger()

_HOME = "home"

_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


class WorkDirError(Exception):
    """The directory cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """What is known about an attempt from its claim on; after `attempt_minutes`, if it says so, the server counts it as lost."""

    document: JsonObject = field(repr=False)
    blockyard: bool
    claimed_at: float
    attempt_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one attempt."""

    path: Path

    @property
    def work(self) -> Path:
        """The executor's own directory."""
        return self.path / "work"

    @property
    def home(self) -> Path:
        """The HOME of the run's processes."""
        return home_beside(self.commands)

    @property
    def logs(self) -> Path:
        """Where the step logs are."""
        return self.path / "logs"

    @property
    def commands(self) -> Path:
        """Where the commands are."""
        return self.path / "commands"

    @property
    def identity(self) -> Path:
        """Where identity tokens are, once there are some."""
        return self.path / "identity"

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self.path / "journal.jsonl"

    @property
    def _claim(self) -> Path:
        return self.path / "claim.json"

    @property
    def has_ended(self) -> bool:
        """Whether the final report is written: nothing is left to do here."""
        try:
            return read_journal(self.journal).get("ended") is True
        except (OSError, ValueError):
            return False

    def store_claim(self, claim: ClaimedRun) -> None:
        """Keep the claim for a restarted runner."""
        document: JsonObject = {"document": claim.document, "blockyard": claim.blockyard, "claimedAt": claim.claimed_at}
        if claim.attempt_minutes is not None:
            document["attemptMinutes"] = claim.attempt_minutes
        replace_file(self._claim, json.dumps(document).encode())

    def load_claim(self) -> ClaimedRun | None:
        """Return the stored claim; None: there is none that can be read."""
        try:
            stored = json.loads(self._claim.read_bytes())
            limit = stored.get("attemptMinutes")
            return ClaimedRun(
                stored["document"],
                bool(stored["blockyard"]),
                float(stored["claimedAt"]),
                None if limit is None else float(limit),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def remove(self) -> None:
        """Remove the folder, also what a run made read-only."""
        shutil.rmtree(self.path, onerror=_make_writable)
        if self.path.exists():
            log.error("run folder not removed", folder=self.path.name)


def home_beside(commands: Path) -> Path:
    """Return the HOME of the processes whose commands are in the folder `commands`."""
    return commands.with_name(_HOME)


class WorkDir:
    """The directory, locked by this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: TextIO | None = None

    @property
    def spool(self) -> Path:
        """Where final reports wait."""
        return self._path / "spool"

    @property
    def _runs(self) -> Path:
        return self._path / "runs"

    def open(self) -> None:
        """Create what is missing and lock it. Raises WorkDirError."""
        try:
            self._path.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            state = self._path.stat()
            if state.st_uid != os.geteuid():
                raise WorkDirError(f"{self._path} belongs to another user")
            if stat.S_IMODE(state.st_mode) & 0o077:
                self._path.chmod(PRIVATE_DIRECTORY)
            self._runs.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            self._lock = (self._path / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise WorkDirError(f"another runner uses {self._path}") from error
        except OSError as error:
            raise WorkDirError(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def create(self, run_id: str, claim: ClaimedRun) -> RunFolder:
        """Make a fresh folder for an attempt. Raises OSError."""
        folder = RunFolder(self._runs / f"{_UNSAFE.sub('_', run_id)[:64]}-{secrets.token_hex(3)}")
        folder.path.mkdir(mode=PRIVATE_DIRECTORY)
        try:
            folder.work.mkdir(mode=PRIVATE_DIRECTORY)
            folder.home.mkdir(mode=PRIVATE_DIRECTORY)
            folder.store_claim(claim)
        except OSError:
            folder.remove()
            raise
        return folder

    def leftovers(self) -> list[RunFolder]:
        """Return the folders an earlier runner left behind."""
        return [RunFolder(path) for path in sorted(self._runs.iterdir()) if path.is_dir()]


def _make_writable(function: Callable[..., object], path: str, _: object) -> None:
    """Try again with the directory made writable; what still cannot be removed stays and is logged."""
    try:
        Path(path).parent.chmod(PRIVATE_DIRECTORY)
        if not Path(path).is_symlink() and Path(path).is_dir():
            Path(path).chmod(PRIVATE_DIRECTORY)
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)
    except OSError as error:
        log.warning("not removed", error=error.strerror)
