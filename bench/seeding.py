"""Fills a database with many copies of one real block, its runs and all that belongs to them, by SQL in the database itself.

The rows of a template, made over HTTP, are copied with other ids, names, owners and times; so a column that this module
knows nothing of has a real value, too. Ids are hashes, as random as real ones, that the load can compute as well.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

RUNS_PER_BLOCK = 10
BLOCKS_PER_WORKSPACE = 100
DEFINITIONS = 40
PROVIDERS = 8
STEPS = ("prepare", "init", "apply")

_SPAN = timedelta(days=365)
"""The runs are spread over so long before now, evenly."""

_STATUS = "CASE WHEN n % 20 < 17 THEN 'SUCCEEDED' WHEN n % 20 < 19 THEN 'FAILED' ELSE 'WAITING_FOR_USER_INPUT' END"


def seeded_id(kind: str, number: int) -> UUID:
    """Return the id of the `number`-th row of a kind."""
    return UUID(bytes=hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).digest())


@dataclass(frozen=True, slots=True)
class Template:
    """What is copied: the ids of one block of a released definition and of its finished run."""

    workspace: str
    definition: str
    version: str
    block: str
    run: str


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is."""

    blocks: int

    @property
    def runs(self) -> int:
        """How many runs."""
        return self.blocks * RUNS_PER_BLOCK

    @property
    def workspaces(self) -> int:
        """How many workspaces have blocks."""
        return max(10, self.blocks // BLOCKS_PER_WORKSPACE)


def seed(url: str, template: Template, scale: Scale) -> None:
    """Fill the database at `url`, which no server uses meanwhile."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    step_seconds = _SPAN.total_seconds() / scale.runs
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite(step_seconds))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            _prepare_postgres(connection, step_seconds)
        _Copier(connection, template, scale).copy_all()
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP FUNCTION seed_id, seed_uuid, seed_time")
    if engine.dialect.name == "postgresql":  # what its autovacuum does in the first minutes
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


class _Copier:
    """Copies template rows; everything is an expression of the running number `n`."""

    def __init__(self, connection: Connection, template: Template, scale: Scale) -> None:
        self._connection = connection
        self._template = template
        self._scale = scale

    def copy_all(self) -> None:
        """Copy all tables, referenced ones first."""
        scale, template = self._scale, self._template
        block = self._block()
        workspace = {"name": _team("n"), "display_name": "'Team ' || n", "created_at": "seed_time(0)"}
        self._copy("workspaces", f"name = '{template.workspace}'", scale.workspaces, workspace)
        self._copy("definitions", _is("id", template.definition), DEFINITIONS, self._definition())
        for number in (1, 2):
            self._copy("definition_versions", _is("id", template.version), DEFINITIONS, self._version(number))
        self._copy("blocks", _is("id", template.block), scale.blocks, block)
        self._runs(block)
        self._records()
        self._connection.execute(
            text(
                "INSERT INTO block_parents (child_id, parent_id, definition_id, position) "
                "SELECT b.id, p.id, p.definition_id, 0 FROM blocks b JOIN blocks p ON p.id = seed_id('block', "
                "CAST(substr(b.display_name, 7) AS integer) - 1) WHERE b.display_name LIKE 'block-%7'"
            )
        )

    def _definition(self) -> Mapping[str, str]:
        return {
            "id": "seed_id('definition', n)",
            "workspace": _provider("n"),
            "display_name": "'Definition ' || n",
            "latest_version_id": "seed_id('version2-', n)",
            "released_version_id": "seed_id('version2-', n)",
            "created_at": "seed_time(n)",
        }

    def _version(self, number: int) -> Mapping[str, str]:
        return {
            "id": f"seed_id('version{number}-', n)",
            "definition_id": "seed_id('definition', n)",
            "workspace": _provider("n"),
            "number": str(number),
            "created_at": "seed_time(n)",
        }

    def _block(self) -> Mapping[str, str]:
        return {
            "id": "seed_id('block', n)",
            "display_name": "'block-' || n",
            "name": "'Block ' || n",
            "workspace": _team(f"n % {self._scale.workspaces}"),
            **_of_definition("n"),
            "status": _STATUS,
            "lifecycle": "CASE WHEN n % 25 = 24 THEN 'DELETED' ELSE 'ACTIVE' END",
            "deleted_at": "CASE WHEN n % 25 = 24 THEN seed_time(n) END",
            "latest_run_id": f"seed_id('run', n + {self._scale.runs - self._scale.blocks})",
            "created_at": "seed_time(n)",
        }

    def _runs(self, block: Mapping[str, str]) -> None:
        scale, template = self._scale, self._template
        of_block = f"n % {scale.blocks}"
        run = {
            "id": "seed_id('run', n)",
            "number": f"n / {scale.blocks} + 1",
            "block_id": f"seed_id('block', {of_block})",
            "display_name": f"'block-' || ({of_block})",
            "workspace": block["workspace"].replace("n %", f"({of_block}) %"),
            **_of_definition(f"({of_block})"),
            "created_at": "seed_time(n)",
            "due_at": "seed_time(n)",
            "claimed_at": "seed_time(n)",
            "finished_at": "seed_time(n)",
            "status": "CASE WHEN n % 20 < 17 THEN 'SUCCEEDED' ELSE 'FAILED' END",
        }
        self._copy("runs", _is("id", template.run), scale.runs, run)

    def _records(self) -> None:
        """Copy what belongs to the newest run of each block; documents and logs to a tenth of them."""
        scale, template = self._scale, self._template
        newest = {"run_id": f"seed_id('run', n + {scale.runs - scale.blocks})"}
        of_run = _is("run_id", template.run)
        self._copy("run_attempts", of_run, scale.blocks, {**newest, "token_hash": "'seed' || n"})
        for table in ("run_sources", "run_steps", "run_outputs"):
            self._copy(table, of_run, scale.blocks, newest)
        for table in ("run_documents", "run_log_chunks"):
            self._copy(table, of_run, scale.blocks // 10, newest)
        an_event = {
            "id": "seed_id('event', n)",
            "at": "seed_time(n)",
            "workspace": _team(f"n % {scale.workspaces}"),
            "subject_id": "CAST(seed_id('run', n) AS varchar(36))",
        }
        one = f"subject_id = '{template.run}' AND title = 'Building Block Run Requested'"
        self._copy("events", one, scale.runs, an_event)

    def _copy(self, table: str, which: str, count: int, changed: Mapping[str, str]) -> None:
        columns = [column["name"] for column in inspect(self._connection).get_columns(table)]
        targets = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
        self._connection.execute(
            text(
                f"INSERT INTO {table} ({targets}) WITH RECURSIVE numbers(n) AS "  # noqa: S608  all of it is from here
                f"(SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}), "
                f"t AS (SELECT * FROM {table} WHERE {which}) SELECT {values} FROM numbers, t"
            )
        )


def _of_definition(number: str) -> Mapping[str, str]:
    version = f"({number} / {DEFINITIONS} % 2 + 1)"
    return {
        "provider": _provider(f"{number} % {DEFINITIONS}"),
        "definition_id": f"seed_id('definition', {number} % {DEFINITIONS})",
        "version_id": f"seed_id('version' || {version} || '-', {number} % {DEFINITIONS})",
        "version_number": version,
    }


def _team(number: str) -> str:
    return f"('team-' || ({number}))"


def _provider(number: str) -> str:
    return f"('team-' || ({number} % {PROVIDERS}))"


def _is(column: str, uuid: str) -> str:
    return f"{column} = seed_uuid('{uuid}')"


def _prepare_sqlite(step_seconds: float) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    begin = datetime.now(UTC) - _SPAN

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise TypeError("no connection of sqlite3")
        connection.create_function("seed_id", 2, lambda kind, n: seeded_id(kind, n).hex, deterministic=True)
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
        "seed_uuid(id text) RETURNS uuid AS $$ SELECT id::uuid $$",
        f"seed_time(n bigint) RETURNS timestamptz AS $$ SELECT {since} + n * interval '{step_seconds:.6f} s' $$",
    )
    for function in functions:
        connection.exec_driver_sql(f"CREATE FUNCTION {function} LANGUAGE sql STABLE")
