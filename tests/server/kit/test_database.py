"""Transactions: commit, roll back, replay, wake."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from blockyard.server.kit.database import ATTEMPTS, READERS, Database, Transaction
from blockyard.server.kit.errors import Conflict, NotFound, Stale, Unavailable
from tests.support.postgres import PostgresServer
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio
_counters = Table(
    "counters_of_test",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
)


@pytest.fixture(autouse=True)
def _table(database: Database) -> None:
    _counters.metadata.create_all(database.engine)
    database.write_now(lambda tx: tx.execute(insert(_counters).values(id=1, value=0, revision=0)).rowcount)


def value(tx: Transaction) -> int:
    """Return the value of the counter."""
    return int(str(tx.execute(select(_counters.c.value)).scalar_one()))


def increment(tx: Transaction, before_writing: Callable[[], None] = lambda: None) -> int:
    """Add one as a store does: read, then write only what was read."""
    row = tx.execute(select(_counters)).mappings().one()
    before_writing()
    done = tx.execute(
        update(_counters)
        .where(_counters.c.revision == row["revision"])
        .values(value=row["value"] + 1, revision=row["revision"] + 1)
    )
    if done.rowcount == 0:
        raise Stale("counter")
    return int(row["value"]) + 1


class Failing:
    """Adds one, then raises the given errors, one per attempt."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.attempts = 0

    def __call__(self, tx: Transaction) -> int:
        self.attempts += 1
        result = increment(tx)
        if self.errors:
            raise self.errors.pop(0)
        return result


def locked() -> OperationalError:
    """Return what SQLite says while another process writes."""
    return OperationalError("UPDATE", {}, Exception("database is locked"))


async def test_a_write_is_committed_and_its_result_returned(database: Database) -> None:
    assert await database.write(increment) == 1
    assert await database.read(value) == 1
    assert database.write_now(increment) == 2
    assert database.read_now(value) == 2


async def test_a_failed_write_changes_nothing_and_is_not_repeated(database: Database) -> None:
    failing = Failing(NotFound("no"))

    with pytest.raises(NotFound):
        await database.write(failing)

    assert failing.attempts == 1
    assert await database.read(value) == 0


@pytest.mark.parametrize(
    "error", [lambda: Stale("x"), locked, lambda: IntegrityError("INSERT", {}, Exception("UNIQUE"))]
)
async def test_a_clash_is_replayed_from_the_start(database: Database, error: Callable[[], Exception]) -> None:
    failing = Failing(error(), error())

    assert await database.write(failing) == 1

    assert failing.attempts == 3
    assert await database.read(value) == 1


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (lambda: Stale("x"), Conflict),
        (lambda: IntegrityError("INSERT", {}, Exception("UNIQUE")), Conflict),
        (locked, Unavailable),
    ],
)
async def test_a_clash_that_does_not_end_is_refused(
    database: Database, error: Callable[[], Exception], refusal: type[Exception]
) -> None:
    failing = Failing(*(error() for _ in range(ATTEMPTS)))

    with pytest.raises(refusal):
        await database.write(failing)

    assert failing.attempts == ATTEMPTS
    assert await database.read(value) == 0


async def test_a_broken_statement_is_a_defect_and_no_clash(database: Database) -> None:
    def broken(tx: Transaction) -> None:
        tx.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises((OperationalError, ProgrammingError), match="no_such_table"):
        await database.read(broken)


async def test_concurrent_writers_lose_no_update(database: Database) -> None:
    results = await asyncio.gather(*(database.write(increment) for _ in range(30)))

    assert sorted(results) == list(range(1, 31))
    assert await database.read(value) == 30


async def test_writers_that_keep_losing_go_one_after_another(database: Database) -> None:
    def slow(tx: Transaction) -> int:
        return increment(tx, before_writing=lambda: time.sleep(0.02))

    results = await asyncio.gather(*(database.write(slow) for _ in range(READERS)))

    assert sorted(results) == list(range(1, READERS + 1))


async def test_a_unique_constraint_decides_a_race_and_the_loser_sees_why(database: Database) -> None:
    def claim(tx: Transaction) -> bool:
        if tx.execute(select(_counters).where(_counters.c.id == 7)).one_or_none() is not None:
            return False
        tx.execute(insert(_counters).values(id=7, value=0, revision=0))
        return True

    won = await asyncio.gather(*(database.write(claim) for _ in range(10)))

    assert sorted(won) == [False] * 9 + [True]


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        result = increment(tx)
        started.set()
        assert release.wait(10)
        return result

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(started.wait, 10)
    before = await asyncio.gather(*(database.read(value) for _ in range(20)))
    release.set()

    assert await writing == 1
    assert set(before) == {0}


async def test_waiters_are_woken_after_the_commit_and_never_without(database: Database) -> None:
    def wake(tx: Transaction) -> None:
        increment(tx)
        tx.wake("counter")

    def wake_in_vain(tx: Transaction) -> None:
        tx.wake("counter")
        raise NotFound("no")

    with database.signals.subscribe("counter") as subscription:
        with pytest.raises(NotFound):
            await database.write(wake_in_vain)
        assert not await subscription.wait(0.02)
        await database.write(wake)
        assert await subscription.wait(PATIENCE_SECONDS)
        assert await database.read(value) == 1
        assert not await subscription.wait(0.02)


async def test_a_transaction_sees_the_context_of_its_caller(database: Database) -> None:
    request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="none")
    request_id.set("r-1")

    assert await database.read(lambda _tx: request_id.get()) == "r-1"
    assert await database.write(lambda _tx: request_id.get()) == "r-1"


