"""The process that `forked` forks: it has imported what Blockyard's programs import, and becomes one of them on request.

A request comes with its standard input, output and error. Told are the start of each process and its end, with its status.
"""

import fcntl
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

IMPORTED = (
    "blockyard.cli.app",
    "blockyard.cli.demo",
    "blockyard.runner.configuration",
    "blockyard.runner.doctor",
    "blockyard.runner.main",
    "blockyard.server.app.backup.commands",
    "blockyard.server.app.doctor",
    "blockyard.server.app.maintenance",
    "blockyard.server.app.serve",
    "blockyard.server.app.up",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)
LENGTH_BYTES = 4
FILES = 3


@dataclass(frozen=True)
class Wanted:
    """A program to become: `blockyard`, or the file `program`."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    program: str | None = None
    session: bool = False
    terminal: bool = False
    """Whether its standard input is a terminal of its own."""


def main() -> None:
    """Import everything, then serve; go on as the program that was asked for, in the process that was forked for it."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # forked processes share these pages as long as nothing writes into them
    gc.enable()
    wanted = _Server(connection).serve()
    if wanted is not None:
        _run(wanted)


class _Server:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._woken, self._waking = socket.socketpair()
        self._waking.settimeout(0)  # a signal that finds no room is one of many
        self._running: set[int] = set()

    def serve(self) -> Wanted | None:
        """Fork on request until the other end is closed; return what was asked for in the forked process."""
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._waking.fileno())
        watched = select.poll()
        watched.register(self._connection, select.POLLIN)
        watched.register(self._woken, select.POLLIN)
        while True:
            ready = {file for file, _ in watched.poll()}
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
                self._tell_ends()
            if self._connection.fileno() in ready:
                length, files, _, _ = socket.recv_fds(self._connection, LENGTH_BYTES, FILES)
                if not length:
                    self._kill_all()
                    return None
                wanted = Wanted(**json.loads(self._read(int.from_bytes(length))))
                if self._forked(files):
                    self._become(wanted, files)
                    return wanted

    def _read(self, length: int) -> bytes:
        read = b""
        while len(read) < length:
            read += self._connection.recv(length - len(read))
        return read

    def _forked(self, files: Sequence[int]) -> bool:
        pid = os.fork()
        if pid == 0:
            return True
        for file in files:
            os.close(file)
        self._running.add(pid)
        self._tell("began", pid, 0)
        return False

    def _become(self, wanted: Wanted, files: Sequence[int]) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if wanted.session or wanted.terminal:
            os.setsid()
        for number, file in enumerate(files):
            os.dup2(file, number)
        for ours in (self._connection, self._woken, self._waking):
            ours.detach()
        os.closerange(FILES, os.sysconf("SC_OPEN_MAX"))
        if wanted.terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(wanted.folder)
        os.environ.clear()
        os.environ.update(wanted.environment)

    def _tell_ends(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._running.discard(pid)
                self._tell("ended", pid, status)

    def _tell(self, what: str, pid: int, status: int) -> None:
        with suppress(BrokenPipeError):
            self._connection.sendall(f"{what} {pid} {status}\n".encode())

    def _kill_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)


def _run(wanted: Wanted) -> None:
    """Do what `python -m blockyard` does, or `python FILE`."""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")  # type: ignore[misc]  # see typeshed: Final
    sys.stdout = sys.__stdout__ = _writer(1, errors="strict", line_buffering=os.isatty(1))  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writer(2, errors="backslashreplace", line_buffering=True)  # type: ignore[misc]
    sys.argv = [wanted.program or "blockyard", *wanted.arguments]
    if wanted.program is None:
        runpy.run_module("blockyard", run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(wanted.program, run_name="__main__")


def _writer(file: int, *, errors: str, line_buffering: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(file, "w", closefd=False)),
        encoding="utf-8",
        errors=errors,
        line_buffering=line_buffering,
    )


if __name__ == "__main__":
    main()
