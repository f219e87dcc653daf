"""`python -m bench`: measures, prints a table, writes bench/results.json."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure, table
from bench.orders import claims, throughput, whole_orders
from bench.processes import starts
from bench.states import state_cycles
from tests.support.installation import installation
from tests.support.postgres import postgres_server

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Measure everything on the chosen databases."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "postgres", "all"], default="all")
    parser.add_argument("--rounds", type=int, default=20, help="samples of each latency")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    databases = ["sqlite", "postgres"] if chosen.db == "all" else [chosen.db]
    for database in databases:
        for figure in _measure(database, chosen.rounds):
            figures.append(figure)
            sys.stderr.write(f"{figure.name} [{database}]: {figure.value:.2f} {figure.unit}\n")
    figures.extend(starts("sqlite", rounds=3))
    RESULTS.write_text(json.dumps([figure.document() for figure in figures], indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{table(figures)}\n\nwritten to bench/{RESULTS.name}\n")


def _measure(database: str, rounds: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if database == "sqlite":
            yield from _on(data, lambda: None, database, rounds)
            return
        with postgres_server() as server:
            yield from _on(data, lambda: server.url(server.create_database()), database, rounds)


def _on(data: Path, new_database: Callable[[], str | None], database: str, rounds: int) -> Iterator[Figure]:
    for concurrency in (1, 2):
        settings = {"BLOCKYARD_RUNNER_CONCURRENCY": str(concurrency)}
        with installation(data.with_name(f"data{concurrency}"), settings, database_url=new_database()) as blockyard:
            if concurrency == 1:
                yield from claims(blockyard, database, rounds=rounds * 2)
                yield from whole_orders(blockyard, database, rounds=rounds)
                yield from state_cycles(blockyard, database, rounds=rounds)
            yield from throughput(blockyard, database, orders=rounds, concurrency=concurrency)


if __name__ == "__main__":
    main()
