"""What one test leaves in the kept server and its database does not reach the next one."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import func, select

from blockyard.protocol.kinds import BLOCK_V2
from blockyard.server.identity.api import current_principal
from blockyard.server.identity.model.attempts import LIMITS, Attempt, Scope, Way
from blockyard.server.kit.database import Database, Transaction, metadata
from blockyard.server.kit.errors import TooManyRequests, Unauthenticated
from tests.support.block_world import BLOCKS, BlockWorld, an_order, uuid_of
from tests.support.clock import NOON, FixedClock
from tests.support.definitions import Blocks
from tests.support.http import client_for
from tests.support.kept_database import KeptDatabase
from tests.support.memory import Memory
from tests.support.page_world import PageWorld
from tests.support.principals import ADMINISTRATOR
from tests.support.run_world import RunWorld, a_worker
from tests.support.world import BASE_URL, World, world_of


@pytest.fixture
def kept(database_kind: str, request: pytest.FixtureRequest) -> KeptDatabase:
    """The database that the tests of this process share."""
    found: KeptDatabase = request.getfixturevalue(f"kept_{database_kind}")
    return found


def tables_with_rows(database: Database) -> list[str]:
    def filled(tx: Transaction) -> list[str]:
        counts = ((name, select(func.count()).select_from(table)) for name, table in metadata.tables.items())
        return [name for name, count in counts if tx.execute(count).scalar_one()]

    return database.read_now(filled)


def get(world: World, path: str, token: str = "") -> int:
    """Return the status of an answer."""

    async def ask() -> int:
        async with client_for(world.app, BASE_URL) as client:
            return (await client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})).status_code

    return asyncio.run(ask())


def test_every_row_goes_whatever_refers_to_what(kept: KeptDatabase) -> None:
    world = PageWorld(kept.empty(), FixedClock())
    world.person("sam")
    first = world.order(world.define(inputs={}))
    world.order(world.define(inputs={}), parents=[first])
    world.finish()
    assert len(tables_with_rows(world.db)) > 15

    assert tables_with_rows(kept.empty()) == []


def test_a_claimed_run_with_its_log_and_state_goes_too(kept: KeptDatabase) -> None:
    world = RunWorld(kept.empty(), FixedClock())
    world.request()

    async def work() -> None:
        worker = await a_worker(world)
        await worker.register("one")
        await worker.log("one", 0, b"at work\n")
        await worker.lock()

    asyncio.run(work())
    assert {"runs", "run_log_chunks", "state_locks"} <= set(tables_with_rows(world.db))

    assert tables_with_rows(kept.empty()) == []


def test_nobody_waits_for_wake_ups_any_more(kept: KeptDatabase) -> None:
    signals = kept.empty().signals

    async def leave_a_waiter_behind() -> None:
        signals.subscribe("run:1").__enter__()

    asyncio.run(leave_a_waiter_behind())
    signals.stop()

    kept.empty()

    assert (signals.is_stopped, dict(signals._waiting)) == (False, {})


def test_the_clock_stands_at_noon_again_and_ids_count_from_one(
    database: Database, clock: FixedClock, ids: Callable[[], UUID]
) -> None:
    world = world_of(database, clock, ids)
    clock.advance(3600)
    ids()

    again = world_of(database, FixedClock(), iter([UUID(int=1)]).__next__)

    assert again is world
    assert (world.services.clock(), world.services.new_id()) == (NOON, UUID(int=1))


def test_services_forget_tokens_of_runs_and_locked_sign_ins(kept: KeptDatabase) -> None:
    world = BlockWorld(kept.empty(), FixedClock())
    world.order(world.define(inputs={}))
    token = world.claimed().token
    services, attempt = world.services, Attempt(way=Way.PERSON, name="sam", address="192.0.2.1")
    world.db.read_now(lambda tx: services.authenticator.by_bearer(tx, token))
    for _ in range(LIMITS[Scope.NAME] + 1):
        counted = world.db.write_now(lambda tx: services.throttle.count(tx, attempt, None))
    with pytest.raises(TooManyRequests):
        services.throttle.require_admitted(counted)
    assert services.authenticator.known_run(token) is not None

    again = world_of(kept.empty(), FixedClock()).services

    assert again.authenticator.known_run(token) is None
    again.throttle.require_unlocked(attempt, None)
    with pytest.raises(Unauthenticated):
        world.db.read_now(lambda tx: again.authenticator.by_bearer(tx, token))


def test_a_request_with_the_key_of_an_earlier_test_takes_effect(kept: KeptDatabase) -> None:
    async def order(world: BlockWorld) -> str:
        async with client_for(world.api.app, BASE_URL) as client:
            headers = {"Accept": BLOCK_V2.media, "Content-Type": BLOCK_V2.media, "Idempotency-Key": "one"}
            answer = await client.post(BLOCKS, json=an_order(world.define(inputs={})), headers=headers)
            return uuid_of(answer.json())

    made = {asyncio.run(order(BlockWorld(kept.empty(), FixedClock()))) for _ in range(2)}

    assert len(made) == 2


def test_what_a_test_puts_into_services_and_application_is_gone(kept: KeptDatabase) -> None:
    world = world_of(kept.empty(), FixedClock())
    before = world.services.definitions.usage()
    authenticate = world.app.state.authenticate

    @world.app.get("/added-by-a-test")
    async def added() -> str:
        return "here"

    assert get(world, "/added-by-a-test") == 200
    world.services.definitions.usage.put(Blocks())
    world.services.workspaces.uses.add(lambda _tx, _workspace: ["a thing"])
    world.app.state.authenticate = None
    world.app.dependency_overrides[current_principal] = lambda: ADMINISTRATOR
    middlewares = world.app.middleware_stack

    world = world_of(kept.empty(), FixedClock())

    assert world.services.definitions.usage() is before
    world.add_workspaces("shop")
    assert world.db.read_now(lambda tx: world.services.workspaces.uses.of(tx, "shop")) == []
    assert world.app.state.authenticate is authenticate
    assert world.app.dependency_overrides == {}
    assert get(world, "/added-by-a-test") == 404
    assert get(world, "/api/blockyard/v1/me") == 401
    assert world.app.middleware_stack is not middlewares


def test_stand_ins_say_what_they_said_at_first(kept: KeptDatabase) -> None:
    world = RunWorld(kept.empty(), FixedClock())
    world.content.transparent = True
    world.content.inputs.append("an input")
    world.listener.changed.clear()
    world.content.refusal = KeyError("spec")

    again = RunWorld(kept.empty(), FixedClock())

    assert again.content is world.content
    assert (again.content.transparent, again.content.inputs, again.content.refusal) == (False, [], None)


@dataclass
class Thing:
    """Holds one of each."""

    number: int = 1
    listed: list[object] = field(default_factory=lambda: [1])
    named: dict[str, object] = field(default_factory=lambda: {"a": [1]})
    group: set[int] = field(default_factory=lambda: {1})
    queue: deque[int] = field(default_factory=lambda: deque([1], maxlen=9))
    ordered: OrderedDict[str, int] = field(default_factory=lambda: OrderedDict(a=1))

    def method(self) -> int:
        """Return the number."""
        return self.number


@dataclass(frozen=True, slots=True)
class Frozen:
    """Holds a thing, and what asks it."""

    thing: Thing
    ask: tuple[Callable[[], int], ...]


def test_a_memory_puts_back_members_collections_and_what_they_hold() -> None:
    apart, thing, other = Thing(), Thing(), Thing()
    frozen = Frozen(thing, (other.method,))
    thing.listed.append(apart)
    memory = Memory(frozen, but=[apart])

    for one in (thing, other, apart):
        one.number = 2
        one.listed.append(2)
        one.named["a"].append(2)  # type: ignore[attr-defined]  # a list
        one.named["b"] = 2
        one.group.add(2)
        one.queue.append(2)
        one.ordered["b"] = 2
        one.extra = 2  # type: ignore[attr-defined]  # a test may add one
    thing.queue = deque()
    memory.put_back()

    assert (thing, other) == (Thing(listed=[1, apart]), Thing())
    assert not hasattr(thing, "extra")
    assert thing.queue.maxlen == 9
    assert (apart.number, apart.listed, apart.group) == (2, [1, 2], {1, 2})
