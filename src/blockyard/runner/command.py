"""The directory of one command: what was started, where its output is and how it ended. Written with `supervisor.py`."""

import json
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from blockyard.runner.durable import PRIVATE_DIRECTORY, PRIVATE_FILE, replace_file
from blockyard.runner.frame.executor import ProcessResult
from blockyard.runner.frame.made_files import open_made, read_made
from blockyard.runner.process_tree import ProcessIdentity, leader_in

UNKNOWN_EXIT = -1
_MAX_NOTE_BYTES = 1024

_FROM_OUTSIDE = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM})
"""Signals that somebody sends; a program that crashes ends by others."""


@dataclass(frozen=True, slots=True)
class Started:
    """The two processes of a started command."""

    supervisor: ProcessIdentity
    command: ProcessIdentity


class Command:
    """One command of a run, whoever started it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"

    @property
    def name(self) -> str:
        """The name it was started under."""
        return self.folder.name

    @property
    def is_claimed(self) -> bool:
        """Whether a supervisor has taken it: then it is never started again."""
        return (self.folder / "claim").exists()

    @property
    def supervisor(self) -> ProcessIdentity | None:
        """Who has taken it, once somebody has. One of an earlier version left its claim empty."""
        words = self._read("claim") or self._read("started")
        return ProcessIdentity(int(words[0]), int(words[1])) if words else None

    @property
    def started(self) -> Started | None:
        """Its processes, once there are any. Of a supervisor that died before it wrote them down, its session tells."""
        words = self._read("started")
        if words is not None:
            supervisor_pid, supervisor_started, pid, started = (int(word) for word in words)
            return Started(ProcessIdentity(supervisor_pid, supervisor_started), ProcessIdentity(pid, started))
        supervisor = self.supervisor
        if supervisor is None or supervisor.is_alive():
            return None
        command = leader_in(supervisor)
        return None if command is None else Started(supervisor, command)

    @property
    def has_started(self) -> bool:
        """Whether it was started, or could not be; whatever became of it since."""
        return self.exit_code is not None or self.started is not None

    @property
    def is_over(self) -> bool:
        """Whether its supervisor saw it and everything below it end."""
        return (self.folder / "over").exists()

    @property
    def was_killed(self) -> bool:
        """Whether somebody else than the runner ended it with a signal."""
        code = self.exit_code
        return code is not None and -code in _FROM_OUTSIDE and self.interrupted_at is None

    @property
    def end_was_seen(self) -> bool:
        """Whether a runner lived to see that it was killed."""
        return (self.folder / "seen").exists()

    def note_end_seen(self) -> None:
        """Note that a runner sees that it was killed."""
        replace_file(self.folder / "seen", b"")

    @property
    def exit_code(self) -> int | None:
        """How it ended, once it has; negative: the signal."""
        words = self._read("exit")
        return None if words is None else int(words[0])

    @property
    def interrupted_at(self) -> float | None:
        """When it got its one SIGINT, by the wall clock."""
        words = self._read("interrupted")
        return None if words is None else float(words[0])

    def prepare(self, argv: Sequence[str], cwd: Path, stdin: bytes | None) -> None:
        """Make the directory and write down what is to be started, and what it shall read."""
        self.folder.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        if stdin is not None:
            replace_file(self.folder / "stdin", stdin)
        replace_file(self.folder / "command.json", json.dumps({"argv": list(argv), "cwd": str(cwd)}).encode())

    def interrupt(self, *, timed_out: bool) -> None:
        """Send the one SIGINT, to the command alone. A second signal, or one to its children, would lose state."""
        if self.interrupted_at is None:
            replace_file(self.folder / "interrupted", f"{time.time()} {'timeout' if timed_out else 'abort'}".encode())
            if (started := self.started) is not None:
                started.command.send(signal.SIGINT)

    def open_output(self) -> BinaryIO:
        """Open what it has written so far."""
        with suppress(FileNotFoundError):
            return open_made(self.folder, self.output.name)
        self.output.touch(PRIVATE_FILE)  # its supervisor has not made it
        return open_made(self.folder, self.output.name)

    def result(self) -> ProcessResult:
        """Return how it ended."""
        code = self.exit_code
        words = self._read("interrupted")
        return ProcessResult(
            exit_code=UNKNOWN_EXIT if code is None else code,
            output_path=self.output,
            interrupted=words is not None and words[1] == "abort",
            timed_out=words is not None and words[1] == "timeout",
        )

    def _read(self, name: str) -> list[str] | None:
        try:
            return read_made(self.folder, name, max_bytes=_MAX_NOTE_BYTES).decode().split()
        except FileNotFoundError:
            return None
