"""Leases and fencing: lost, late, revived and handed-back attempts. Source: architecture.md 4, runner.md 1.4."""

from datetime import timedelta
from functools import partial

import pytest

from blockyard.protocol.names import ImplementationType, RunStatus
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import AttemptState
from tests.support.run_answers import steps_of
from tests.support.run_world import RunWorld, a_target, a_worker

pytestmark = pytest.mark.anyio

LEASES = [
    (True, ImplementationType.TERRAFORM, False, 30),
    (True, ImplementationType.GITHUB_WORKFLOW, False, 30),
    (False, ImplementationType.TERRAFORM, False, 120),
    (False, ImplementationType.AZURE_DEVOPS, False, 120),
    (False, ImplementationType.MANUAL, False, 120),
    (False, ImplementationType.GITHUB_WORKFLOW, False, 35 * 60),
    (True, ImplementationType.TERRAFORM, True, 3 * 3600),
    (False, ImplementationType.GITHUB_WORKFLOW, True, 3 * 3600),
    (False, ImplementationType.GITLAB_CICD, False, 3 * 3600),
]
IMPLEMENTATIONS = {
    ImplementationType.MANUAL: {"type": "MANUAL"},
    ImplementationType.GITHUB_WORKFLOW: {
        "type": "GITHUB_WORKFLOW",
        "owner": "acme",
        "appId": "1",
        "appPem": "sealed",
        "repository": "modules",
        "branch": "main",
        "applyWorkflow": "apply.yml",
    },
    ImplementationType.GITLAB_CICD: {
        "type": "GITLAB_CICD",
        "gitlabBaseUrl": "https://gitlab.example.org",
        "projectId": "7",
        "refName": "main",
        "pipelineTriggerToken": "sealed",
    },
    ImplementationType.AZURE_DEVOPS: {
        "type": "AZURE_DEVOPS",
        "azureDevOpsBaseUrl": "https://dev.azure.com",
        "organization": "acme",
        "project": "modules",
        "pipelineId": "7",
        "personalAccessToken": "sealed",
    },
}


@pytest.mark.parametrize(("own", "implementation", "hand_over", "seconds"), LEASES)
async def test_the_lease_depends_on_who_claimed(
    world: RunWorld, *, own: bool, implementation: ImplementationType, hand_over: bool, seconds: int
) -> None:
    if implementation in IMPLEMENTATIONS:
        world.content.implementation = dict(IMPLEMENTATIONS[implementation])
    run = world.request(a_target(implementation=implementation, hand_over=hand_over))
    worker = await a_worker(world, own=own)
    await worker.register("work")

    world.clock.advance(seconds - 1)
    world.sweep()
    before = world.run(run.id).status
    world.clock.advance(1)
    world.sweep()

    assert before is RunStatus.IN_PROGRESS
    assert world.run(run.id).status is RunStatus.PENDING


@pytest.mark.parametrize(("own", "status"), [(True, RunStatus.PENDING), (False, RunStatus.IN_PROGRESS)])
async def test_only_our_claim_must_be_registered_within_15_seconds(
    world: RunWorld, *, own: bool, status: RunStatus
) -> None:
    run = world.request()
    await a_worker(world, own=own)

    world.clock.advance(15)
    world.sweep()

    after = world.run(run.id)
    assert after.status is status
    assert [warning.message for warning in after.warnings] == (
        ["the runner that claimed attempt 1 never began; the run is offered again"] if own else []
    )


@pytest.mark.parametrize("sign", ["heartbeat", "report", "log", "register"])
async def test_every_sign_of_life_extends_the_lease(world: RunWorld, sign: str) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")
    world.clock.advance(29)

    if sign == "heartbeat":
        answer = await worker.heartbeat()
    elif sign == "report":
        answer = await worker.report(status="IN_PROGRESS")
    elif sign == "log":
        answer = await worker.log("work", 0, b"hello")
    else:
        answer = await worker.register("work")

    assert answer.status_code == 200
    world.clock.advance(29)
    world.sweep()
    assert world.run(run.id).status is RunStatus.IN_PROGRESS


