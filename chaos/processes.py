"""Finds and kills processes as a power switch does."""

import os
import signal
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def parents() -> dict[int, int]:
    """Return the parent of every living process."""
    found = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError):
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if fields[0] not in {b"Z", b"X"}:
                    found[int(entry.name)] = int(fields[1])
    return found


def descendants(root: int) -> list[int]:
    """Return every process below `root`."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid, parent in parents().items():
        children[parent].append(pid)
    found: list[int] = []
    queue = [root]
    while queue:
        below = children[queue.pop()]
        found += below
        queue += below
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie does not."""
    try:
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[0] not in {b"Z", b"X"}
    except OSError:
        return False


def freeze(pids: list[int]) -> None:
    """Let processes do nothing more."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def kill_at_once(pids: list[int]) -> None:
    """SIGKILL processes so that none sees another die: all are stopped first."""
    freeze(pids)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.005)


def of_runs_below(work_dir: Path) -> list[int]:
    """Return the processes that belong to runs in `work_dir`: by their mark, their folder or their words."""
    place = str(work_dir / "runs").encode()
    found = []
    for pid in parents():
        if pid == os.getpid():
            continue
        with suppress(OSError):
            folder = _PROC / str(pid)
            marks = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            if place in marks or os.fsencode(os.readlink(folder / "cwd")).startswith(place):  # noqa: PTH115  not a file
                found.append(pid)
    return found


def words_of(pid: int) -> str:
    """Return the command line of a process."""
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    except OSError:
        return "gone"
