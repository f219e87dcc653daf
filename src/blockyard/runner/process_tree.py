"""Finds, watches and ends processes by what the kernel says about them."""

import contextlib
import os
import select
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blockyard.runner.supervisor import start_time

HELPER_MARKER = "BLOCKYARD_HELPER_OF"
"""The variable that marks what a runner starts by itself in a run's directory, such as git; its successor ends that."""

_PROC = Path("/proc")
_KILL_PATIENCE_SECONDS = 5.0
_KILL_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that cannot be mistaken for a later one of the same number."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Signal it if it still runs."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def wait_for_exit(process: ProcessIdentity, seconds: float) -> bool:
    """Wait until the process is gone, at most `seconds`; tell whether it is."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return True
    try:
        if not process.is_alive():
            return True
        watch = select.poll()
        watch.register(descriptor, select.POLLIN)
        return bool(watch.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def kill_tree(root: ProcessIdentity) -> None:
    """SIGKILL everything below `root` and then itself, until nothing is left."""
    end = time.monotonic() + _KILL_PATIENCE_SECONDS
    while root.is_alive() and time.monotonic() < end:
        below = _descendants(root.pid)
        if not below:
            break
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)
    root.send(signal.SIGKILL)


def kill_marked(marker: str) -> None:
    """SIGKILL every process whose environment carries `marker`; for a tree that lost its root."""
    end = time.monotonic() + _KILL_PATIENCE_SECONDS
    while (pids := _marked(marker.encode())) and time.monotonic() < end:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)


def kill_helpers(run_dir: Path) -> None:
    """SIGKILL what a runner that is gone had started by itself in `run_dir`: it would disturb its successor."""
    kill_marked(f"{HELPER_MARKER}={run_dir}")


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for pid, parent in _parents():
        children[parent].append(pid)
    found: list[int] = []
    queue = [root]
    while queue:
        below = children[queue.pop()]
        found += below
        queue += below
    return found


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())


def _parents() -> Iterator[tuple[int, int]]:
    for pid in _pids():
        with contextlib.suppress(OSError):
            fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] != b"Z":
                yield pid, int(fields[1])


def _marked(marker: bytes) -> list[int]:
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if marker in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return [pid for pid in found if start_time(pid)]