def test_only_two_engines_are_known(database: Database) -> None:
    assert database.read_now(lambda tx: tx.dialect) == ("sqlite" if database.is_sqlite else "postgresql")
    with pytest.raises(ValueError, match="must begin with"):
        Database.open("mysql://x@localhost/y")


def test_sqlite_keeps_what_it_acknowledged(database: Database) -> None:
    def pragmas(tx: Transaction) -> list[object]:
        return [
            tx.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    if database.is_sqlite:
        assert database.write_now(pragmas) == ["wal", 2, 1]
        assert database.read_now(pragmas) == ["wal", 2, 1]


async def test_an_unreachable_server_is_unavailable_and_not_a_defect() -> None:
    with (
        Database.open("postgresql://nobody@127.0.0.1:1/none") as away,
        pytest.raises(Unavailable, match="cannot be reached"),
    ):
        await away.read(lambda tx: tx.execute(text("SELECT 1")).scalar_one())


async def test_replicas_on_postgresql_wake_each_other(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    with (
        Database.open(postgres.url(name)) as one,
        Database.open(postgres.url(name)) as other,
        other.signals.subscribe("run:1") as subscription,
    ):
        other.listen()
        other.listen()
        assert await subscription.wait(10), "the listener wakes everybody when it begins"
        await one.write(lambda tx: tx.wake("run:1"))
        assert await subscription.wait(10)
    postgres.drop_database(name)


async def test_a_consistent_read_sees_one_state_however_much_is_committed_meanwhile(database: Database) -> None:
    database.write_now(lambda tx: tx.execute(text("CREATE TABLE counted_at_once (at int)")))

    def count(tx: Transaction) -> str:
        return str(tx.execute(text("SELECT count(*) FROM counted_at_once")).scalar_one())

    def twice(tx: Transaction) -> tuple[str, str]:
        before = count(tx)
        database.write_now(lambda other: other.execute(text("INSERT INTO counted_at_once VALUES (1)")))
        return before, count(tx)

    try:
        assert await database.read_consistently(twice) == ("0", "0")
        assert await database.read_consistently(twice) == ("1", "1")
        assert database.read_now(count) == "2"
    finally:
        database.write_now(lambda tx: tx.execute(text("DROP TABLE counted_at_once")))


async def test_any_number_of_wake_ups_reaches_other_replicas(postgres: PostgresServer) -> None:
    topics = [f"block:{number:036}" for number in range(1000)]
    name = postgres.create_database()
    with (
        Database.open(postgres.url(name)) as one,
        Database.open(postgres.url(name)) as other,
        other.signals.subscribe(topics[0]) as first,
        other.signals.subscribe(topics[-1]) as last,
    ):
        other.listen()  # not before: whoever subscribes later misses what is told when it begins
        assert await first.wait(10)
        assert await last.wait(10), "the listener wakes everybody when it begins"
        await one.write(lambda tx: _wake(tx, topics))
        assert await first.wait(10)
        assert await last.wait(10)
    postgres.drop_database(name)


def _wake(tx: Transaction, topics: Iterable[str]) -> None:
    for topic in topics:
        tx.wake(topic)


async def test_a_replica_is_woken_once_by_its_own_transaction(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    with (
        Database.open(postgres.url(name)) as one,
        Database.open(postgres.url(name)) as other,
        one.signals.subscribe("run:1") as own,
        one.signals.subscribe("run:2") as foreign,
    ):
        one.listen()
        assert await own.wait(10)
        assert await foreign.wait(10), "the listener wakes everybody when it begins"
        await one.write(lambda tx: tx.wake("run:1"))
        assert await own.wait(10)
        await other.write(lambda tx: tx.wake("run:2"))
        assert await foreign.wait(10), "notifications come in the order of commits: the own one has been heard"
        assert not await own.wait(0)
    postgres.drop_database(name)


async def test_a_connection_that_was_cut_is_replaced(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    with Database.open(postgres.url(name)) as db:
        other_backends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"

        def cut(tx: Transaction) -> None:
            tx.execute(text(other_backends))

        with pytest.raises(Unavailable):
            await db.write(cut)
        assert await db.read(lambda tx: tx.dialect) == "postgresql"
    postgres.drop_database(name)


async def test_a_write_on_a_connection_that_was_cut_while_it_idled_takes_effect_once(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    with Database.open(postgres.url(name)) as db:
        await db.write(lambda tx: tx.execute(text("CREATE TABLE counted (at int)")))
        with Database.open(postgres.url(name)) as other:
            cut = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await other.write(lambda tx: tx.execute(cut))

        await db.write(lambda tx: tx.execute(text("INSERT INTO counted VALUES (1)")))

        counted = await db.read(lambda tx: tx.execute(text("SELECT count(*) FROM counted")).scalar_one())
        assert str(counted) == "1"
    postgres.drop_database(name)


async def test_nothing_of_a_rehearsal_is_kept_and_nobody_is_woken(database: Database) -> None:
    def rehearsed(tx: Transaction) -> int:
        tx.wake("counter")
        return increment(tx)

    with database.signals.subscribe("counter") as subscription:
        assert await database.rehearse(rehearsed) == 1
        assert not await subscription.wait(0.05)
    assert await database.read(value) == 0


async def test_a_refused_part_of_a_transaction_is_undone_and_the_rest_stays(database: Database) -> None:
    def second(tx: Transaction) -> None:
        increment(tx)
        tx.memory["read"] = 2
        tx.wake("second")
        raise NotFound("there is no second one")

    def work(tx: Transaction) -> list[str]:
        increment(tx)
        tx.wake("first")
        with pytest.raises(NotFound), tx.part():
            second(tx)
        return [*tx.topics, *map(str, tx.memory)]

    assert await database.write(work) == ["first"]
    assert await database.read(value) == 1
