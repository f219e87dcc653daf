"""What other features do with runs: request, end at once, forget; events, figures, loops."""

import asyncio
from functools import partial

import pytest

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound
from blockyard.server.runs.loops import loops
from blockyard.server.runs.model import Attempt
from blockyard.server.runs.store import AttemptStore, FileStore, StepStore
from tests.support.principals import ADMINISTRATOR
from tests.support.run_world import ADA, OWN, RunWorld, a_target, a_worker

pytestmark = pytest.mark.anyio


def test_numbers_count_the_runs_of_a_block(world: RunWorld) -> None:
    target = a_target()
    numbers = []
    for _ in range(3):
        run = world.request(target)
        numbers.append(run.number)
        world.db.write_now(partial(world.runs.finish_at_once, run=run, status=RunStatus.SUCCEEDED, outputs={}))
    other = world.request()

    assert numbers == [1, 2, 3]
    assert other.number == 1


def test_a_manual_run_ends_at_once_with_its_outputs_and_whoever_asked_for_that_is_not_told(world: RunWorld) -> None:
    run = world.request()
    outputs = {"size": OutputValue.model_validate({"value": "L", "type": "STRING"})}

    ended = world.db.write_now(lambda tx: world.runs.finish_at_once(tx, run, RunStatus.SUCCEEDED, outputs))

    assert ended.status is RunStatus.SUCCEEDED
    assert world.listener.finished == []
    assert world.db.read_now(lambda tx: FileStore(tx).reported(ended.id, ended.attempt)) == outputs
    assert world.db.read_now(lambda tx: world.runs.unfinished(tx, run.block_id)) is None
    latest = world.db.read_now(lambda tx: world.runs.latest(tx, run.block_id))
    assert latest == ended


async def test_an_abort_that_a_service_asked_for_is_its_answer_and_one_of_a_person_is_told(world: RunWorld) -> None:
    first, second = world.request(), world.request()

    ended = world.db.write_now(lambda tx: world.runs.abort_for(tx, ADA, first))
    assert (ended.status, world.listener.finished) == (RunStatus.ABORTED, [])

    world.db.write_now(lambda tx: world.runs.abort(tx, ADMINISTRATOR, second.id))
    assert world.listener.finished == [(RunStatus.ABORTED, {})]


async def test_an_abort_that_takes_time_is_told_when_it_has_come(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)

    going = world.db.write_now(lambda tx: world.runs.abort_for(tx, ADA, world.runs.by_id(tx, run.id)))
    await worker.report(status="ABORTED")

    assert going.status is RunStatus.IN_PROGRESS
    assert [status for status, _ in world.listener.finished] == [RunStatus.ABORTED]


async def test_a_second_request_is_refused_while_a_run_is_pending_or_in_progress(world: RunWorld) -> None:
    target = a_target()
    world.request(target)
    with pytest.raises(Conflict):
        world.request(target, Behavior.DESTROY)
    await a_worker(world)
    with pytest.raises(Conflict):
        world.request(target, Behavior.DESTROY)


async def test_forgotten_runs_leave_nothing(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.log("work", 0, b"x")
    await worker.report(status="SUCCEEDED", steps=[{"id": "work", "outputs": {"a": {"value": 1, "type": "INTEGER"}}}])

    world.db.write_now(lambda tx: world.runs.forget(tx, [run.block_id]))

    with pytest.raises(NotFound):
        world.run(run.id)
    assert world.db.read_now(lambda tx: world.runs.grant_of(tx, worker.token)) is None
    with world.db.engine.connect() as connection:
        for table in (
            "runs",
            "run_attempts",
            "run_sources",
            "run_steps",
            "run_log_chunks",
            "run_outputs",
            "run_documents",
        ):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608  names above


async def test_whoever_removes_runs_knows_nothing_of_them_any_more(world: RunWorld) -> None:
    run = world.request()
    await a_worker(world)

    def remove_after_a_look(tx: Transaction) -> tuple[Attempt | None, object]:
        AttemptStore(tx).hold(run.id, 1)
        StepStore(tx).steps(run.id, 1)
        world.runs.latest(tx, run.block_id)
        world.runs.forget(tx, [run.block_id])
        return AttemptStore(tx).get(run.id, 1), world.runs.latest(tx, run.block_id)

    assert world.db.write_now(remove_after_a_look) == (None, None)


async def test_requests_ends_and_aborts_are_events_and_nothing_in_between(world: RunWorld) -> None:
    run = world.request()
    worker = await a_worker(world)
    await worker.register("work")
    await worker.heartbeat()
    world.db.write_now(lambda tx: world.runs.abort_for(tx, ADA, world.runs.by_id(tx, run.id)))
    await worker.report(status="ABORTED")

    with world.db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT title, type FROM events WHERE subject_kind = 'meshBuildingBlockRun'")
        events = [tuple(row) for row in rows]
    assert sorted(events) == [
        ("Building Block Run Abort Requested", "Requested"),
        ("Building Block Run Finished", "Changed"),
        ("Building Block Run Requested", "Requested"),
    ]


async def test_figures_of_the_queue(world: RunWorld) -> None:
    oldest = world.clock()
    world.request()
    world.clock.advance(5)
    world.request()
    world.request()
    await a_worker(world)

    figures = world.db.read_now(world.runs.figures)

    assert (figures.pending, figures.in_progress) == (2, 1)
    assert figures.oldest_pending_at is not None
    assert figures.oldest_pending_at > oldest


async def test_the_loop_settles_every_run_once_also_beside_another_replica(world: RunWorld) -> None:
    runs = [world.request().id for _ in range(3)]
    for _ in runs:
        await a_worker(world)
    world.clock.advance(16)
    sweep, plans, *_ = loops(world.db, world.sweeper, start_grace_seconds=0)

    await asyncio.gather(sweep.round(), sweep.round())
    await plans.round()

    assert {world.run(run_id).status for run_id in runs} == {RunStatus.PENDING}
    assert {len(world.run(run_id).warnings) for run_id in runs} == {1}


async def test_a_server_that_was_away_listens_first_before_it_gives_runners_up(world: RunWorld) -> None:
    silent, aborted = world.request(), world.request()
    for _ in range(2):
        await a_worker(world)
    world.db.write_now(lambda tx: world.runs.abort_for(tx, ADA, world.runs.by_id(tx, aborted.id)))
    world.clock.advance(301)
    sweep, *_ = loops(world.db, world.sweeper)

    await sweep.round()

    assert world.run(silent.id).status is RunStatus.IN_PROGRESS
    assert world.run(aborted.id).status is RunStatus.ABORTED


def test_a_text_that_is_no_run_token_stands_for_nothing(world: RunWorld) -> None:
    for token in ("", "byrun", "byrunAAAA", "eyJhbGciOi", "x" * 10_000):
        assert world.db.read_now(partial(world.runs.grant_of, token=token)) is None


async def test_the_detail_of_a_waiting_run_says_what_it_waits_for(world: RunWorld) -> None:
    run = world.request()

    async with world.client("platform") as client:
        waiting = (await client.get(f"{OWN}/{run.id}")).json()["waitsFor"]
        await a_worker(world)
        working = (await client.get(f"{OWN}/{run.id}")).json()["waitsFor"]

    assert waiting == {
        "message": "No runner has asked for work yet; tell the operator that runner 'Shared runner' is not running.",
        "position": 1,
        "runnerName": "Shared runner",
        "runnerAskedAt": None,
        "runsAtWork": 0,
        "unserved": True,
    }
    assert working is None
