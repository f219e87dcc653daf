"""A POST with an Idempotency-Key takes effect once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import httpx2
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import Column, Integer, MetaData, Table, delete, event, insert, select, text, update

from blockyard.server.kit.bodies import OPEN_BYTES
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.database import Database, Transaction, metadata
from blockyard.server.kit.errors import Conflict, Denied, Unauthenticated
from blockyard.server.kit.http import install_errors
from blockyard.server.kit.idempotency import IdempotencyKeys, shown_once
from blockyard.server.kit.room import BodyBudget
from blockyard.server.kit.sealed import MasterKey
from tests.support.clock import FixedClock
from tests.support.http import client_for

pytestmark = pytest.mark.anyio
_orders = Table("orders_of_test", MetaData(), Column("number", Integer, primary_key=True))


async def _identify(request: Request) -> str:
    name = request.headers.get("authorization")
    if name is None:
        raise Unauthenticated("no credential", remedy="Sign in.")
    return name


@asynccontextmanager
async def shop(
    database: Database,
    clock: FixedClock,
    fill_disk: Callable[[], None] = lambda: None,
    late: anyio.Event | None = None,
    budget: BodyBudget | None = None,
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application with one POST route that inserts a row."""
    _orders.metadata.create_all(database.engine)
    app = FastAPI()
    install_errors(app)
    app.add_middleware(
        IdempotencyKeys,
        db=database,
        master_key=MasterKey.generate(),
        clock=clock,
        identify=_identify,
        may_send_much=_identify,
    )
    app.add_middleware(BodyGuard, budget=budget)
    app.state.authenticate = _identify

    def insert_order(tx: Transaction) -> int:
        number = _count(tx) + 1
        tx.execute(insert(_orders).values(number=number))
        return number

    @app.post("/orders", status_code=201)
    async def order(request: Request) -> dict[str, int | str]:
        body = await request.json()
        if request.headers.get("x-role") == "taken away":
            raise Denied("not any more", remedy="Ask.")
        if body.get("once"):
            shown_once(request)
        if body.get("refuse"):
            raise Conflict("sold out", remedy="Come back.")
        if body.get("full") == "before":
            fill_disk()
        await _linger(body.get("late", False), late)
        number = await database.write(insert_order)
        if body.get("full") == "after":
            fill_disk()
        if body.get("crash"):
            raise RuntimeError("after the commit")
        await _linger(body.get("long", False), late)
        await anyio.sleep(body.get("seconds", 0))
        return {"number": number, "secret": f"shown-once-{number}"}

    async with client_for(app) as client:
        client.headers["Authorization"] = "ada"
        yield client


async def _linger(lingers: bool, until: anyio.Event | None) -> None:  # noqa: FBT001  as the body says
    if lingers and until is not None:
        await until.wait()


def _count(tx: Transaction) -> int:
    return len(tx.execute(text("SELECT number FROM orders_of_test")).all())


