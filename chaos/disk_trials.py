"""`python -m chaos --disks`: all that can be wrong with the disk of the data directory, in a mount namespace of our own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from chaos.disks import PLACES, Full, ReadOnly, Unwritable, small_disk, start_in, take_away
from chaos.stack import Stack, stack

_INSIDE = "BLOCKYARD_CHAOS_OWN_MOUNTS"
_NEEDS_ROOT = """\
The disk trials mount a small file system. That needs root, or a kernel that lets users do so in a namespace of their own
(`unshare --user --map-root-user --mount mount -t tmpfs none /mnt` must work). `make test` has the part that needs neither.
"""


def run_disk_trials(only: str | None) -> int:
    """Carry out all trials, or those whose names contain `only`; return 1 when one failed, 2 when they are impossible."""
    if _INSIDE not in os.environ:
        return _go_inside()
    with tempfile.TemporaryDirectory(prefix="blockyard-chaos-") as name:
        folder = Path(name)
        with small_disk(folder / "data"), stack(folder, "sqlite") as running:
            chosen = [(name, trial) for name, trial in _trials(running).items() if only is None or only in name]
            failed = sum(not _carry_out(name, trial) for name, trial in chosen)
    sys.stdout.write(f"{len(chosen)} disk trials, {failed} failed\n")
    return int(failed > 0 or not chosen)


def _trials(running: Stack) -> dict[str, Callable[[], list[str]]]:
    full, read_only, unwritable = Full(running.data), ReadOnly(running.data), Unwritable(running)
    trials: dict[str, Callable[[], list[str]]] = {}
    for place in PLACES:
        trials[f"full/{place}"] = lambda place=place: take_away(running, full, place)  # type: ignore[misc]  # bound now
        trials[f"unwritable/{place}"] = lambda place=place: take_away(running, unwritable, place)  # type: ignore[misc]  # same
    trials["full/start"] = lambda: start_in(running, full, must_fail=False)
    trials["read-only/start"] = lambda: start_in(running, read_only, must_fail=True)
    return trials


def _carry_out(name: str, trial: Callable[[], list[str]]) -> bool:
    began = time.monotonic()
    try:
        findings = trial()
    except (AssertionError, OSError, RuntimeError, httpx2.HTTPError) as problem:
        findings = [f"{type(problem).__name__}: {problem}"]
    sys.stdout.write(f"{'FAILED' if findings else 'ok':<7} {name:<28} {time.monotonic() - began:5.1f} s\n")
    sys.stdout.write("".join(f"         - {finding}\n" for finding in findings))
    sys.stdout.flush()
    return not findings


def _go_inside() -> int:
    """Run this program again where its mounts are nobody else's and end with it."""
    words = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        words += ["--user", "--map-root-user"]
    probe = [*words, "mount", "-t", "tmpfs", "chaos", tempfile.gettempdir()]
    try:
        possible = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        possible = False
    if not possible:
        sys.stderr.write(_NEEDS_ROOT)
        return 2
    again = [*words, sys.executable, "-m", "chaos", *sys.argv[1:]]
    return subprocess.run(again, env={**os.environ, _INSIDE: "1"}, check=False).returncode