async def test_no_attempt_outlives_the_ceiling_however_lively(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    for _ in range(3 * 3600 // 25):
        world.clock.advance(25)
        assert (await worker.heartbeat()).json() == {"runAborted": False}
    world.clock.advance(25)
    world.sweep()

    assert world.attempt(run.id).state is AttemptState.TIMED_OUT
    assert world.run(run.id).status is RunStatus.PENDING
    assert (await worker.heartbeat()).json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.PENDING


async def test_a_lost_attempt_that_nobody_followed_goes_on_at_its_next_sign_of_life(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")
    world.clock.advance(31)
    world.sweep()
    assert world.run(run.id).status is RunStatus.PENDING

    answer = await worker.report(status="SUCCEEDED", steps=[{"id": "work", "status": "SUCCEEDED"}])

    assert answer.json() == {"runAborted": False}
    after = world.run(run.id)
    assert (after.status, after.attempt) == (RunStatus.SUCCEEDED, 1)
    assert len(after.warnings) == 1


async def test_an_older_attempt_changes_nothing_and_is_told_to_stop(world: RunWorld) -> None:
    run = world.request()
    old = await a_worker(world)
    await old.register("work")
    world.clock.advance(31)
    world.sweep()
    new = await a_worker(world)
    await new.register("work")

    answers = [
        await old.report(status="SUCCEEDED", steps=[{"id": "work", "status": "FAILED", "userMessage": "late"}]),
        await old.register("other"),
        await old.heartbeat(),
        await old.log("work", 0, b"late"),
        await old.release(),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["runAborted"] for answer in answers] == [True, True, True, True, False]
    assert answers[3].json()["offset"] == 4
    after = world.run(run.id)
    assert (after.status, after.attempt) == (RunStatus.IN_PROGRESS, 2)
    steps = await steps_of(world, old.run_id)
    assert steps == [("work", "PENDING", None)]


async def test_the_second_loss_rests_a_minute_the_third_two(world: RunWorld) -> None:
    run = world.request()
    pauses = []
    for _ in range(8):
        due = world.run(run.id).due_at
        pauses.append((due - world.clock()).total_seconds() / 60)
        world.clock.now = max(due, world.clock())
        await a_worker(world)
        world.clock.advance(15)
        world.sweep()

    assert pauses == [0, 0, 1, 2, 4, 8, 16, 30]


async def test_a_lost_attempt_with_the_state_lock_is_offered_again_two_minutes_after_its_last_sign(
    world: RunWorld,
) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")
    world.clock.advance(10)
    assert (await worker.lock()).status_code == 200
    last_sign = world.clock()
    world.clock.advance(25)
    world.sweep()

    assert world.run(run.id).status is RunStatus.PENDING
    assert world.run(run.id).due_at == last_sign + timedelta(minutes=2)
    assert (await world.claim()).status_code == 404
    world.clock.now = last_sign + timedelta(minutes=2)
    assert (await world.claim()).status_code == 201


async def test_a_state_request_of_a_lost_attempt_keeps_the_next_one_waiting_but_revives_nothing(
    world: RunWorld,
) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")
    await worker.lock()
    world.clock.advance(60)
    world.sweep()

    await worker.lock()

    after = world.run(run.id)
    assert after.status is RunStatus.PENDING
    assert after.due_at == world.clock() + timedelta(minutes=2)


async def test_the_next_attempt_finds_the_lock_free(world: RunWorld) -> None:
    world.request()
    old = await a_worker(world)
    await old.register("work")
    await old.lock("old")
    world.clock.advance(31)
    world.sweep()
    world.clock.advance(120)
    new = await a_worker(world)

    assert (await new.lock("new")).status_code == 200
    assert (await old.lock("old")).status_code == 409


async def test_a_run_handed_back_is_offered_at_once_and_its_runner_is_told_to_stop(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")

    first, again = await worker.release(), await worker.release()

    assert first.json() == again.json() == {"runAborted": False}
    after = world.run(run.id)
    assert (after.status, after.losses) == (RunStatus.PENDING, 0)
    assert after.warnings[0].message == "the runner handed the run back: the machine is going down"
    assert (await worker.heartbeat()).json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.PENDING
    assert (await world.claim()).status_code == 201


async def test_a_new_request_supersedes_a_run_that_waits_for_another_attempt(world: RunWorld) -> None:
    target = a_target()
    old = world.request(target)
    worker = await a_worker(world)
    with pytest.raises(Conflict, match="not finished"):
        world.request(target)
    world.clock.advance(16)
    world.sweep()

    new = world.request(target)

    superseded = world.run(old.id)
    assert superseded.status is RunStatus.FAILED
    assert superseded.summary is not None
    assert "newer run" in superseded.summary
    assert new.number == 2
    assert (await worker.report(status="SUCCEEDED")).json() == {"runAborted": False}
    assert world.run(old.id).status is RunStatus.FAILED
    assert world.listener.finished == []


async def test_the_run_after_one_that_ended_unconfirmed_with_the_lock_waits_for_its_engine(world: RunWorld) -> None:
    target = a_target()
    old = world.request(target)
    worker = await a_worker(world)
    await worker.register("work")
    await worker.lock()
    locked_at = world.clock()
    world.clock.advance(31)
    world.sweep()

    new = world.request(target)

    assert world.run(old.id).status is RunStatus.FAILED
    assert new.due_at == locked_at + timedelta(minutes=2)


async def test_two_replicas_lose_an_attempt_once(world: RunWorld) -> None:
    run = world.request()
    await a_worker(world)
    world.clock.advance(16)
    due = world.db.read_now(world.sweeper.due)

    for run_id in [*due, *due]:
        world.db.write_now(partial(world.sweeper.settle, run_id=run_id))

    assert len(world.run(run.id).warnings) == 1
    assert world.db.read_now(world.sweeper.due) == []
