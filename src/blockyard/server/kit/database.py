"""SQLite and PostgreSQL behind one door: `write` and `read` run a plain function in one transaction in a worker thread.

The function takes a `Transaction` and returns a value. It may run again from the start, up to `ATTEMPTS` times, when another
transaction got in its way (a revision that moved, a serialization failure, a busy database), so it has no effect outside
the database. SQLite has one writer thread and several readers; PostgreSQL a pool of threads.
"""

import asyncio
import contextvars
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar, cast

import structlog
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine import URL, CursorResult
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.sql import Executable

from blockyard.server.kit.errors import Conflict, Refusal, Stale, Unavailable
from blockyard.server.kit.listener import Listener
from blockyard.server.kit.notifier import Notifier
from blockyard.server.kit.signals import Signals
from blockyard.server.kit.storage import storage_refusal

log = structlog.get_logger(__name__)
T = TypeVar("T")

ATTEMPTS = 8
"""How often a transaction that met a clash is tried in all."""

_IN_TURN_FROM = 3
"""From which attempt on transactions of PostgreSQL that keep meeting clashes go one after another.

Each of them can then only lose to one that is tried for the first or second time, not to others that keep losing.
"""

_TURN = 0x7475_726E
"""The advisory lock of the database that those hold which go one after another."""

READERS = 8
"""Threads (and connections) that read; on PostgreSQL also as many that write."""

BUSY_SECONDS = 10
"""How long SQLite waits for another process's write lock."""

_PAUSE_SECONDS = 0.01
_SERIALIZATION_STATES = frozenset({"40001", "40P01", "55P03"})

_BY_NAME = {"_result_disable_adapt_to_context": True}
"""Stores take the columns of a row by name. Making each row known by column objects, too, is a twentieth of a request.

The option is SQLAlchemy's own for its ORM and undocumented; a version without it would ignore it and be slower again.
"""

before_commit: contextvars.ContextVar[Callable[["Transaction"], None] | None] = contextvars.ContextVar(
    "before_commit", default=None
)
"""What the current request adds to each of its writing transactions, in the same commit (see `kit.idempotency`)."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the server; each store adds its own."""


class _LostBeforeCommit(Exception):
    """The connection turned out to be lost before anything was committed, as after a restart of PostgreSQL."""


class _ThrownAway(Exception):
    """Ends a rehearsal, so that nothing of it is committed."""

    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


