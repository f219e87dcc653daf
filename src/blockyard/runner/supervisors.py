"""Keeps one supervisor started ahead, so that a command does not wait for one."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from blockyard.runner import supervisor


class Supervisors:
    """Hands out supervisors. Without `keep_spare` each is started when it is needed. Thread-safe."""

    def __init__(self, *, keep_spare: bool = True) -> None:
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None
        self._closed = not keep_spare

    def prepare(self) -> None:
        """Start a spare supervisor unless there is one."""
        with self._lock:
            if self._spare is None and not self._closed:
                self._spare = _new_supervisor()

    def launch(
        self, folder: Path, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Have a supervisor start a command whose directory is `folder`."""
        with self._lock:
            spare, self._spare = self._spare, None
        order = {"folder": str(folder), "argv": list(argv), "cwd": str(cwd), "env": dict(env)}
        line = json.dumps(order).encode() + b"\n"
        if spare is not None:
            try:
                return _ordered(spare, line)
            except BrokenPipeError:
                spare.wait()
        return _ordered(_new_supervisor(), line)

    def close(self) -> None:
        """End the spare."""
        with self._lock:
            spare, self._spare, self._closed = self._spare, None, True
        if spare is not None and spare.stdin is not None:
            spare.stdin.close()
            spare.wait()


def _ordered(process: subprocess.Popen[bytes], line: bytes) -> subprocess.Popen[bytes]:
    if process.stdin is not None:
        with process.stdin:
            process.stdin.write(line)
    return process


def _new_supervisor() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-I", "-S", supervisor.__file__],
        env={},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
