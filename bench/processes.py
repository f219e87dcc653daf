"""The server process itself: how fast it starts, how much memory it keeps while idle and after large bodies."""

import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, median
from bench.groups import Setting
from bench.states import State
from tests.support.installation import Installation, installation

ROUNDS = 3
_LARGE_STATES = 20
_LARGE_STATE = [12_000_000] * 4


def starts(setting: Setting) -> Iterator[Figure]:
    """Start `blockyard up` again and again on one data directory, on SQLite only; then look at memory after large bodies."""
    if setting.database == "sqlite":
        yield from _starts(setting.new_data(), setting.database, rounds=ROUNDS)
    with setting.installation() as blockyard:
        yield _after_large_bodies(blockyard, setting.database)


def _starts(data: Path, database: str, *, rounds: int) -> Iterator[Figure]:
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        with installation(data) as blockyard:
            seconds.append(time.perf_counter() - started)
            time.sleep(3)
            memory.append(_pss_of_tree(blockyard.process.pid))
    yield Figure("`up`: start → healthy (second start)", database, median(seconds[1:]), "s", budget=1.5, samples=rounds)
    yield Figure(
        "idle memory of server and runner (PSS)", database, median(memory), "MB", budget=150, samples=rounds + 1
    )


def _after_large_bodies(blockyard: Installation, database: str) -> Figure:
    state = State(blockyard)
    time.sleep(3)
    idle = _pss_of_tree(blockyard.process.pid)
    for _ in range(_LARGE_STATES):
        state.cycle(_LARGE_STATE)
    time.sleep(5)
    return Figure(
        "memory after large bodies (PSS)",
        database,
        _pss_of_tree(blockyard.process.pid),
        "MB",
        comparator=idle,
        comparator_name="idle before",
        budget=idle * 1.5,
        samples=_LARGE_STATES,
    )


def _pss_of_tree(pid: int) -> float:
    """Return the proportional set size of a process and its descendants, in MB."""
    total = _pss(pid)
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += sum(_pss_of_tree(int(child)) for child in (task / "children").read_text().split())
    return total


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
