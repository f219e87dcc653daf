"""What a group of measurements is given, and how it starts what it measures."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.figures import Figure
from tests.support.installation import Installation, installation


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a group measures, and how much; `new_database` makes an empty database, None means SQLite."""

    database: str
    folder: Path
    new_database: Callable[[], str | None]
    rounds: int
    blocks: int
    burst: int
    graph: int
    _numbers: Iterator[int] = field(default_factory=count)

    def new_data(self) -> Path:
        """Return a folder for the data directory of one more installation."""
        return self.folder / f"data{next(self._numbers)}"

    def installation(
        self, settings: Mapping[str, str] | None = None, *, concurrency: int = 1
    ) -> AbstractContextManager[Installation]:
        """Return a fresh installation whose embedded runner executes `concurrency` runs at a time."""
        variables = {"BLOCKYARD_RUNNER_CONCURRENCY": str(concurrency), **(settings or {})}
        return installation(self.new_data(), variables, database_url=self.new_database())


Group = Callable[[Setting], Iterator[Figure]]
"""Measures one thing on one database. Groups start installations of their own and know nothing of each other."""
