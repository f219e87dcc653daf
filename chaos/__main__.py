"""`python -m chaos`: kills, checks, prints a line per point, the trace of each that failed, and a summary as JSON."""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from chaos.points import Point, points, replaced_points
from chaos.stack import Stack, stack
from chaos.storm import Storm
from chaos.trial import Outcome, Trial

RESULTS = Path("build") / "chaos.json"
SERVER_SECONDS = 5.0
"""The server is back that soon after its restart."""


class Report:
    """Collects outcomes from several threads and prints them."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.server_seconds: list[float] = []
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Print one line, and the trace of a failure."""
        word = "ok     " if outcome.passed else "FAILED "
        if outcome.passed and not outcome.reached:
            word = "missed "
        with self._lock:
            self.outcomes.append(outcome)
            sys.stdout.write(
                f"{time.monotonic() - self._began:7.1f} {len(self.outcomes):4} {word} {outcome.database:<8} "
                f"{outcome.point.name:<58} {outcome.seconds:5.1f} s"
                f"{'' if outcome.attempts <= 1 else f', {outcome.attempts} attempts'}"
                f"{f', {outcome.recreations} repeated' if outcome.recreations else ''}\n"
            )
            if not outcome.passed:
                sys.stdout.write("".join(f"         - {finding}\n" for finding in outcome.findings))
                sys.stdout.write(outcome.trace + "\n")
            sys.stdout.flush()

    def add_restarts(self, running: Stack) -> None:
        """Take over how long restarts took."""
        with self._lock:
            self.server_seconds += running.server_seconds

    def summary(self) -> str:
        """Write the JSON file and return what to say at the end."""
        reached = [outcome for outcome in self.outcomes if outcome.reached]
        failed = [outcome for outcome in self.outcomes if not outcome.passed]
        recoveries = sorted(outcome.recovery_seconds for outcome in reached)
        noticed = [outcome.noticed_seconds for outcome in reached if outcome.noticed_seconds is not None]
        document = {
            "points": len(self.outcomes),
            "killed": len(reached),
            "passed": len(self.outcomes) - len(failed),
            "failed": [outcome.point.name for outcome in failed],
            "recreations": sum(outcome.recreations for outcome in reached),
            "runsWithRecreations": sum(outcome.recreations > 0 for outcome in reached),
            "recoverySeconds": {
                "median": _at(recoveries, 0.5),
                "p95": _at(recoveries, 0.95),
                "max": _at(recoveries, 1),
            },
            "lostRunnerNoticedSeconds": noticed,
            "serverReadySeconds": {"restarts": len(self.server_seconds), "max": _at(sorted(self.server_seconds), 1)},
        }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(
            json.dumps({**document, "outcomes": [outcome.document() for outcome in self.outcomes]}, indent=1) + "\n"
        )
        return json.dumps(document, indent=2)


def main() -> int:
    """Carry out the chosen points; return 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "postgres", "all"], default="all")
    parser.add_argument("--points", type=int, default=0, help="how many points per database, a fixed sample; 0 = all")
    parser.add_argument("--only", help="points whose names contain this")
    parser.add_argument("--no-replaced", action="store_true", help="leave out the points that take minutes")
    parser.add_argument("--storm", type=float, default=0, help="instead of points: kill at random for so many seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the storm")
    chosen = parser.parse_args()
    databases = ["sqlite", "postgres"] if chosen.db == "all" else [chosen.db]
    if chosen.storm:
        return max([_storm(name, chosen.seed, chosen.storm) for name in databases])
    work = [(name, _chosen(points(name), chosen.points, chosen.only)) for name in databases]
    if not chosen.no_replaced and (not chosen.points or chosen.only):
        work.append((databases[0], _chosen(replaced_points(), 0, chosen.only)))
    report = Report()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    threads = [threading.Thread(target=_carry_out, args=(name, some, report, stopping)) for name, some in work if some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(report.summary() + "\n")
    late = [seconds for seconds in report.server_seconds if seconds > SERVER_SECONDS]
    if late:
        sys.stdout.write(f"{len(late)} of {len(report.server_seconds)} restarts of the server took over 5 s\n")
    return int(any(not outcome.passed for outcome in report.outcomes))


def _storm(database: str, seed: int, seconds: float) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="blockyard-chaos-") as folder,
        stack(Path(folder), database, concurrency=2) as running,
    ):
        weather = Storm(running, seed, seconds).run()
        kills = ", ".join(f"{count} {victims}" for victims, count in sorted(weather.kills.items()))
        sys.stdout.write(
            f"storm {seed} on {database}: {sum(weather.kills.values())} kills ({kills}), {weather.rounds} blocks ordered, "
            f"updated and destroyed, {weather.repeated} repeated, {len(weather.findings)} findings\n"
        )
        sys.stdout.write("".join(f"  - {finding}\n" for finding in weather.findings))
        if weather.findings:
            sys.stdout.write(running.log_tail() + "\n")
    return int(bool(weather.findings))


def _carry_out(database: str, some: Iterable[Point], report: Report, stopping: threading.Event) -> None:
    with tempfile.TemporaryDirectory(prefix="blockyard-chaos-") as folder, stack(Path(folder), database) as running:
        for point in some:
            if stopping.is_set():
                break
            report.add(Trial(running, point).run())
        report.add_restarts(running)


def _chosen(all_points: Sequence[Point], number: int, only: str | None) -> list[Point]:
    named = [point for point in all_points if only is None or only in point.name]
    mixed = random.Random(len(named)).sample(named, len(named))  # noqa: S311  the same order each time
    return mixed[:number] if number else mixed


def _at(values: Sequence[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None


if __name__ == "__main__":
    sys.exit(main())
