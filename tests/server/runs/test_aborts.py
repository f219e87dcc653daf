"""Aborts: at once, on confirmation, when time is up. Source: architecture.md 4, concepts.md 11.5."""

from datetime import timedelta

import anyio
import httpx2
import pytest

from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import ImplementationType, RunStatus
from tests.support.principals import a_key
from tests.support.run_answers import steps_of
from tests.support.run_world import OWN, RUNS, RunWorld, Worker, a_target, a_worker
from tests.support.waiting import until, until_somebody_listens

pytestmark = pytest.mark.anyio


async def abort(world: RunWorld, run_id: object, key: str = "platform") -> httpx2.Response:
    """Stop a run over HTTP."""
    async with world.client(key) as client:
        return await client.post(f"{OWN}/{run_id}/abort")


async def test_a_pending_run_ends_at_once(world: RunWorld) -> None:
    run = world.request()

    answer = await abort(world, run.id)

    assert (answer.status_code, answer.json()["status"]) == (202, "ABORTED")
    assert world.run(run.id).finished_at == world.clock()
    assert (await world.claim()).status_code == 404


async def test_an_async_run_ends_at_once(world: RunWorld) -> None:
    run = world.request(a_target(hand_over=True))
    worker = await a_worker(world, own=False)

    assert (await abort(world, run.id)).json()["status"] == "ABORTED"
    assert (await worker.report(status="SUCCEEDED")).json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.ABORTED


@pytest.mark.parametrize("told", ["heartbeat", "report", "register", "log"])
async def test_whoever_works_on_a_run_is_told_with_the_next_answer_and_confirms(world: RunWorld, told: str) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("one", "two")
    await worker.report(steps=[{"id": "one", "status": "SUCCEEDED"}, {"id": "two", "status": "IN_PROGRESS"}])

    answer = await abort(world, run.id)
    assert answer.json()["status"] == "IN_PROGRESS"
    assert answer.json()["abortRequestedAt"] is not None
    if told == "heartbeat":
        answer = await worker.heartbeat()
    elif told == "report":
        answer = await worker.report(status="IN_PROGRESS")
    elif told == "register":
        answer = await worker.register("one", "two")
    else:
        answer = await worker.log("two", 0, b"still working")
    assert answer.json()["runAborted"] is True
    answer = await worker.report(status="ABORTED", steps=[{"id": "two", "status": "ABORTED", "userMessage": "stopped"}])

    assert answer.json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.ABORTED
    assert await steps_of(world, run.id) == [("one", "SUCCEEDED", None), ("two", "ABORTED", "stopped")]


async def test_75_seconds_after_it_was_told_of_the_abort_a_silent_runner_is_not_waited_for(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world, own=False)
    await worker.register("one")
    await abort(world, run.id)
    world.clock.advance(10)
    await worker.report(status="IN_PROGRESS")
    world.clock.advance(10)
    await worker.report(status="IN_PROGRESS")

    world.clock.advance(64)
    world.sweep()
    before = world.run(run.id).status
    world.clock.advance(1)
    world.sweep()

    assert before is RunStatus.IN_PROGRESS
    assert world.run(run.id).status is RunStatus.ABORTED
    assert await steps_of(world, run.id) == [("one", "ABORTED", None)]
    assert (await worker.report(status="SUCCEEDED")).json() == {"runAborted": True}


async def test_an_abort_nobody_heard_of_takes_effect_after_5_minutes(world: RunWorld) -> None:
    run = world.request(a_target(implementation=ImplementationType.TERRAFORM))
    await a_worker(world, own=False)
    await abort(world, run.id)

    world.clock.advance(299)
    world.sweep()
    before = world.run(run.id).status
    world.clock.advance(1)
    world.sweep()

    assert before is RunStatus.IN_PROGRESS
    assert world.run(run.id).status is RunStatus.ABORTED


