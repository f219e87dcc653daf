"""Blockyard's programs as processes of their own, without the two seconds of a core that each would import for.

A test process has one process that has imported everything already (`template_process`), which forks itself for each program that
is asked for. What comes of it is a process as any other: with an id, an environment, a folder, files and a session of its own, that
is sent signals and killed. Tests of the installed command itself, and of how it is started, start that one.
"""

import atexit
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import IO, Protocol, TypeAlias

from tests.support import template_process
from tests.support.template_process import LENGTH_BYTES

File: TypeAlias = int | IO[bytes]


class Process(Protocol):
    """A process that was started, as `subprocess.Popen` has it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return how it ended, None if it has not."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return how it ended."""

    def send_signal(self, number: int) -> None:
        """Send it a signal."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Program:
    """A program that was started."""

    def __init__(self, words: Sequence[str]) -> None:
        self.pid = 0
        self._words = words
        self.returncode: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """Return how it ended, None if it has not."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return how it ended."""
        if not self._ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(self._words, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(SIGKILL)

    def has_ended(self, status: int) -> None:
        """Take down how it ended."""
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: File | None = None,
    stdout: File | None = None,
    stderr: File | None = None,
    program: Path | None = None,
    start_new_session: bool = False,
    terminal: bool = False,
) -> Program:
    """Start `blockyard` with these arguments, or the file `program`.

    What is not given of its files is /dev/null, and this process's output and error. With `terminal` its input is the terminal of
    its session.
    """
    wanted = {
        "arguments": list(arguments),
        "environment": dict(env),
        "folder": str(cwd or Path.cwd()),
        "program": str(program) if program else None,
        "session": start_new_session,
        "terminal": terminal,
    }
    with Path(os.devnull).open("rb") as nothing:
        given = (nothing if stdin is None else stdin, 1 if stdout is None else stdout, 2 if stderr is None else stderr)
        files = [file if isinstance(file, int) else file.fileno() for file in given]
        return _template().start(arguments, json.dumps(wanted).encode(), files)


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    timeout: float = 180,
    together: bool = False,
    start_new_session: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `blockyard` to its end; return its exit code and what it printed, with `together` all of it as its output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        erring = out if together else err
        program = start(arguments, env=env, cwd=cwd, stdout=out, stderr=erring, start_new_session=start_new_session)
        try:
            code = program.wait(timeout)
        finally:
            program.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, out.read().decode(), err.read().decode())


class _Template:
    """The process that is forked, as long as this one lives."""

    def __init__(self) -> None:
        self._connection, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-P", template_process.__file__, str(other.fileno())],
                env={"PATH": os.environ["PATH"]},
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._one_at_a_time = threading.Lock()
        self._begun: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._next = Program(())
        self._running: dict[int, Program] = {}
        threading.Thread(target=self._listen, name="programs", daemon=True).start()
        atexit.register(self._close)

    def start(self, words: Sequence[str], wanted: bytes, files: Sequence[int]) -> Program:
        """Have it become a program."""
        with self._one_at_a_time:
            self._next = program = Program(words)
            socket.send_fds(self._connection, [len(wanted).to_bytes(LENGTH_BYTES)], files)
            self._connection.sendall(wanted)
            if self._begun.get() is None:
                raise RuntimeError(f"the process that is forked has ended with {self._process.wait()}")
            return program

    def _listen(self) -> None:
        with self._connection.makefile() as lines:
            for what, pid, status in (line.split() for line in lines):
                if what == "began":
                    self._next.pid = int(pid)
                    self._running[int(pid)] = self._next
                    self._begun.put(int(pid))
                else:
                    self._running.pop(int(pid)).has_ended(int(status))
        self._begun.put(None)

    def _close(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._connection.close()


@cache
def _template() -> _Template:
    return _Template()