class Transaction:
    """One open transaction. Stores execute statements on it; use cases may ask for wake-ups after its commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.topics: dict[str, None] = {}
        self.memory: dict[object, object] = {}
        """What `kit.memory` keeps for the stores."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._connection.dialect.name

    def execute(
        self, statement: Executable, values: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[tuple[object, ...]]:
        """Execute `statement`, with the values of its parameters if given: once for each of several mappings."""
        return self._connection.execute(statement, values)

    def wake(self, topic: str) -> None:
        """Wake whoever listens to `topic`, here and in every replica, once this transaction is committed."""
        self.topics[topic] = None

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what is done within, and nothing else, if it is refused."""
        topics = dict(self.topics)
        try:
            with self._connection.begin_nested():
                yield
        except Refusal:
            self.topics = topics
            self.memory.clear()  # stores remember what they wrote
            raise


class Database:
    """Runs functions in transactions. Open it with `Database.open`, close it with `close`."""

    def __init__(self, url: URL, signals: Signals) -> None:
        self.url = url
        self.signals = signals
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._write_engine = _sqlite_engine(url, begin="BEGIN IMMEDIATE", threads=1)
            self._read_engine = _sqlite_engine(url, begin="BEGIN", threads=READERS)
        else:
            self._write_engine = _postgres_engine(url)
            # each statement has a snapshot of its own either way: this spares BEGIN and COMMIT
            self._read_engine = self._write_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = self._write_engine.execution_options(**_BY_NAME)
        self._reading = self._read_engine.execution_options(**_BY_NAME)
        self._reading_at_once = (
            self._reading if self.is_sqlite else self._writing.execution_options(isolation_level="REPEATABLE READ")
        )
        self._writers = ThreadPoolExecutor(1 if self.is_sqlite else READERS, "write")
        self._readers = ThreadPoolExecutor(READERS, "read")
        origin, dsn = secrets.token_hex(8), url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listener = None if self.is_sqlite else Listener(dsn, signals, origin)
        self._notifier = None if self.is_sqlite else Notifier(dsn, origin)

    @classmethod
    def open(cls, url: str, signals: Signals | None = None) -> "Database":
        """Open `sqlite:////absolute/path` or `postgresql://…`; connections are made when they are needed."""
        parsed = make_url(url)
        driver = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}.get(parsed.get_backend_name())
        if driver is None:
            raise ValueError("the database URL must begin with sqlite:// or postgresql://")
        return cls(parsed.set(drivername=driver), signals or Signals())

    @property
    def engine(self) -> Engine:
        """The engine for migrations."""
        return self._write_engine

    def listen(self) -> None:
        """Begin to receive wake-ups of other replicas (PostgreSQL); nothing to do on SQLite."""
        if self._listener is not None:
            self._listener.start()

    async def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn` in a transaction that may write, commit, and return its result."""
        return await asyncio.wrap_future(self._submit(self._writers, self._writing, _with_addition(fn)))

    async def rehearse(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn` in a transaction that may write and return its result; nothing of it is kept, nobody is woken."""

        def rehearsed(tx: Transaction) -> None:
            with structlog.contextvars.bound_contextvars(rehearsal=True):
                found = fn(tx)
            raise _ThrownAway(found)

        try:
            await asyncio.wrap_future(self._submit(self._writers, self._writing, rehearsed))
        except _ThrownAway as end:
            return cast("T", end.result)
        raise AssertionError("unreachable: a rehearsal ends with an exception")

    async def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn` in a transaction that only reads and return its result.

        On PostgreSQL each statement sees what was committed before it.
        """
        return await asyncio.wrap_future(self._submit(self._readers, self._reading, fn))

    async def read_consistently(self, fn: Callable[[Transaction], T]) -> T:
        """Do what `read` does, but all statements see the same state: for what must neither miss nor repeat anything."""
        return await asyncio.wrap_future(self._submit(self._readers, self._reading_at_once, fn))

    def write_now(self, fn: Callable[[Transaction], T]) -> T:
        """Do what `write` does, for callers that are no coroutine."""
        return self._submit(self._writers, self._writing, _with_addition(fn)).result()

    def read_now(self, fn: Callable[[Transaction], T]) -> T:
        """Do what `read` does, for callers that are no coroutine."""
        return self._submit(self._readers, self._reading, fn).result()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state however long it reads, and that keeps no writer waiting."""
        with self._read_engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Finish what is under way and close all connections."""
        if self._listener is not None:
            self._listener.stop()
        self._writers.shutdown()
        self._readers.shutdown()
        if self._notifier is not None:
            self._notifier.stop()
        self._write_engine.dispose()
        self._read_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, pool: ThreadPoolExecutor, engine: Engine, fn: Callable[[Transaction], T]) -> "Future[T]":
        context = contextvars.copy_context()
        return pool.submit(context.run, self._attempt, engine, fn)

    def _attempt(self, engine: Engine, fn: Callable[[Transaction], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(engine, fn, in_turn=attempt >= _IN_TURN_FROM and not self.is_sqlite)
            except _LostBeforeCommit as lost:
                if attempt == ATTEMPTS:
                    raise Unavailable(
                        "the database cannot be reached", remedy="Send the request again in a moment."
                    ) from lost.__cause__
            except (Stale, DBAPIError) as error:
                if (refusal := storage_refusal(error)) is not None:
                    log.error("database cannot be used", cause=refusal.message)  # noqa: TRY400  no defect, no trace
                    raise refusal from error
                if not _is_clash(error):
                    raise
                if attempt == ATTEMPTS:
                    raise _give_up(error) from error
                log.debug("transaction replayed", attempt=attempt, cause=type(error).__name__)
                time.sleep(_PAUSE_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311  jitter, not a secret
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(self, engine: Engine, fn: Callable[[Transaction], T], *, in_turn: bool = False) -> T:
        with engine.connect() as connection, connection.begin() as transaction:
            tx = Transaction(connection)
            try:
                if in_turn:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
                result = fn(tx)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _LostBeforeCommit from error
                raise
            transaction.commit()
        for topic in tx.topics:
            self.signals.wake(topic)
        if tx.topics and self._notifier is not None:
            self._notifier.tell(tx.topics)
        return result


def _with_addition(fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
    """Return `fn` followed by what the current request adds to its writing transactions."""

    def run(tx: Transaction) -> T:
        result = fn(tx)
        if (addition := before_commit.get()) is not None:
            addition(tx)
        return result

    return run


def _is_clash(error: Exception) -> bool:
    """Whether replaying the transaction may help; an IntegrityError means that a check was outrun by another writer."""
    if isinstance(error, Stale | IntegrityError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state in _SERIALIZATION_STATES or "database is locked" in str(error.orig)


def _give_up(error: Exception) -> Exception:
    if isinstance(error, OperationalError):
        return Unavailable("the database is busy", remedy="Send the request again in a moment.")
    return Conflict(
        "another request changed the same thing at the same time", remedy="Read it again, then repeat your change."
    )


def _sqlite_engine(url: URL, *, begin: str, threads: int) -> Engine:
    arguments: dict[str, object] = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    if threads == 1:
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool)
    else:
        engine = create_engine(url, connect_args=arguments, pool_size=threads, max_overflow=0)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # sqlite3's own: leaves BEGIN to us
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "mmap_size=1073741824",  # eight readers share what the kernel keeps: a cold index is not read page by page
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=READERS,
        max_overflow=READERS,
        pool_use_lifo=True,  # few connections, which have prepared what they execute again and again
        pool_recycle=1800,
        connect_args={"application_name": "blockyard", "connect_timeout": 10},
    )
