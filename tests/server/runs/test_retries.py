"""Failures that may pass are tried again, as new attempts of the same run; a breaker keeps many of them apart."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import FailureCause, RunStatus
from blockyard.server.kit.database import Database
from blockyard.server.runs.model import Run, RunLimits
from blockyard.server.runs.service.retrying import Retrying
from blockyard.server.runs.store.failures import FailureStore
from tests.support.clock import FixedClock
from tests.support.run_world import RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio

DISTURBED = "Error: reading the bucket: operation error S3: HeadBucket, https response error StatusCode: 503, ServiceUnavailable"
REFUSED = "Error: Invalid value for variable"


async def failed(worker: Worker, why: str = DISTURBED, **update: str) -> bool:
    """Report a failure and return whether the runner is told to stop."""
    await worker.register("apply")
    step: Json = {
        "id": "apply",
        "displayName": "Apply",
        "status": "FAILED",
        "userMessage": "apply failed",
        "systemMessage": why,
    }
    answer = await worker.report(status="FAILED", steps=[step], **update)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["runAborted"])


def tried_at(world: RunWorld, run: Run) -> float:
    """Return in how many minutes a run is offered again."""
    return (world.run(run.id).due_at - world.clock()).total_seconds() / 60


async def test_a_disturbance_is_tried_again_with_growing_pauses_until_the_limit(world: RunWorld) -> None:
    run = world.request()
    pauses = []
    for _ in range(3):
        worker = await a_worker(world)
        assert not await failed(worker)
        assert world.run(run.id).status is RunStatus.PENDING
        pauses.append(tried_at(world, run))
        world.clock.advance(pauses[-1] * 60)
    await failed(await a_worker(world))

    ended = world.run(run.id)
    assert pauses == [1, 2, 4]
    assert ended.status is RunStatus.FAILED
    assert ended.attempt == 4
    assert "attempt 1 failed: A service that the building block needs had a disturbance." in ended.warnings[0].message
    assert "repetition 1 of 3" in ended.warnings[0].message


async def test_it_is_not_offered_before_its_pause_is_over(world: RunWorld) -> None:
    world.request()
    await failed(await a_worker(world))

    world.clock.advance(59)
    assert (await world.claim()).status_code == 404
    world.clock.advance(1)
    assert (await world.claim()).status_code == 201


@pytest.mark.parametrize(
    "why", [REFUSED, "Error: creating S3 Bucket (x): BucketAlreadyExists", "Error: what nobody knows"]
)
async def test_what_would_fail_again_ends_at_once(world: RunWorld, why: str) -> None:
    run = world.request()
    await failed(await a_worker(world), why)
    assert world.run(run.id).status is RunStatus.FAILED


async def test_of_several_errors_the_one_decides_that_stays(world: RunWorld) -> None:
    run = world.request()
    await failed(await a_worker(world), f"{DISTURBED}\n\n{REFUSED}\n")
    assert world.run(run.id).status is RunStatus.FAILED


async def test_the_token_of_a_failed_attempt_changes_nothing_any_more(world: RunWorld) -> None:
    run = world.request()
    first = await a_worker(world)
    await failed(first)
    again = await first.report(status="FAILED")
    await first.report(status="SUCCEEDED")
    assert again.json()["runAborted"] is False
    assert world.run(run.id).status is RunStatus.PENDING

    world.clock.advance(60)
    second = await a_worker(world)
    late = await first.report(status="SUCCEEDED")

    assert late.json()["runAborted"] is True
    assert world.run(run.id).status is RunStatus.IN_PROGRESS
    await second.report(status="SUCCEEDED")
    assert world.run(run.id).status is RunStatus.SUCCEEDED


async def test_the_lock_of_a_failed_attempt_is_free_for_the_next_one(world: RunWorld) -> None:
    world.request()
    first = await a_worker(world)
    await first.lock()
    await failed(first)
    world.clock.advance(60)
    second = await a_worker(world)
    assert (await second.lock("lock-2")).status_code == 200


async def test_a_newer_run_takes_the_place_of_one_that_waits_to_be_tried_again(world: RunWorld) -> None:
    target = a_target()
    run = world.request(target)
    await failed(await a_worker(world))
    newer = world.request(target)
    assert world.run(run.id).status is RunStatus.FAILED
    assert world.run(newer.id).status is RunStatus.PENDING


async def test_a_run_that_shall_end_is_not_tried_again(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    async with world.client("admin") as client:
        await client.post(f"/api/blockyard/v1/runs/{run.id}/abort")
    await failed(worker)
    assert world.run(run.id).status is RunStatus.FAILED


async def test_neither_a_saved_plan_nor_what_was_handed_over_is_repeated(world: RunWorld) -> None:
    handed_over = world.request(a_target(hand_over=True))
    await failed(await a_worker(world))
    assert world.run(handed_over.id).status is RunStatus.FAILED


async def many_fail(world: RunWorld, number: int) -> list[Run]:
    """Let runs of different blocks of one definition fail alike."""
    definition_id = uuid4()
    runs = [world.request(replace(a_target(), definition_id=definition_id)) for _ in range(number)]
    for _ in runs:
        await failed(await a_worker(world))
    return sorted((world.run(run.id) for run in runs), key=lambda run: run.due_at)


async def test_after_many_failures_of_one_definition_repetitions_come_one_at_a_time(world: RunWorld) -> None:
    runs = await many_fail(world, 6)
    assert [tried_at(world, run) for run in runs] == [2, 4, 6, 8, 10, 12]
    assert ["one at a time" in world.run(run.id).warnings[0].message for run in runs] == [False] * 4 + [True] * 2


async def test_a_probe_that_succeeds_closes_the_breaker_and_frees_the_others(world: RunWorld) -> None:
    runs = await many_fail(world, 6)
    world.clock.advance(120)
    probe = await a_worker(world)
    assert (await world.claim()).status_code == 404

    await probe.register("apply")
    await probe.report(status="SUCCEEDED")

    assert [tried_at(world, run) for run in runs[1:]] == [0, 0, 0, 0, 0]


async def test_a_probe_that_fails_makes_the_pauses_longer(world: RunWorld) -> None:
    runs = await many_fail(world, 5)
    world.clock.advance(120)
    await failed(await a_worker(world))
    assert tried_at(world, runs[0]) == 10  # behind the others
    definition_id = runs[0].target.definition_id
    (breaker,) = world.db.read_now(lambda tx: FailureStore(tx).breakers(definition_id))
    assert breaker.pause == timedelta(minutes=4)
    assert breaker.cause is FailureCause.TRANSIENT


async def test_other_definitions_are_not_held_back(world: RunWorld) -> None:
    await many_fail(world, 5)
    other = world.request()
    await failed(await a_worker(world))
    assert tried_at(world, other) == 1


async def test_a_breaker_can_be_closed_by_hand(world: RunWorld) -> None:
    runs = await many_fail(world, 5)
    definition_id = runs[0].target.definition_id
    (breaker,) = world.db.read_now(lambda tx: FailureStore(tx).breakers(definition_id))
    world.db.write_now(lambda tx: Retrying(world.context).close(tx, breaker))
    assert [tried_at(world, run) for run in runs] == [0] * 5


async def test_lost_attempts_end_where_the_installation_says_so(database: Database, clock: FixedClock) -> None:
    world = RunWorld(database, clock, RunLimits(losses=2))
    run = world.request()
    for _ in range(2):
        await a_worker(world)
        world.clock.advance(60)
        world.sweep()

    ended = world.run(run.id)
    assert ended.status is RunStatus.FAILED
    assert "this was the last of 2 attempts" in (ended.summary or "")
    failure = world.db.read_now(lambda tx: FailureStore(tx).of(run.id, 2))
    assert failure is not None
    assert failure.cause is FailureCause.PRODUCT
