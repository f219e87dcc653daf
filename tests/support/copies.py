"""Copies rows many times, by SQL in the database itself: what takes seconds where requests would take hours.

Columns that nobody names have the value of the copied row, so one that nobody here knows of has a real value, too. What
differs is an expression of the running number `n`, with functions that both databases get:

- `seed_id(kind, n)` is the id of the `n`-th of a kind, a hash as random as real ones, which `seeded_id` can compute as well;
  `seed_text(kind, n)` is the same as text;
- `seed_uuid(text)` is a known id;
- `seed_time(n)` is an instant: they are spread evenly over the year before now.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from blockyard.server.kit.database import metadata

_SPAN = timedelta(days=365)


def seeded_id(kind: str, number: int) -> UUID:
    """Return the id of the `number`-th row of a kind."""
    return UUID(bytes=hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).digest())


def is_id(column: str, uuid: str) -> str:
    """Return the condition that a column has an id."""
    return f"{column} = seed_uuid('{uuid}')"


class Copies:
    """Copies rows in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def copy(
        self, table: str, which: str, numbers: range, changed: Mapping[str, str], *, source: str | None = None
    ) -> None:
        """Copy the row of which a condition holds, once for each number; with `source` it is a row of that table.

        `changed` are expressions by columns; those of a row of another table say all of it.
        """
        columns = [column["name"] for column in inspect(self._connection).get_columns(table)]
        targets = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(changed[column] if source else changed.get(column, f't."{column}"') for column in columns)
        self.execute(
            f"INSERT INTO {table} ({targets}) WITH RECURSIVE numbers(n) AS "  # noqa: S608  all of it is from here
            f"(SELECT {numbers.start} UNION ALL SELECT n + {numbers.step} FROM numbers WHERE n + {numbers.step} < {numbers.stop}), "
            f"t AS (SELECT * FROM {source or table} WHERE {which}) SELECT {values} FROM numbers, t"
        )

    @contextmanager
    def without_indexes(self, *names: str) -> Iterator[None]:
        """Build the indexes of some tables at the end, and check no references: that takes a fraction of the time."""
        indexes = [
            index for name in names for index in sorted(metadata.tables[name].indexes, key=lambda one: str(one.name))
        ]
        for index in indexes:
            index.drop(self._connection)
        is_postgres = self._connection.dialect.name == "postgresql"
        if is_postgres:
            self.execute("SET LOCAL session_replication_role = replica")
        yield
        if is_postgres:
            self.execute("SET LOCAL session_replication_role = origin")
        for index in indexes:
            index.create(self._connection)

    def execute(self, statement: str) -> None:
        """Execute a statement that copies otherwise."""
        self._connection.execute(text(statement))


@contextmanager
def copying(url: str, count: int) -> Iterator[Copies]:
    """Give what fills the database at `url`, in which nobody else writes meanwhile; `count` instants fill the year."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    step_seconds = _SPAN.total_seconds() / count
    is_postgres = engine.dialect.name == "postgresql"
    if not is_postgres:
        event.listen(engine, "connect", _prepare_sqlite(step_seconds))
    with engine.begin() as connection:
        if is_postgres:
            _prepare_postgres(connection, step_seconds)
        yield Copies(connection)
        if is_postgres:
            connection.exec_driver_sql("DROP FUNCTION seed_id, seed_text, seed_uuid, seed_time")
    if is_postgres:  # what its autovacuum and its checkpoints do in the first minutes
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _prepare_sqlite(step_seconds: float) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    begin = datetime.now(UTC) - _SPAN

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise TypeError("no connection of sqlite3")
        connection.create_function("seed_id", 2, lambda kind, n: seeded_id(kind, n).hex, deterministic=True)
        connection.create_function("seed_text", 2, lambda kind, n: str(seeded_id(kind, n)), deterministic=True)
        connection.create_function("seed_uuid", 1, lambda uuid: UUID(uuid).hex, deterministic=True)
        connection.create_function(
            "seed_time",
            1,
            lambda n: (begin + timedelta(seconds=n * step_seconds)).strftime("%Y-%m-%d %H:%M:%S.%f"),
            deterministic=True,
        )
        for pragma in ("synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    return prepare


def _prepare_postgres(connection: Connection, step_seconds: float) -> None:
    since = f"now() - interval '{_SPAN.days} days'"
    functions = (
        "seed_id(kind text, n bigint) RETURNS uuid AS $$ SELECT md5(kind || n)::uuid $$",
        "seed_text(kind text, n bigint) RETURNS text AS $$ SELECT md5(kind || n)::uuid::text $$",
        "seed_uuid(id text) RETURNS uuid AS $$ SELECT id::uuid $$",
        f"seed_time(n bigint) RETURNS timestamptz AS $$ SELECT {since} + n * interval '{step_seconds:.6f} s' $$",
    )
    for function in functions:
        connection.exec_driver_sql(f"CREATE FUNCTION {function} LANGUAGE sql STABLE")
