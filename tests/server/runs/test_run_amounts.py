"""How much a run may say about itself."""

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.outputs import MAX_OUTPUTS_BYTES
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.amounts import CUT, MAX_MESSAGE_CHARACTERS, MAX_SOURCES, MAX_STEPS, MAX_TEXT_CHARACTERS
from blockyard.server.runs.service.views import SHOWN_BYTES
from blockyard.server.runs.store import FileStore, StepStore
from tests.support.run_answers import logs_of
from tests.support.run_world import RUNS, RunWorld, Worker, a_worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """A runner of ours that claimed a run."""
    world.request()
    return await a_worker(world)


async def test_a_run_has_a_thousand_steps_at_the_most_whoever_reports_them(world: RunWorld, worker: Worker) -> None:
    statuses = []
    steps: list[Json] = [{"id": f"step-{at}"} for at in range(400)]
    for source in ("a", "b", "c"):
        body: Json = {"source": {"id": source}, "steps": steps}
        answer = await worker.send("POST", f"{RUNS}/{worker.run_id}/status/source", body)
        statuses.append(answer.status_code)
    await worker.send("POST", f"{RUNS}/{worker.run_id}/status/source", {"source": {"id": "d"}, "steps": steps[:200]})
    steps = [{"id": "one-more", "status": "SUCCEEDED"}]
    patch = await worker.send(
        "PATCH", f"{RUNS}/{worker.run_id}/status/source/a", {"status": "IN_PROGRESS", "steps": steps}
    )
    chunk = await worker.log("one-more", 0, b"text")

    assert statuses == [200, 200, 413]
    assert (patch.status_code, patch.json()["errorCode"]) == (413, "TooLarge")
    assert chunk.status_code == 413
    stored = world.db.read_now(lambda tx: StepStore(tx).steps(RunId(worker.run_id), 1))
    assert len(stored) == MAX_STEPS


async def test_a_run_has_a_hundred_sources_at_the_most(worker: Worker) -> None:
    path = f"{RUNS}/{worker.run_id}/status/source"

    answers = [
        (await worker.send("POST", path, {"source": {"id": f"s{at}"}, "steps": []})).status_code
        for at in range(MAX_SOURCES + 2)
    ]

    assert answers.count(200) == MAX_SOURCES
    assert answers[-1] == 413


async def test_messages_to_people_are_cut_and_no_report_is_refused_for_them(world: RunWorld, worker: Worker) -> None:
    steps: list[Json] = [
        {"id": f"step-{at}", "status": "SUCCEEDED", "userMessage": "x" * 2 * MAX_MESSAGE_CHARACTERS}
        for at in range(100)
    ]
    update: Json = {"status": "IN_PROGRESS", "steps": steps, "summary": "y" * 2 * MAX_MESSAGE_CHARACTERS}

    answer = await worker.send("PATCH", f"{RUNS}/{worker.run_id}/status/source/a", update)

    assert answer.status_code == 200
    stored = world.db.read_now(lambda tx: StepStore(tx).steps(RunId(worker.run_id), 1))
    messages = [step.user_message or "" for step in stored]
    assert messages[0] == "x" * MAX_MESSAGE_CHARACTERS + CUT
    assert messages[-1].endswith(CUT)
    assert sum(map(len, messages)) < MAX_TEXT_CHARACTERS * 1.1


async def test_one_answer_carries_the_last_of_all_logs(world: RunWorld, worker: Worker) -> None:
    for at in range(7):
        await worker.log(f"step-{at}", 0, b"line\n" * 200_000)

    logs = [len(step["systemMessage"] or "") for step in await logs_of(world, worker.run_id)]

    assert logs[-1] >= 1_000_000
    assert sum(logs) <= SHOWN_BYTES + 1024


async def test_the_outputs_of_a_run_are_limited_together_and_what_was_reported_stays(
    world: RunWorld, worker: Worker
) -> None:
    def report(name: str, size: int) -> Json:
        value: Json = {"value": "x" * size, "type": "STRING", "isSensitive": False}
        return [{"id": "apply", "status": "SUCCEEDED", "outputs": {name: value}}]

    most = MAX_OUTPUTS_BYTES // 2
    first = await worker.report(status="IN_PROGRESS", steps=report("a", most))
    second = await worker.report(status="IN_PROGRESS", steps=report("b", most + 1))
    again = await worker.report(status="IN_PROGRESS", steps=report("a", most + 1))

    assert (first.status_code, again.status_code) == (200, 200)
    assert (second.status_code, second.json()["errorCode"]) == (413, "TooLarge")
    stored = world.db.read_now(lambda tx: FileStore(tx).outputs(RunId(worker.run_id), 1))
    assert list(stored) == ["a"]
