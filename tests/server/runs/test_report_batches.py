"""Reports with several steps: stored at once, and every viewer sees each change exactly once, in order."""

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.database import Database
from blockyard.server.runs.model import RunId, RunLimits
from blockyard.server.runs.store import LogStore, RunStore, StepStore
from tests.support.clock import FixedClock
from tests.support.run_answers import logs_of
from tests.support.run_world import OWN, RunWorld, Worker, a_worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """Our runner with three steps."""
    world.request()
    worker = await a_worker(world)
    await worker.register("one", "two", "three")
    return worker


class Viewer:
    """Follows a run from its begin."""

    def __init__(self, world: RunWorld, worker: Worker) -> None:
        self._world = world
        self._path = f"{OWN}/{worker.run_id}/events"
        self.position = 0

    async def look(self) -> list[JsonObject]:
        """Return what is new."""
        async with self._world.client("platform") as client:
            answer = await client.get(
                self._path, params={"after": self.position}, headers={"Accept": "application/json"}
            )
        batch = answer.json()
        self.position = batch["position"]
        events: list[JsonObject] = batch["events"]
        return events


def told(events: list[JsonObject]) -> list[tuple[object, ...]]:
    """Return what events tell about steps and logs."""
    found: list[tuple[object, ...]] = []
    for event in events:
        if event["type"] == "step":
            step = event["step"]
            assert isinstance(step, dict)
            found.append(("step", step["id"], step["status"]))
        elif event["type"] == "log":
            found.append(("log", event["step"], event["offset"], event["text"]))
    return found


async def test_a_viewer_sees_each_change_of_a_large_report_exactly_once(world: RunWorld, worker: Worker) -> None:
    viewer = Viewer(world, worker)
    await viewer.look()

    await worker.report(
        steps=[
            {"id": "one", "status": "SUCCEEDED", "systemMessage": "first\n"},
            {"id": "two", "status": "SUCCEEDED", "systemMessage": "second\n"},
            {"id": "four", "status": "IN_PROGRESS", "systemMessage": "third\n"},
        ]
    )
    seen, again = await viewer.look(), await viewer.look()

    assert told(seen) == [
        ("step", "one", "SUCCEEDED"),
        ("step", "two", "SUCCEEDED"),
        ("step", "four", "IN_PROGRESS"),
        ("log", "one", 0, "first\n"),
        ("log", "two", 0, "second\n"),
        ("log", "four", 0, "third\n"),
    ]
    assert again == []


async def test_numbers_of_one_report_are_unique_and_grow_in_the_order_of_its_changes(
    world: RunWorld, worker: Worker
) -> None:
    run_id = RunId(worker.run_id)
    before = world.db.read_now(lambda tx: RunStore(tx).positions(run_id)).sequence
    steps: list[Json] = [{"id": name, "status": "SUCCEEDED", "systemMessage": name} for name in ("three", "one", "two")]

    await worker.report(steps=steps)

    stored = {step.id.name: step for step in world.db.read_now(lambda tx: StepStore(tx).steps(run_id, 1))}
    chunks, _ = world.db.read_now(lambda tx: LogStore(tx).after(run_id, 1, before, up_to_bytes=1000))
    pieces = {chunk.step.name: chunk.sequence for chunk in chunks}
    numbers = [number for name in ("three", "one", "two") for number in (stored[name].changed, pieces[name])]
    assert numbers == list(range(before + 1, before + 7))
    assert world.db.read_now(lambda tx: RunStore(tx).positions(run_id)).sequence == before + 6


async def test_more_log_alone_is_no_change_of_its_step(world: RunWorld, worker: Worker) -> None:
    viewer = Viewer(world, worker)
    await worker.log("one", 0, b"a")
    await viewer.look()

    await worker.log("one", 1, b"b")

    assert told(await viewer.look()) == [("log", "one", 1, "b")]


async def test_a_step_told_twice_in_one_report_ends_as_told_last(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world, own=False)
    viewer = Viewer(world, worker)

    await worker.report(
        steps=[
            {"id": "work", "status": "IN_PROGRESS", "systemMessage": "begun"},
            {"id": "work", "systemMessage": "begun, and gone on"},
            {"id": "work", "status": "FAILED", "systemMessage": "something else"},
        ]
    )

    (step,) = await logs_of(world, worker.run_id)
    assert (step["status"], step["systemMessage"]) == ("FAILED", "something else")
    assert told(await viewer.look()) == [("step", "work", "FAILED"), ("log", "work", 0, "something else")]
    assert await viewer.look() == []


async def test_a_step_keeps_the_number_of_its_change_when_its_log_is_replaced_in_the_same_report(
    world: RunWorld,
) -> None:
    world.request()
    worker = await a_worker(world, own=False)
    await worker.register("work")
    await worker.report(steps=[{"id": "work", "status": "IN_PROGRESS", "systemMessage": "one"}])
    viewer = Viewer(world, worker)
    await viewer.look()

    await worker.report(
        steps=[
            {"id": "work", "status": "SUCCEEDED", "systemMessage": "one two"},
            {"id": "work", "systemMessage": "another"},
        ]
    )

    assert told(await viewer.look()) == [("step", "work", "SUCCEEDED"), ("log", "work", 0, "another")]


async def test_a_report_fills_the_log_of_its_run_up_to_the_limit(database: Database, clock: FixedClock) -> None:
    world = RunWorld(database, clock, RunLimits(log_bytes=10))
    world.request()
    worker = await a_worker(world, own=False)

    await worker.report(
        steps=[
            {"id": "one", "status": "SUCCEEDED", "systemMessage": "1234567"},
            {"id": "two", "status": "SUCCEEDED", "systemMessage": "abcdefg"},
            {"id": "three", "status": "SUCCEEDED", "systemMessage": "nothing"},
        ]
    )
    await worker.report(steps=[{"id": "one", "systemMessage": "new"}])
    await worker.report(steps=[{"id": "three", "systemMessage": "nothing at all"}])

    shown = [(step["displayName"], step["systemMessage"]) for step in await logs_of(world, worker.run_id)]
    assert shown[:2] == [("one", "new"), ("two", "abc")]
    assert shown[2][1] == " at "
