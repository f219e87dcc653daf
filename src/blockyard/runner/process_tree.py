"""Finds, watches and ends processes by what the kernel says about them."""

import contextlib
import os
import select
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blockyard.runner.frame.executor import HELPER_MARKER
from blockyard.runner.supervisor import start_time

_PROC = Path("/proc")
_PARENT, _SESSION = 1, 3
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
        below = descendants(root.pid)
        if not below:
            break
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)
    root.send(signal.SIGKILL)


def kill_orphans(root: ProcessIdentity, home: Path) -> None:
    """SIGKILL what was below `root`, which is gone: its session, and whatever left that but kept the run's `home`."""
    _kill_all(lambda: [*_session(root), *_marked(f"HOME={home}".encode())])


def kill_helpers(run_dir: Path) -> None:
    """SIGKILL what a runner that is gone had started by itself in `run_dir`: it would disturb its successor."""
    _kill_all(lambda: _marked(f"{HELPER_MARKER}={run_dir}".encode()))


def leader_in(root: ProcessIdentity) -> ProcessIdentity | None:
    """Return the living command that `root`, which is gone, has started: the first leader of a group in its session."""
    leaders = [process for pid in _session(root) if (process := _leader(pid)) is not None]
    return min(leaders, key=lambda process: process.started, default=None)


def _kill_all(find: Callable[[], list[int]]) -> None:
    end = time.monotonic() + _KILL_PATIENCE_SECONDS
    while (pids := find()) and time.monotonic() < end:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)


def _session(leader: ProcessIdentity) -> list[int]:
    """Return who lives in the session that `leader` began; its number is not given again before the session is empty."""
    if start_time(leader.pid) not in {0, leader.started}:
        return []
    return [pid for pid, fields in _stats() if int(fields[_SESSION]) == leader.pid and pid != leader.pid]


def _leader(pid: int) -> ProcessIdentity | None:
    with contextlib.suppress(OSError):
        if os.getpgid(pid) == pid and (started := start_time(pid)):
            return ProcessIdentity(pid, started)
    return None


def descendants(root: int) -> list[int]:
    """Return every living process below `root`."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid, fields in _stats():
        children[int(fields[_PARENT])].append(pid)
    found: list[int] = []
    queue = [root]
    while queue:
        below = children[queue.pop()]
        found += below
        queue += below
    return found


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())


def _stats() -> Iterator[tuple[int, list[bytes]]]:
    """Yield each living process with what its `stat` says behind its name."""
    for pid in _pids():
        with contextlib.suppress(OSError):
            fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            if fields and fields[0] not in {b"Z", b"X"}:
                yield pid, fields


def _marked(marker: bytes) -> list[int]:
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if marker in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return [pid for pid in found if start_time(pid)]
