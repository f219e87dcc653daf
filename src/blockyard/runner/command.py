"""The directory of one command: what was started, where its output is and how it ended. Written with `supervisor.py`."""

import json
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from blockyard.runner.durable import PRIVATE_DIRECTORY, replace_file
from blockyard.runner.executors.executor import ProcessResult
from blockyard.runner.process_tree import ProcessIdentity

UNKNOWN_EXIT = -1


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
    def started(self) -> Started | None:
        """Its processes, once there are any."""
        words = self._read("started")
        if words is None:
            return None
        supervisor_pid, supervisor_started, pid, started = (int(word) for word in words)
        return Started(ProcessIdentity(supervisor_pid, supervisor_started), ProcessIdentity(pid, started))

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
        self.output.touch()
        return self.output.open("rb")

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
            return (self.folder / name).read_text().split()
        except FileNotFoundError:
            return None
