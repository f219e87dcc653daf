"""`python -m bench`: measures, prints a table, writes bench/results.json."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.drift import schedules
from bench.figures import Figure, table
from bench.graphs import bulk_upgrades, graphs, many_runners
from bench.groups import Group, Setting
from bench.kinds import kinds
from bench.large import large
from bench.logs import logs
from bench.orders import burst, claims, engine_starts, first_lines, throughput, whole_orders
from bench.plans import plans
from bench.processes import starts
from bench.providers import provider_orders
from bench.resources import resource_search
from bench.screens import screens
from bench.states import state_cycles
from tests.support.postgres import SETTINGS, postgres_server

RESULTS = Path(__file__).parent / "results.json"

POSTGRES = {
    **SETTINGS,
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "256MB",
}
"""As durable as the server's defaults; tests have theirs keep nothing."""

GROUPS: Mapping[str, Group] = {
    "claims": claims,
    "runners": many_runners,
    "graphs": graphs,
    "upgrades": bulk_upgrades,
    "first-line": first_lines,
    "orders": whole_orders,
    "providers": provider_orders,
    "engine-starts": engine_starts,
    "state": state_cycles,
    "resources": resource_search,
    "plans": plans,
    "schedules": schedules,
    "throughput": throughput,
    "burst": burst,
    "logs": logs,
    "large": large,
    "screens": screens,
    "kinds": kinds,
    "starts": starts,
}
"""What `--only` names, in the order of measuring."""


def main() -> None:
    """Measure the chosen groups on the chosen databases."""
    chosen = _arguments()
    figures: list[Figure] = []
    for database in ["sqlite", "postgres"] if chosen.db == "all" else [chosen.db]:
        with _setting(
            database, rounds=chosen.rounds, blocks=chosen.blocks, burst=chosen.burst, graph=chosen.graph
        ) as setting:
            for name in chosen.only:
                for figure in GROUPS[name](setting):
                    figures.append(figure)
                    sys.stderr.write(f"{figure.name} [{database}]: {figure.value:.2f} {figure.unit}\n")
    sys.stdout.write(f"{table(figures)}\n")
    if tuple(chosen.only) == tuple(GROUPS):
        RESULTS.write_text(json.dumps([figure.document() for figure in figures], indent=2, ensure_ascii=False) + "\n")
        sys.stdout.write(f"\nwritten to bench/{RESULTS.name}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "postgres", "all"], default="all")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each latency")
    parser.add_argument(
        "--blocks",
        type=int,
        default=100_000,
        help="blocks of the large database, ten runs and ten resources each, and things of each kind",
    )
    parser.add_argument("--burst", type=int, default=1_000, help="how many orders come at once")
    parser.add_argument("--graph", type=int, default=10_000, help="blocks of the large graphs")
    parser.add_argument(
        "--only", type=_groups, default=list(GROUPS), metavar="GROUP,…", help=f"some of {', '.join(GROUPS)}"
    )
    return parser.parse_args()


def _groups(text: str) -> Sequence[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return names


@contextmanager
def _setting(database: str, *, rounds: int, blocks: int, burst: int, graph: int) -> Iterator[Setting]:
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            yield Setting(database, Path(folder), lambda: None, rounds, blocks, burst, graph)
            return
        with postgres_server(POSTGRES) as server:
            yield Setting(
                database, Path(folder), lambda: server.url(server.create_database()), rounds, blocks, burst, graph
            )


if __name__ == "__main__":
    main()