async def test_the_same_request_gets_the_same_answer_and_takes_effect_once(
    database: Database, clock: FixedClock
) -> None:
    async with shop(database, clock) as client:
        first = await client.post("/orders", json={"what": "tea"}, headers={"Idempotency-Key": "k1"})
        second = await client.post("/orders", json={"what": "tea"}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() == {"number": 1, "secret": "shown-once-1"}
    assert database.read_now(_count) == 1


async def test_another_body_under_the_same_key_is_refused(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        await client.post("/orders", json={"what": "tea"}, headers={"Idempotency-Key": "k1"})
        other = await client.post("/orders", json={"what": "coffee"}, headers={"Idempotency-Key": "k1"})

    assert (other.status_code, other.json()["errorCode"]) == (409, "IdempotencyKeyReused")
    assert database.read_now(_count) == 1


async def test_another_query_under_the_same_key_is_refused(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        await client.post("/orders?step=a", json={}, headers={"Idempotency-Key": "k1"})
        other = await client.post("/orders?step=b", json={}, headers={"Idempotency-Key": "k1"})

    assert (other.status_code, other.json()["errorCode"]) == (409, "IdempotencyKeyReused")
    assert database.read_now(_count) == 1


async def test_an_answer_is_not_repeated_to_who_may_not_do_it_any_more(database: Database, clock: FixedClock) -> None:
    headers = {"Idempotency-Key": "k1"}
    async with shop(database, clock) as client:
        first = await client.post("/orders", json={}, headers=headers)
        refused = await client.post("/orders", json={}, headers={**headers, "X-Role": "taken away"})
        again = await client.post("/orders", json={}, headers=headers)

    assert (first.status_code, refused.status_code, again.status_code) == (201, 403, 201)
    assert "shown-once" not in refused.text
    assert database.read_now(_count) == 1


async def test_an_answer_with_a_secret_that_is_shown_once_is_not_kept(database: Database, clock: FixedClock) -> None:
    headers = {"Idempotency-Key": "k1"}
    async with shop(database, clock) as client:
        first = await client.post("/orders", json={"once": True}, headers=headers)
        again = await client.post("/orders", json={"once": True}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 409)
    assert "took effect" in again.json()["message"]
    rows = database.read_now(lambda tx: tx.execute(text("SELECT answer FROM idempotency_keys")).all())
    assert [row[0] for row in rows] == [None]


async def test_keys_of_different_principals_are_different(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})
        other = await client.post("/orders", json={}, headers={"Idempotency-Key": "k1", "Authorization": "bob"})

    assert other.json()["number"] == 2


async def test_a_refused_request_may_be_sent_again(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        refused = await client.post("/orders", json={"refuse": True}, headers={"Idempotency-Key": "k1"})
        again = await client.post("/orders", json={"refuse": True}, headers={"Idempotency-Key": "k1"})

    assert [(r.status_code, r.json()["message"]) for r in (refused, again)] == [(409, "sold out")] * 2


async def test_a_lost_answer_is_never_followed_by_a_second_effect(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        lost = await client.post("/orders", json={"crash": True}, headers={"Idempotency-Key": "k1"})
        again = await client.post("/orders", json={"crash": True}, headers={"Idempotency-Key": "k1"})

    assert lost.status_code == 500
    assert (again.status_code, again.json()["errorCode"]) == (409, "IdempotencyKeyReused")
    assert "took effect" in again.json()["message"]
    assert database.read_now(_count) == 1


async def test_a_request_that_is_still_handled_is_not_handled_twice(database: Database, clock: FixedClock) -> None:
    answers: list[int] = []

    async with shop(database, clock) as client, anyio.create_task_group() as group:

        async def send() -> None:
            answer = await client.post("/orders", json={"seconds": 0.2}, headers={"Idempotency-Key": "k1"})
            answers.append(answer.status_code)

        group.start_soon(send)
        group.start_soon(send)

    assert sorted(answers) == [201, 409]
    assert database.read_now(_count) == 1


async def test_a_request_that_is_at_work_after_its_commit_is_still_being_handled(
    database: Database, clock: FixedClock
) -> None:
    headers, late = {"Idempotency-Key": "k1"}, anyio.Event()
    answers: list[httpx2.Response] = []
    async with shop(database, clock, late=late) as client, anyio.create_task_group() as group:

        async def send() -> None:
            answers.append(await client.post("/orders", json={"long": True}, headers=headers))

        group.start_soon(send)
        while await database.read(_count) == 0:  # noqa: ASYNC110  no event: another thread writes it
            await anyio.sleep(0.005)
        soon = await client.post("/orders", json={"long": True}, headers=headers)
        clock.advance(11)
        much_later = await client.post("/orders", json={"long": True}, headers=headers)
        late.set()

    assert [answer.status_code for answer in answers] == [201]
    assert (soon.status_code, much_later.status_code) == (409, 409)
    assert "still being handled" in soon.json()["message"]
    assert "took effect" in much_later.json()["message"]
    assert database.read_now(_count) == 1


async def test_a_request_whose_key_was_taken_over_has_no_effect_any_more(database: Database, clock: FixedClock) -> None:
    answers: list[httpx2.Response] = []
    headers = {"Idempotency-Key": "k1"}
    late = anyio.Event()

    async with shop(database, clock, late=late) as client:

        async def send() -> None:
            answers.append(await client.post("/orders", json={"late": True}, headers=headers))

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await _until_reserved(database, clock())
            clock.advance(5)
            soon = await client.post("/orders", json={"late": True}, headers=headers)
            clock.advance(6)
            group.start_soon(send)
            await _until_reserved(database, clock())
            late.set()
        again = await client.post("/orders", json={"late": True}, headers=headers)

    assert (soon.status_code, soon.json()["errorCode"]) == (409, "IdempotencyKeyReused")
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert database.read_now(_count) == 1
    assert (again.status_code, again.json()["number"]) == (201, 1)


async def test_of_two_replicas_only_one_takes_over_a_key(database: Database, clock: FixedClock) -> None:
    headers, answers = {"Idempotency-Key": "k1"}, list[int]()
    is_held, other_is_done = anyio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold_the_first(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE idempotency_keys SET created_at") and not is_held.is_set():
            loop.call_soon_threadsafe(is_held.set)
            other_is_done.wait(0 if database.is_sqlite else 10)  # SQLite has one writer: nobody can come between

    async with shop(database, clock, late=anyio.Event()) as client:

        async def send() -> None:
            answers.append((await client.post("/orders", json={}, headers=headers)).status_code)

        await _leave_reserved(client, database, clock, headers)
        event.listen(database.engine, "before_cursor_execute", hold_the_first)
        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await is_held.wait()
            await send()
            other_is_done.set()

    assert answers.count(201) >= 1
    assert set(answers) <= {201, 409}
    assert database.read_now(_count) == 1


async def _leave_reserved(
    client: httpx2.AsyncClient, database: Database, clock: FixedClock, headers: dict[str, str]
) -> None:
    """Leave the key as a replica does that dies while it handles the request."""
    await client.post("/orders", json={}, headers=headers)
    keys = metadata.tables["idempotency_keys"]
    await database.write(lambda tx: tx.execute(update(keys).values(took_effect=False, status=None, answer=None)))
    await database.write(lambda tx: tx.execute(delete(_orders)))
    clock.advance(11)


async def _until_reserved(database: Database, at: datetime) -> None:
    """Wait until the key is reserved by a request that came at `at`."""
    reserved = select(metadata.tables["idempotency_keys"].c.created_at)
    while [row.created_at for row in await database.read(lambda tx: tx.execute(reserved).all())] != [at]:  # noqa: ASYNC110  no event: another thread writes it
        await anyio.sleep(0.005)


async def test_a_database_that_cannot_be_written_costs_no_request_its_key(tmp_path: Path, clock: FixedClock) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'kit.sqlite3'}") as database:
        metadata.create_all(database.engine)
        async with shop(database, clock) as client:
            _let_write(database, allowed=False)
            refused = await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})
            _let_write(database, allowed=True)
            again = await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})

    assert (refused.status_code, refused.json()["errorCode"]) == (503, "DatabaseReadOnly")
    assert (again.status_code, again.json()["number"]) == (201, 1)


