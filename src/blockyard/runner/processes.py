"""Runs the commands of one run so that they survive the runner, and follows them again after a restart.

Every command has a directory that is its own journal, see `supervisor.py`. Output goes to a file, never a pipe: nobody
waits for a reader, and a restarted runner reads on where the last one stopped.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import structlog

from blockyard.runner.command import UNKNOWN_EXIT, Command
from blockyard.runner.durable import PRIVATE_DIRECTORY
from blockyard.runner.frame.executor import CommandLost, Conclude, ProcessResult, inconclusive
from blockyard.runner.process_tree import ProcessIdentity, kill_orphans, kill_tree, wait_for_exit
from blockyard.runner.supervisors import Supervisors
from blockyard.runner.workdir import home_beside

log = structlog.get_logger()

_CHUNK_BYTES = 256 * 1024
_POLL_SECONDS = 0.02
"""How often output is looked for; the end of a command is noticed at once."""

_LAUNCHES = 3
_SETTLE_SECONDS = 0.001
_START_PATIENCE_SECONDS = 5.0
_END_PATIENCE_SECONDS = 5.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")


class OutputSink(Protocol):
    """Where the output of commands goes."""

    def follow(self, step_id: str, command: str, data: bytes) -> None:
        """Take the next bytes of a command's output."""

    def followed(self, command: str) -> int:
        """Return how many bytes of a command's output need not come again."""

    def end_of_output(self, step_id: str, command: str) -> None:
        """Take notice that the command is over."""


class RunProcesses:
    """The commands of one run. `stop` is the reporter's event that says the run shall end; what does not within the grace is killed."""

    def __init__(
        self,
        folder: Path,
        *,
        sink: OutputSink,
        stop: threading.Event,
        supervisors: Supervisors,
        interrupt_grace_seconds: float,
        mounts: Callable[[], Sequence[tuple[Path, Path]]] = lambda: (),
    ) -> None:
        self._folder = folder
        self._supervisors = supervisors
        self._sink = sink
        self._stop = stop
        self._grace_seconds = interrupt_grace_seconds
        self._mounts = mounts

    def run(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log_step: str,
        deadline: float,
        stdin: bytes | None = None,
        conclude: Conclude = inconclusive,
    ) -> ProcessResult:
        """Run a command to its end, or go on with the one of this name; see `executor.ProcessRunner`."""
        if not _NAME.match(name):
            raise ValueError(f"not a name for a command: {name!r}")
        command = Command(self._folder / name)
        if not command.is_claimed:
            if self._stop.is_set() or time.monotonic() >= deadline:
                return self._never_started(command)
            command.prepare(argv, cwd, stdin)
            self._launch(command, argv, cwd, env)
        elif command.was_killed and not command.end_was_seen:
            raise CommandLost(name)
        self._follow(command, log_step, deadline)
        self._sink.end_of_output(log_step, name)
        return self._result(command, conclude)

    def _launch(self, command: Command, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Have it started; again where what starts supervisors was killed before it took the order."""
        for _ in range(_LAUNCHES):
            self._supervisors.launch(command.folder, argv, cwd=cwd, env=env, mounts=self._mounts())
            if self._wait_for_start(command, gives_up=self._supervisors.has_ended) or command.is_claimed:
                return

    def _result(self, command: Command, conclude: Conclude) -> ProcessResult:
        """Return how a command ended that nothing more comes from. Raises CommandLost."""
        result = command.result()
        if command.exit_code is not None:
            if command.was_killed:
                command.note_end_seen()
            return result
        concluded = conclude(command.output)
        log.warning("end of a command concluded from its output", command=command.name, exit_code=concluded)
        if concluded is not None:
            return replace(result, exit_code=concluded)
        if command.interrupted_at is not None:
            return result
        raise CommandLost(command.name)

    def interrupt(self) -> None:
        """Interrupt what still runs, wait and then end every process of the run."""
        for command in _commands(self._folder):
            started = command.started
            if started is None or command.exit_code is not None:
                continue
            command.interrupt(timed_out=False)
            interrupted_at = command.interrupted_at or 0.0
            wait_for_exit(started.command, max(0.0, interrupted_at + self._grace_seconds - time.time()))
        self.kill()

    def kill(self) -> None:
        """SIGKILL every process of the run, also those that left its process groups."""
        self.kill_in(self._folder)
        for command in _commands(self._folder):
            if (started := command.started) is not None:
                wait_for_exit(started.supervisor, _END_PATIENCE_SECONDS)

    @staticmethod
    def kill_in(folder: Path) -> None:
        """SIGKILL every process of the run whose commands are in `folder`."""
        for command in _commands(folder):
            supervisor = command.supervisor
            if supervisor is None or command.is_over:
                continue
            if supervisor.is_alive():
                kill_tree(supervisor)
            else:
                kill_orphans(supervisor, home_beside(folder))

    def _never_started(self, command: Command) -> ProcessResult:
        command.folder.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        command.output.touch()
        stopped = self._stop.is_set()
        return ProcessResult(UNKNOWN_EXIT, command.output, interrupted=stopped, timed_out=not stopped)

    def _wait_for_start(self, command: Command, *, gives_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a supervisor that has just begun; tell whether the command was started, whatever became of it."""
        end = time.monotonic() + _START_PATIENCE_SECONDS
        while time.monotonic() < end and not command.has_started and not gives_up():
            if (supervisor := command.supervisor) is not None and not supervisor.is_alive():
                break
            time.sleep(_SETTLE_SECONDS)
        return command.has_started

    def _follow(self, command: Command, step_id: str, deadline: float) -> None:
        """Hand on the command's output until it ended; stop it when it must not go on."""
        if not self._wait_for_start(command):
            return
        started = command.started
        with command.open_output() as output:
            output.seek(self._sink.followed(command.name))
            ended = False
            while True:
                data = output.read(_CHUNK_BYTES)
                if data:
                    self._sink.follow(step_id, command.name, data)
                elif ended:
                    return
                ended = ended or command.exit_code is not None
                if ended or started is None:
                    ended = True
                    continue
                self._enforce(command, deadline)
                if not data and wait_for_exit(started.command, _POLL_SECONDS):
                    ended = not self._settle(command, started.supervisor)

    def _settle(self, command: Command, supervisor_process: ProcessIdentity) -> bool:
        """Give the supervisor of a command that is gone a moment to note its end; False: it will not."""
        time.sleep(_SETTLE_SECONDS)
        return command.exit_code is not None or supervisor_process.is_alive() or command.exit_code is not None

    def _enforce(self, command: Command, deadline: float) -> None:
        interrupted_at = command.interrupted_at
        if interrupted_at is None:
            if self._stop.is_set() or time.monotonic() >= deadline:
                log.info("command interrupted", command=command.name)
                command.interrupt(timed_out=not self._stop.is_set())
        elif time.time() - interrupted_at >= self._grace_seconds:
            log.warning("command killed", command=command.name)
            self.kill()


def _commands(folder: Path) -> list[Command]:
    return [Command(path) for path in sorted(folder.iterdir())] if folder.exists() else []