async def test_a_run_that_ends_by_itself_first_keeps_its_result(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await abort(world, run.id)

    answer = await worker.report(status="SUCCEEDED")

    assert answer.json() == {"runAborted": False}
    assert world.run(run.id).status is RunStatus.SUCCEEDED


async def test_a_run_that_is_released_while_it_shall_stop_is_aborted(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await abort(world, run.id)

    assert (await worker.release()).json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.ABORTED


async def test_aborting_twice_is_no_error_but_a_finished_run_cannot_be_aborted(world: RunWorld) -> None:
    run = world.request()
    assert [(await abort(world, run.id)).status_code for _ in range(2)] == [202, 202]
    done = world.request()
    worker = await a_worker(world)
    await worker.report(status="FAILED")

    answer = await abort(world, done.id)

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "RunFinished")


async def test_a_pipeline_aborts_its_run_by_reporting_so(world: RunWorld) -> None:
    run = world.request(a_target(hand_over=True))
    await a_worker(world, own=False)

    answer = await Worker(world, run.id, "platform", source="github").report(status="ABORTED")

    assert answer.json() == {"runAborted": True}
    assert world.run(run.id).status is RunStatus.ABORTED


async def test_the_next_run_waits_for_the_engine_of_an_unconfirmed_abort_that_holds_the_lock(world: RunWorld) -> None:
    target = a_target()
    run = world.request(target)
    worker = await a_worker(world)
    await worker.register("one")
    await abort(world, run.id)
    await worker.heartbeat()
    world.clock.advance(74)
    await worker.lock()
    last_sign = world.clock()
    world.clock.advance(1)
    world.sweep()
    assert world.run(run.id).status is RunStatus.ABORTED

    following = world.request(target)

    assert following.due_at == last_sign + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("key", "transparent", "status"),
    [
        ("platform", False, 202),
        ("admin", False, 202),
        ("shop", True, 202),
        ("shop", False, 403),
        ("other", True, 404),
        ("other", False, 404),
        ("nobody", False, 401),
    ],
)
@pytest.mark.one_database
async def test_platform_team_and_transparent_consumers_abort(
    world: RunWorld, *, key: str, transparent: bool, status: int
) -> None:
    world.content.transparent = transparent
    run = world.request()

    assert (await abort(world, run.id, key)).status_code == status
    assert world.run(run.id).is_final is (status == 202)


@pytest.mark.parametrize(
    ("transparent", "needed"),
    [(True, "BUILDINGBLOCK_SAVE is needed in workspace 'shop'"), (False, "MANAGED_BUILDINGBLOCKRUN_SAVE is needed")],
)
async def test_who_may_not_abort_is_told_the_permission_that_would_do(
    world: RunWorld, *, transparent: bool, needed: str
) -> None:
    world.content.transparent = transparent
    world.keys["reader"] = a_key("shop", "BUILDINGBLOCK_LIST")
    run = world.request()

    refused = await abort(world, run.id, "reader")

    assert refused.status_code == 403
    assert refused.json()["message"] == f"you don't have sufficient permissions: {needed}"


async def test_the_link_of_a_run_aborts_it_and_is_refused_once_it_has_ended(world: RunWorld) -> None:
    run = world.request()
    async with world.client("platform") as client:
        link = (await client.get(f"{RUNS}/{run.id}")).json()["_links"]["abort"]["href"]
        aborted = await client.post(link)
        again = await client.post(link)
        world.request()
        worker = await a_worker(world)
        await worker.report(status="SUCCEEDED")
        ended = await client.post(f"{RUNS}/{worker.run_id}/abort")

    assert (aborted.status_code, aborted.json()["status"], again.status_code) == (200, "ABORTED", 200)
    assert aborted.headers["content-type"] == RUN.media
    assert (ended.status_code, ended.json()["errorCode"]) == (400, "RunFinished")


async def test_a_run_token_does_not_abort(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    foreign = world.request()

    answers = [await abort(world, run.id, worker.token), await abort(world, foreign.id, worker.token)]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_a_held_heartbeat_is_answered_by_the_abort(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("one")
    answers: list[httpx2.Response] = []

    async with anyio.create_task_group() as group:

        async def wait() -> None:
            answers.append(await worker.heartbeat(wait=60))

        group.start_soon(wait)
        await until_somebody_listens(world.db.signals)
        await worker.log("one", 0, b"at work")  # wakes it; an answer to that would say that nothing was aborted
        await abort(world, run.id)

    assert [answer.json() for answer in answers] == [{"runAborted": True}]
    assert world.run(run.id).abort_delivered_at is not None


async def test_a_held_heartbeat_is_answered_when_the_run_has_ended(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)
    await worker.register("one")
    answers: list[httpx2.Response] = []

    async with anyio.create_task_group() as group:

        async def wait() -> None:
            answers.append(await worker.heartbeat(wait=60))

        group.start_soon(wait)
        await until_somebody_listens(world.db.signals)
        await worker.report(status="SUCCEEDED", steps=[{"id": "one", "status": "SUCCEEDED"}])

    assert [answer.json() for answer in answers] == [{"runAborted": False}]


async def test_a_held_heartbeat_is_a_sign_of_life_when_it_arrives(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("one")
    world.clock.advance(20)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: worker.heartbeat(wait=1))
        await until(lambda: world.attempt(run.id).last_sign_at == world.clock())


async def test_a_heartbeat_without_that_wish_is_answered_at_once(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)

    with anyio.fail_after(15):
        assert (await worker.heartbeat()).json() == {"runAborted": False}