async def test_a_database_that_cannot_be_written_while_a_request_is_handled_costs_neither_answer_nor_key(
    tmp_path: Path, clock: FixedClock
) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'kit.sqlite3'}") as database:
        metadata.create_all(database.engine)
        async with shop(database, clock, lambda: _let_write(database, allowed=False)) as client:
            answers = []
            for key, body in (("done", {"full": "after"}), ("refused", {"full": "before"})):
                answers.append(await client.post("/orders", json=body, headers={"Idempotency-Key": key}))
                _let_write(database, allowed=True)
                answers.append(await client.post("/orders", json=body, headers={"Idempotency-Key": key}))
                _let_write(database, allowed=True)

    assert [answer.status_code for answer in answers] == [201, 409, 503, 503]
    assert "took effect" in answers[1].json()["message"]
    assert {answer.json()["errorCode"] for answer in answers[2:]} == {"DatabaseReadOnly"}


def _let_write(database: Database, *, allowed: bool) -> None:
    """Make SQLite behave as on a read-only disk, or no more."""
    connection = database.engine.raw_connection()
    connection.cursor().execute(f"PRAGMA query_only={'OFF' if allowed else 'ON'}")
    connection.close()


async def test_a_key_is_forgotten_after_a_day(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})
        clock.advance(timedelta(hours=25).total_seconds())
        later = await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})

    assert later.json()["number"] == 2


async def test_the_stored_answer_is_not_readable_in_the_database(database: Database, clock: FixedClock) -> None:
    async with shop(database, clock) as client:
        await client.post("/orders", json={}, headers={"Idempotency-Key": "k1"})

    rows = database.read_now(lambda tx: tx.execute(text("SELECT answer FROM idempotency_keys")).all())
    assert len(rows) == 1
    assert b"shown-once" not in bytes(rows[0][0])  # type: ignore[arg-type]  # a blob


async def test_a_large_body_for_which_there_is_no_room_is_not_handled_without_its_key(
    database: Database, clock: FixedClock
) -> None:
    budget = BodyBudget(3 * OPEN_BYTES, 3 * OPEN_BYTES)
    large = {"filler": "x" * 2 * OPEN_BYTES}
    async with shop(database, clock, budget=budget) as client:
        with budget.room({}) as room:
            room.admit("somebody", 2 * OPEN_BYTES)
            refused = await client.post("/orders", json=large, headers={"Idempotency-Key": "k1"})
        taken = await client.post("/orders", json=large, headers={"Idempotency-Key": "k1"})

    assert (refused.status_code, refused.json()["errorCode"], refused.headers["Retry-After"]) == (503, "Busy", "5")
    assert (taken.status_code, taken.json()["number"], budget.taken_bytes) == (201, 1, 0)


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_an_unusable_key_is_refused(database: Database, clock: FixedClock, key: str) -> None:
    async with shop(database, clock) as client:
        answer = await client.post("/orders", json={}, headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidIdempotencyKey")
