"""A run that only waits for what it ordered lends its slot: otherwise one slot would wait for itself."""

from uuid import UUID

import pytest

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.runs.model import Run, RunId, TriggerReason
from tests.support.run_world import ADA, PLATFORM_RUNNER, RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio


def ordered_by(world: RunWorld, parent: UUID, **target: object) -> Run:
    """Put a run into the queue that another one has ordered."""
    return world.db.write_now(
        lambda tx: world.runs.request(
            tx,
            ADA,
            block=a_target(**target),  # type: ignore[arg-type]  # as the caller names them
            behavior=Behavior.APPLY,
            reason=TriggerReason.BUILDING_BLOCK_CREATION,
            serves=RunId(parent),
        )
    )


async def lent(world: RunWorld, *held: UUID, slots: int = 1) -> UUID | None:
    """Claim as a runner all of whose slots are taken."""
    async with world.client("admin", own=True) as client:
        parameters = [("forRunnerUuid", str(a_target().runner_id)), ("slots", str(slots))]
        answer = await client.post(
            "/api/meshobjects/meshbuildingblockruns/create",
            params=[*parameters, *(("heldRun", str(run_id)) for run_id in held)],
        )
    return UUID(answer.json()["metadata"]["uuid"]) if answer.status_code == 201 else None


async def test_a_full_runner_gets_what_its_run_waits_for_and_nothing_else(world: RunWorld) -> None:
    parent = (await a_worker_of(world)).run_id
    other = world.request()
    assert await lent(world, parent) is None

    child = ordered_by(world, parent)

    assert await lent(world, parent) == child.id
    assert world.run(other.id).status is RunStatus.PENDING
    assert await lent(world, parent, child.id) is None


async def a_worker_of(world: RunWorld) -> Worker:
    """Request a run and claim it."""
    world.request()
    return await a_worker(world)


async def test_three_levels_end_on_one_slot_the_deepest_first(world: RunWorld) -> None:
    top = (await a_worker_of(world)).run_id
    middle, sibling = ordered_by(world, top), ordered_by(world, top)
    first = await lent(world, top)
    assert first in {middle.id, sibling.id}
    bottom = ordered_by(world, first)

    assert await lent(world, top, first) == bottom.id
    assert await lent(world, top, first, bottom.id) is None
    assert world.run(bottom.id).depth == 2


async def test_as_many_slots_are_lent_as_runs_wait(world: RunWorld) -> None:
    parents = [(await a_worker_of(world)).run_id for _ in range(3)]
    children = {ordered_by(world, parent).id for parent in parents}
    held, found = list(parents), set()
    for _ in children:
        run_id = await lent(world, *held, slots=3)
        assert run_id is not None
        held.append(run_id)
        found.add(run_id)
    assert found == children
    assert await lent(world, *held, slots=3) is None


async def test_a_slot_is_lent_for_what_a_run_of_another_runner_waits_for(world: RunWorld) -> None:
    here = (await a_worker_of(world)).run_id
    world.request(a_target(runner_id=PLATFORM_RUNNER))
    there = (await a_worker(world, runner_id=PLATFORM_RUNNER)).run_id
    ordered_by(world, here, runner_id=PLATFORM_RUNNER)
    wanted = ordered_by(world, there)

    assert await lent(world, here) == wanted.id


async def test_a_run_that_has_ended_lends_nothing(world: RunWorld) -> None:
    parent = await a_worker_of(world)
    child = ordered_by(world, parent.run_id)
    await parent.register("apply")
    await parent.report(status="SUCCEEDED")

    assert await lent(world, parent.run_id) is None
    world.clock.advance(1)
    assert ordered_by(world, parent.run_id).serves is None
    assert (await a_worker(world)).run_id == child.id
