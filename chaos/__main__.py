"""`python -m chaos`: kills, checks, prints a line per point, the trace of each that failed, and a summary as JSON."""

import argparse
import json
import queue
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos.disk_trials import run_disk_trials
from chaos.graphs.plan_trial import PlanTrial
from chaos.graphs.points import PLANS
from chaos.graphs.trial import GraphTrial, graph_stack
from chaos.points import Point
from chaos.report import PATH, Report
from chaos.selection import (
    DEFAULT_POINTS,
    GRAPH_STACKS,
    PLAN_STACKS,
    STACKS,
    Work,
    choose,
    choose_of_graphs,
    choose_of_plans,
    in_pieces,
)
from chaos.stack import Stack, stack
from chaos.storm import Storm
from chaos.trial import Outcome, Trial

PARALLEL = 2
"""How many stacks are killed in at once; beside them one waits for lost runners."""


def main() -> int:
    """Carry out the chosen points; return 1 when something is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument(
        "--stack", choices=[*STACKS, *GRAPH_STACKS, "all"], default="all", help="replicas: two servers on PostgreSQL"
    )
    parser.add_argument("--graphs", action="store_true", help="points of whole graphs of blocks")
    parser.add_argument("--plans", action="store_true", help="points of plans, approvals and restored states")
    parser.add_argument("--points", type=int, default=DEFAULT_POINTS, help="how many, the same each time (%(default)s)")
    parser.add_argument("--all", action="store_true", help="every point there is")
    parser.add_argument("--only", help="points whose names contain this; a whole name repeats one")
    parser.add_argument(
        "--no-lost", action="store_true", help="leave out the runners lost for good, which take minutes"
    )
    parser.add_argument("--parallel", type=int, default=PARALLEL, help="how many stacks at once (%(default)s)")
    parser.add_argument("--storm", type=float, default=0, help="instead of points: kill at random for so many seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the storm")
    parser.add_argument("--disks", action="store_true", help="instead of points: full and read-only disks (needs root)")
    chosen = parser.parse_args()
    if chosen.disks:
        return run_disk_trials(chosen.only)
    every = tuple(PLAN_STACKS) if chosen.plans else tuple(GRAPH_STACKS) if chosen.graphs else STACKS
    stacks = every if chosen.stack == "all" else (chosen.stack,)
    if chosen.storm:
        return max([_storm(name, chosen.seed, chosen.storm) for name in stacks])
    number = None if chosen.all else chosen.points
    if chosen.plans:
        work = choose_of_plans(stacks, number, chosen.only)
    elif chosen.graphs:
        work = choose_of_graphs(stacks, number, chosen.only)
    else:
        work = choose(stacks, number, chosen.only, lost=not chosen.no_lost)
    report = Report()
    _carry_out(work, report, chosen.parallel)
    summary = report.write()
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    problems = report.problems()
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.stdout.write(f"everything is in {PATH}\n")
    return int(bool(problems))


def _carry_out(work: Work, report: Report, parallel: int) -> None:
    """Share the work among threads; it is given up at the end of a point on SIGINT or SIGTERM."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    lost = [piece for piece in work if piece[1][0].is_replaced]
    rest: queue.SimpleQueue[tuple[str, Sequence[Point]]] = queue.SimpleQueue()
    for piece in in_pieces([piece for piece in work if piece not in lost]):
        rest.put(piece)

    def work_off() -> None:
        while not stopping.is_set():
            try:
                _on_a_stack(*rest.get_nowait(), report, stopping)
            except queue.Empty:
                return

    threads = [threading.Thread(target=_on_a_stack, args=(*piece, report, stopping)) for piece in lost]
    threads += [threading.Thread(target=work_off) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _on_a_stack(name: str, some: Sequence[Point], report: Report, stopping: threading.Event) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="blockyard-chaos-") as folder, _opened(Path(folder), name) as opened:
            running, carry_out = opened
            try:
                for point in some:
                    if stopping.is_set():
                        break
                    report.add(carry_out(point))
            finally:
                report.add_restarts(running)
    except (OSError, RuntimeError, AssertionError) as problem:
        report.add_breakdown(name, problem)


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[tuple[Stack, Callable[[Point], Outcome]]]:
    """Start a stack; give it, and what carries out a point on it."""
    if name in GRAPH_STACKS:
        with graph_stack(folder, name) as ground:
            yield ground.stack, lambda point: (PlanTrial if point.action in PLANS else GraphTrial)(ground, point).run()
        return
    with stack(folder, name) as running:
        yield running, lambda point: Trial(running, point).run()


def _storm(name: str, seed: int, seconds: float) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="blockyard-chaos-") as folder,
        stack(Path(folder), name, concurrency=2) as running,
    ):
        weather = Storm(running, seed, seconds).run()
        kills = ", ".join(f"{count} {victims}" for victims, count in sorted(weather.kills.items()))
        sys.stdout.write(
            f"storm {seed} on {name}: {sum(weather.kills.values())} kills ({kills}), {weather.rounds} blocks ordered, "
            f"updated and destroyed, {weather.repeated} repeated, {len(weather.findings)} findings\n"
        )
        sys.stdout.write("".join(f"  - {finding}\n" for finding in weather.findings))
        if weather.findings:
            sys.stdout.write(running.log_tail() + "\n")
    return int(bool(weather.findings))


if __name__ == "__main__":
    sys.exit(main())
