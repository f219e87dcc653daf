"""Run tokens by what became of their attempt by what came after it by every request they could be used for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

import httpx2
import pytest

from blockyard.protocol.names import Behavior
from blockyard.server.tofu_state.service import StateLockbook
from tests.server.tofu_state.test_state_backend import Engine, a_state
from tests.support.run_world import OWN, RUNS, RunWorld, Worker, a_target, a_worker
from tests.support.world import MASTER_KEY

pytestmark = pytest.mark.anyio

GRACE, LEASE, CEILING = 120, 31, 3 * 3600
"""Seconds: the grace after the end of an attempt; silence after which ours is lost; the longest attempt."""


class Standing(Enum):
    """What a token may do."""

    CURRENT = "current"
    FOLLOWED = "followed"
    OVER = "over"


@dataclass(frozen=True)
class Holder:
    """Who has the token, and who works now."""

    engine: Engine
    worker: Worker
    new: Engine | None = None


async def begun(world: RunWorld, behavior: Behavior = Behavior.APPLY) -> Holder:
    """Claim a run of a block that has a state."""
    run = world.request(a_target(), behavior)
    worker = await a_worker(world)
    await worker.register("work")
    engine = Engine(world, run.block_id, worker.token)
    assert (await engine.send("POST", a_state(1))).status_code == 200
    return Holder(engine, worker)


async def ended(world: RunWorld, *, after: float = 0) -> Holder:
    holder = await begun(world)
    await holder.worker.report(status="SUCCEEDED")
    world.clock.advance(after)
    return holder


async def next_run(world: RunWorld, holder: Holder, *, claimed: bool = True, after: float = 0) -> Holder:
    target = a_target(block_id=holder.engine.block_id)
    world.request(target)
    if not claimed:
        return holder
    worker = await a_worker(world)
    await worker.register("work")
    world.clock.advance(after)
    await worker.heartbeat()
    new = Engine(world, holder.engine.block_id, worker.token)
    await new.lock("of the new one")
    return Holder(holder.engine, holder.worker, new)


async def next_attempt(world: RunWorld, *, after: float = 0, finished: bool = False) -> Holder:
    holder = await begun(world)
    world.clock.advance(LEASE)
    world.sweep()
    worker = await a_worker(world)
    await worker.register("work")
    new = Engine(world, holder.engine.block_id, worker.token)
    await new.lock("of the new one")
    if finished:
        await worker.report(status="SUCCEEDED")
    world.clock.advance(after)
    return Holder(holder.engine, holder.worker, new)


async def destroyed(world: RunWorld) -> Holder:
    holder = await begun(world, Behavior.DESTROY)
    await holder.worker.report(status="SUCCEEDED")
    world.db.write_now(lambda tx: StateLockbook(MASTER_KEY).remove(tx, holder.engine.block_id))
    return holder


async def followed_by_a_deletion(world: RunWorld) -> Holder:
    holder = await ended(world)
    world.request(a_target(block_id=holder.engine.block_id), Behavior.DESTROY)
    worker = await a_worker(world)
    await worker.report(status="SUCCEEDED")
    world.db.write_now(lambda tx: StateLockbook(MASTER_KEY).remove(tx, holder.engine.block_id))
    return holder


async def handed_back(world: RunWorld, *, after: float) -> Holder:
    holder = await begun(world)
    await holder.worker.release()
    world.clock.advance(after)
    return holder


async def timed_out(world: RunWorld) -> Holder:
    holder = await begun(world)
    world.clock.advance(CEILING + 1)
    world.sweep()
    world.clock.advance(GRACE)
    return holder


async def lost(world: RunWorld) -> Holder:
    holder = await begun(world)
    world.clock.advance(LEASE)
    world.sweep()
    return holder


async def ended_long_ago_and_followed(world: RunWorld) -> Holder:
    return await next_run(world, await ended(world), after=GRACE + 1)


async def ended_just_now_and_followed(world: RunWorld) -> Holder:
    return await next_run(world, await ended(world))


async def ended_and_a_run_waits(world: RunWorld) -> Holder:
    return await next_run(world, await ended(world), claimed=False)


async def followed_by_a_failure_and_a_run_waits(world: RunWorld) -> Holder:
    holder = await ended(world)
    world.request(a_target(block_id=holder.engine.block_id))
    worker = await a_worker(world)
    await worker.report(status="FAILED")
    return await next_run(world, holder, claimed=False)


SITUATIONS: dict[str, tuple[Callable[[RunWorld], Awaitable[Holder]], Standing]] = {
    "running": (begun, Standing.CURRENT),
    "lost, not followed": (lost, Standing.CURRENT),
    "handed back just now": (lambda world: handed_back(world, after=0), Standing.CURRENT),
    "handed back long ago": (lambda world: handed_back(world, after=GRACE + LEASE), Standing.OVER),
    "timed out long ago": (timed_out, Standing.OVER),
    "in grace": (lambda world: ended(world, after=GRACE), Standing.CURRENT),
    "over": (lambda world: ended(world, after=GRACE + 1), Standing.OVER),
    "in grace, a later run waits": (ended_and_a_run_waits, Standing.CURRENT),
    "in grace, a later run works": (ended_just_now_and_followed, Standing.FOLLOWED),
    "in grace, a later run failed, another waits": (followed_by_a_failure_and_a_run_waits, Standing.FOLLOWED),
    "over, a later run works": (ended_long_ago_and_followed, Standing.OVER),
    "in grace, a later attempt works": (next_attempt, Standing.FOLLOWED),
    "over, a later attempt works": (lambda world: next_attempt(world, after=GRACE + 1), Standing.OVER),
    "in grace, a later attempt ended": (lambda world: next_attempt(world, finished=True), Standing.FOLLOWED),
    "over, a later attempt ended": (lambda world: next_attempt(world, after=GRACE + 1, finished=True), Standing.OVER),
    "in grace, its run destroyed the block": (destroyed, Standing.OVER),
    "in grace, a later run destroyed the block": (followed_by_a_deletion, Standing.OVER),
}
ALLOWED = (200, "")
FOLLOWED = (409, "AttemptSuperseded")
EXPIRED = (403, "RunTokenExpired")
NOT_FOR_RUNS = (403, "RunTokenNotEnough")

REQUESTS: dict[str, tuple[tuple[int, str], tuple[int, str], tuple[int, str]]] = {
    "GET": (ALLOWED, ALLOWED, EXPIRED),
    "POST": (ALLOWED, FOLLOWED, EXPIRED),
    "POST of what is not a state": ((400, "NotAState"), FOLLOWED, EXPIRED),
    "LOCK": (ALLOWED, FOLLOWED, EXPIRED),
    "LOCK of what is not a lock": ((400, "NotALock"), FOLLOWED, EXPIRED),
    "UNLOCK of what is not a lock": ((400, "NotALock"), FOLLOWED, EXPIRED),
    "UNLOCK": (ALLOWED, FOLLOWED, EXPIRED),
    "UNLOCK of whatever it is": (ALLOWED, FOLLOWED, EXPIRED),
    "DELETE of the lock": (ALLOWED, FOLLOWED, EXPIRED),
    "DELETE": (NOT_FOR_RUNS, NOT_FOR_RUNS, NOT_FOR_RUNS),
    "versions": (NOT_FOR_RUNS, NOT_FOR_RUNS, NOT_FOR_RUNS),
    "version": (NOT_FOR_RUNS, NOT_FOR_RUNS, NOT_FOR_RUNS),
    "restore": (NOT_FOR_RUNS, NOT_FOR_RUNS, NOT_FOR_RUNS),
    "document": (ALLOWED, ALLOWED, EXPIRED),
    "logs": (ALLOWED, ALLOWED, EXPIRED),
    "detail": (ALLOWED, ALLOWED, EXPIRED),
    "report": (ALLOWED, ALLOWED, ALLOWED),
    "registration": (ALLOWED, ALLOWED, ALLOWED),
    "heartbeat": (ALLOWED, ALLOWED, ALLOWED),
}
"""In the order they are sent. Reports are never refused: runners answer a refusal with a second, wrong report. What they change is
tested elsewhere."""


RELEASES = {"UNLOCK", "UNLOCK of whatever it is", "DELETE of the lock"}
"""To release what nobody holds is no error: the answer to the first attempt may have been lost."""


async def use(holder: Holder, request: str) -> httpx2.Response:
    """Send one request with the token of the attempt."""
    engine, worker = holder.engine, holder.worker
    lock_id = "of the new one" if holder.new else "own"
    versions = f"/api/blockyard/v1/blocks/{engine.block_id}/state/versions"
    requests: dict[str, Callable[[], Awaitable[httpx2.Response]]] = {
        "GET": lambda: engine.send("GET"),
        "POST": lambda: engine.send("POST", a_state(2)),
        "POST of what is not a state": lambda: engine.send("POST", b"{}"),
        "LOCK of what is not a lock": lambda: engine.send("LOCK", b"{}"),
        "UNLOCK of what is not a lock": lambda: engine.send("UNLOCK", b"{}"),
        "DELETE": lambda: engine.send("DELETE"),
        "LOCK": lambda: engine.lock("own"),
        "UNLOCK": lambda: engine.unlock(lock_id),
        "UNLOCK of whatever it is": lambda: engine.send("UNLOCK"),
        "DELETE of the lock": lambda: engine.unlock(lock_id, "DELETE", "/lock"),
        "versions": lambda: worker.send("GET", versions),
        "version": lambda: worker.send("GET", f"{versions}/1"),
        "restore": lambda: worker.send("POST", f"{versions}/1/restore"),
        "document": lambda: worker.send("GET", f"{RUNS}/{worker.run_id}"),
        "logs": lambda: worker.send("GET", f"{RUNS}/{worker.run_id}/logs"),
        "detail": lambda: worker.send("GET", f"{OWN}/{worker.run_id}"),
        "report": lambda: worker.report(status="IN_PROGRESS"),
        "registration": lambda: worker.register("work"),
        "heartbeat": worker.heartbeat,
    }
    return await requests[request]()


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_a_token_does_what_its_attempt_may_do_now(world: RunWorld, situation: str) -> None:
    given, standing = SITUATIONS[situation]
    expected = {request: answers[list(Standing).index(standing)] for request, answers in REQUESTS.items()}
    if situation in {"in grace, a later attempt ended", "in grace, a later run failed, another waits"}:
        expected |= dict.fromkeys(RELEASES, ALLOWED)
    if situation in {"in grace", "in grace, a later run waits"}:
        expected["LOCK"] = (409, "RunEnded")  # nothing new begins, and nobody would release it
    holder = await given(world)

    answers = {request: await use(holder, request) for request in REQUESTS}

    shown = {
        request: (answer.status_code, "" if answer.is_success else answer.json()["errorCode"])
        for request, answer in answers.items()
    }
    assert shown == expected
    assert all("of the new one" not in answer.text for answer in answers.values())


async def test_an_older_attempt_leaves_the_lock_of_the_newer_one_alone(world: RunWorld) -> None:
    holder = await next_attempt(world)

    await use(holder, "UNLOCK")

    assert holder.new is not None
    assert (await holder.new.lock("another")).status_code == 423
    assert (await holder.new.unlock("of the new one")).status_code == 200
