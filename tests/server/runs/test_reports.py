"""What sources say about runs, in the shapes of the official runners and actions. Source: runner.md 1.6 to 1.8."""

from base64 import b64encode

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.server.runs.ports import RunFinish
from blockyard.server.runs.service.ending import RunEnding
from blockyard.server.runs.store import StepStore
from tests.support.run_answers import logs_of
from tests.support.run_world import OWN, RUNS, RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio


async def detail_of(world: RunWorld, run_id: object) -> dict[str, Json]:
    """Return the detail of a run."""
    async with world.client("platform") as client:
        answer = await client.get(f"{OWN}/{run_id}", headers={"Accept": "application/json"})
    detail: dict[str, Json] = answer.json()
    return detail


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """An official runner that claimed a run."""
    world.request()
    return await a_worker(world, own=False)


async def test_a_repeated_registration_merges_steps(world: RunWorld, worker: Worker) -> None:
    first = await worker.register("one", "two")
    await worker.report(steps=[{"id": "two", "status": "SUCCEEDED"}])

    again = await worker.register("two", "three")

    assert (first.status_code, again.status_code) == (200, 200)
    steps = await logs_of(world, worker.run_id)
    assert [(step["displayName"], step["status"]) for step in steps] == [
        ("Two", "SUCCEEDED"),
        ("Three", "PENDING"),
        ("One", "PENDING"),
    ]


async def test_external_ids_may_be_numbers_and_have_older_names(world: RunWorld, worker: Worker) -> None:
    body: Json = {
        "source": {"id": "github", "externalRunId": 77, "externalUrl": "https://ci.example.org/77"},
        "steps": [],
    }

    await worker.send("POST", f"{RUNS}/{worker.run_id}/status/source", body)

    sources = (await detail_of(world, worker.run_id))["sources"]
    assert sources == [{"id": "github", "externalRunId": "77", "externalRunUrl": "https://ci.example.org/77"}]


@pytest.mark.parametrize("unset", [None, ""])
async def test_null_and_empty_text_change_nothing(world: RunWorld, worker: Worker, unset: str | None) -> None:
    await worker.register("work")
    await worker.report(
        status="IN_PROGRESS",
        summary="fine",
        steps=[{"id": "work", "status": "IN_PROGRESS", "userMessage": "hi", "systemMessage": "log"}],
    )

    answer = await worker.report(
        status=unset,
        summary=unset,
        steps=[
            {
                "id": "work",
                "displayName": unset,
                "status": unset,
                "userMessage": unset,
                "systemMessage": unset,
                "outputs": {} if unset == "" else None,
            }
        ],
    )

    assert (answer.status_code, answer.json()) == (200, {"runAborted": False})
    assert await logs_of(world, worker.run_id) == [
        {"displayName": "Work", "status": "IN_PROGRESS", "userMessage": "hi", "systemMessage": "log"}
    ]
    assert world.run(worker.run_id).summary == "fine"


async def test_unknown_steps_and_sources_are_created(world: RunWorld, worker: Worker) -> None:
    await worker.register("work")
    await worker.report(steps=[{"id": "extra", "status": "SUCCEEDED"}])

    await worker.report(source="github", status="IN_PROGRESS", steps=[{"id": "deploy", "displayName": "Deploy"}])

    steps = await logs_of(world, worker.run_id)
    assert [step["displayName"] for step in steps] == ["Work", "extra", "Deploy"]


async def test_a_run_status_of_pending_is_ignored(world: RunWorld, worker: Worker) -> None:
    answer = await worker.report(status="PENDING")

    assert answer.status_code == 200
    assert world.run(worker.run_id).status is RunStatus.IN_PROGRESS


async def test_outputs_of_all_steps_and_sources_are_merged_and_input_types_mapped(
    world: RunWorld, worker: Worker
) -> None:
    await worker.report(steps=[{"id": "one", "outputs": {"a": {"value": 1, "type": "INTEGER"}}}])
    await worker.report(steps=[{"id": "one", "outputs": {}}])
    await worker.report(
        source="github",
        steps=[
            {
                "id": "two",
                "outputs": {
                    "a": {"value": 2, "type": "INTEGER", "isSensitive": None},
                    "b": {"value": "data:,x", "type": "FILE"},
                    "c": {"value": "[]", "type": "LIST"},
                },
            }
        ],
    )

    await worker.report(status="SUCCEEDED")

    status, outputs = world.listener.finished[0]
    assert status is RunStatus.SUCCEEDED
    assert {name: (output.value, output.type.value) for name, output in outputs.items()} == {
        "a": (2, "INTEGER"),
        "b": ("data:,x", "STRING"),
        "c": ("[]", "CODE"),
    }


async def test_sensitive_outputs_lose_their_value_and_the_message_that_shows_it(
    world: RunWorld, worker: Worker
) -> None:
    await worker.register("execute_tf", "output")
    await worker.report(steps=[{"id": "output", "status": "IN_PROGRESS", "systemMessage": '{"p": "hunter2-secret"}'}])
    await worker.report(
        status="SUCCEEDED",
        steps=[
            {"id": "execute_tf", "status": "SUCCEEDED", "systemMessage": "Apply complete"},
            {
                "id": "output",
                "status": "SUCCEEDED",
                "systemMessage": '{"p": "hunter2-secret"}',
                "outputs": {"p": {"value": "hunter2-secret", "type": "STRING", "isSensitive": True}},
            },
        ],
    )

    logs = await logs_of(world, worker.run_id)
    assert logs[0]["systemMessage"] == "Apply complete"
    assert "not kept" in str(logs[1]["systemMessage"])
    assert world.listener.finished[0][1]["p"].value is None
    assert (await detail_of(world, worker.run_id))["outputs"] == {
        "p": {"value": None, "type": "STRING", "isSensitive": True}
    }
    with world.db.engine.connect() as connection:
        for table in ("run_outputs", "run_log_chunks", "run_steps", "runs", "events"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608  names of this test
            assert "hunter2" not in str(rows)


@pytest.mark.parametrize("own", [True, False])
async def test_a_run_says_which_sensitive_outputs_are_not_kept_unless_its_runner_does(
    world: RunWorld, *, own: bool
) -> None:
    world.request()
    worker = await a_worker(world, own=own)
    await worker.register("job", "other")
    outputs: JsonObject = {name: {"value": "hunter2", "type": "STRING", "isSensitive": True} for name in ("q", "p")}
    silent: Json = {"id": "job", "status": "IN_PROGRESS", "outputs": outputs}
    told: Json = {"id": "other", "status": "IN_PROGRESS", "systemMessage": "made it", "outputs": outputs}
    for _ in range(2):
        await worker.report(status="IN_PROGRESS", steps=[silent, told])

    warning = "Warning: values of sensitive outputs are not kept: p, q\n"
    texts = [step.get("systemMessage") or "" for step in await logs_of(world, worker.run_id)]
    assert texts == (["", "made it"] if own else [warning, f"made it\n{warning}"])


async def test_the_output_step_without_sensitive_outputs_keeps_its_message(world: RunWorld, worker: Worker) -> None:
    await worker.report(
        status="SUCCEEDED",
        steps=[
            {
                "id": "output",
                "status": "SUCCEEDED",
                "systemMessage": '{"url": "x"}',
                "outputs": {"url": {"value": "x", "type": "STRING"}},
            }
        ],
    )

    assert (await logs_of(world, worker.run_id))[0]["systemMessage"] == '{"url": "x"}'


async def test_the_first_final_status_wins(world: RunWorld, worker: Worker) -> None:
    await worker.report(status="SUCCEEDED")

    answers = [(await worker.report(status=status)).json() for status in ("FAILED", "IN_PROGRESS", "ABORTED")]

    assert answers == [{"runAborted": False}] * 3
    assert world.run(worker.run_id).status is RunStatus.SUCCEEDED
    assert len(world.listener.finished) == 1


@pytest.mark.parametrize("source", ["blockyard", "Blockyard"])
async def test_nobody_reports_as_the_server_itself(worker: Worker, source: str) -> None:
    await worker.register("work")

    answers = [
        await worker.register("work", source=source),
        await worker.report(source=source, steps=[{"id": "result", "userMessage": "all is well"}]),
    ]

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in answers] == [(400, "ReservedSource")] * 2


async def test_a_log_is_not_added_to_a_step_of_the_server(world: RunWorld, worker: Worker) -> None:
    run = world.run(worker.run_id)
    world.db.write_now(lambda tx: RunEnding(world.context).explain(tx, run, "result", "Check the result", "why"))

    answer = await worker.log("result", 0, b"all is well\n")

    assert answer.status_code == 200, answer.text
    steps = world.db.read_now(lambda tx: StepStore(tx).steps(run.id, run.attempt))
    assert {step.id.source: step.log_bytes for step in steps if step.id.name == "result"} == {
        "blockyard": 0,
        worker.source: 12,
    }


async def test_another_source_may_complete_its_steps_for_two_minutes_after_the_end(
    world: RunWorld, worker: Worker
) -> None:
    await worker.report(source="github", steps=[{"id": "a", "status": "IN_PROGRESS"}, {"id": "b"}])
    await worker.report(status="SUCCEEDED", steps=[{"id": "main", "status": "SUCCEEDED"}])

    await worker.report(
        source="github", status="FAILED", steps=[{"id": "a", "status": "SUCCEEDED"}, {"id": "new", "status": "FAILED"}]
    )
    world.clock.advance(121)
    await worker.report(source="github", steps=[{"id": "b", "status": "SUCCEEDED"}])

    steps = {step["displayName"]: step["status"] for step in await logs_of(world, worker.run_id)}
    assert steps == {"a": "SUCCEEDED", "b": "PENDING", "main": "SUCCEEDED"}
    run = world.run(worker.run_id)
    assert run.status is RunStatus.SUCCEEDED
    assert [warning.message for warning in run.warnings] == ["the run succeeded although steps did not: 'a', 'b'"]


async def test_a_last_report_whose_answer_was_lost_may_be_sent_again_for_long(world: RunWorld, worker: Worker) -> None:
    steps: Json = [{"id": "apply", "status": "SUCCEEDED"}]
    first = await worker.report(status="SUCCEEDED", summary="done", steps=steps)
    before = world.run(worker.run_id)
    world.clock.advance(600)

    again = await worker.report(status="SUCCEEDED", summary="done", steps=steps)

    assert (first.status_code, again.status_code, again.json()) == (200, 200, {"runAborted": False})
    assert world.run(worker.run_id) == before


async def test_a_step_may_leave_a_final_state_while_the_run_goes_on(world: RunWorld, worker: Worker) -> None:
    for status in ("SUCCEEDED", "IN_PROGRESS", "FAILED"):
        await worker.report(steps=[{"id": "azure-devops-trigger", "status": status}])

    assert (await logs_of(world, worker.run_id))[0]["status"] == "FAILED"


async def test_missing_outputs_fail_a_run_that_was_reported_succeeded(world: RunWorld, worker: Worker) -> None:
    world.listener.verdict = RunFinish(RunStatus.FAILED, "output 'url' is missing")

    answer = await worker.report(status="SUCCEEDED", steps=[{"id": "work", "status": "SUCCEEDED"}])

    assert answer.json() == {"runAborted": False}
    run = world.run(worker.run_id)
    assert (run.status, run.summary) == (RunStatus.FAILED, "output 'url' is missing")
    failed = [step for step in await logs_of(world, worker.run_id) if step["status"] == "FAILED"]
    assert [step["userMessage"] for step in failed] == ["output 'url' is missing"]


@pytest.mark.parametrize("summary", [None, "Something went wrong while starting the run."])
async def test_a_failure_before_the_first_step_says_why(world: RunWorld, worker: Worker, summary: str | None) -> None:
    """The official runner sends this when its registration was refused, or when it has no directory for the run."""
    await worker.report(status="FAILED", summary=summary, steps=None, source=worker.source, blockRunId="x")

    detail = await detail_of(world, worker.run_id)
    (step,) = await logs_of(world, worker.run_id)
    assert (detail["status"], detail["summary"]) == ("FAILED", step["userMessage"])
    assert step["status"] == "FAILED"
    assert (summary or "without saying why") in str(step["userMessage"])


async def test_a_report_as_the_official_runner_ends_a_detect_run(world: RunWorld) -> None:
    world.request(behavior=Behavior.DETECT)
    worker = await a_worker(world, own=False)
    await worker.register("sources", "execute_tf")

    answer = await worker.report(
        blockRunId=str(worker.run_id),
        source=None,
        type="TERRAFORM",
        status="SUCCEEDED",
        createdOn="2026-07-24T10:33:02.650452061+02:00",
        summary=None,
        steps=[
            {"id": "sources", "displayName": "Prepare Run", "status": "SUCCEEDED", "systemMessage": ""},
            {"id": "execute_tf", "status": "SUCCEEDED", "systemMessage": "No changes."},
        ],
        artifact=b64encode(b"plan").decode(),
        changesDetected=False,
    )

    assert answer.json() == {"runAborted": False}
    run = world.run(worker.run_id)
    assert (run.status, run.changes_detected) == (RunStatus.SUCCEEDED, False)


async def test_a_pipeline_reports_with_the_providers_key(world: RunWorld) -> None:
    run = world.request(a_target(hand_over=True))
    await a_worker(world, own=False)
    pipeline = Worker(world, run.id, "platform", source="github")

    await pipeline.register("s1")
    await pipeline.report(
        status="IN_PROGRESS",
        steps=[{"id": "s1", "status": "SUCCEEDED", "userMessage": "hi", "systemMessage": "", "outputs": {}}],
    )
    answer = await pipeline.report(status="SUCCEEDED")

    assert answer.json() == {"runAborted": False}
    assert world.run(run.id).status is RunStatus.SUCCEEDED


async def test_nobody_reports_on_a_run_that_was_never_claimed(world: RunWorld) -> None:
    run = world.request()

    answer = await Worker(world, run.id, "platform").report(status="SUCCEEDED")

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "RunNotClaimed")


async def test_an_async_run_stays_in_progress_until_somebody_else_ends_it(world: RunWorld) -> None:
    run = world.request(a_target(hand_over=True))
    worker = await a_worker(world, own=False)
    await worker.register("trigger")

    await worker.report(status="IN_PROGRESS", steps=[{"id": "trigger", "status": "SUCCEEDED"}])
    world.clock.advance(3 * 3600 - 1)
    world.sweep()

    assert world.run(run.id).status is RunStatus.IN_PROGRESS


async def test_the_manual_runner_echoes_inputs(world: RunWorld) -> None:
    world.content.implementation = {"type": "MANUAL"}
    world.request(a_target(implementation=ImplementationType.MANUAL))
    worker = await a_worker(world, own=False)
    await worker.register("manual")

    outputs: Json = {
        "size": {"value": "L", "type": "SINGLE_SELECT", "isSensitive": False},
        "secret": {"value": "sealed", "type": "STRING", "isSensitive": True},
    }
    await worker.report(status="SUCCEEDED", steps=[{"id": "manual", "status": "SUCCEEDED", "outputs": outputs}])

    reported = world.listener.finished[0][1]
    assert (reported["size"].value, reported["secret"].value) == ("L", None)


BAD_UPDATES: list[tuple[Json, int]] = [
    ({"status": "DONE"}, 400),
    ({"status": 7}, 400),
    ({"steps": [{"status": "SUCCEEDED"}]}, 400),
    ({"steps": [{"id": ""}]}, 400),
    ({"steps": [{"id": "x" * 256}]}, 400),
    ({"steps": [{"id": "nul\0"}]}, 400),
    ({"steps": {"id": "x"}}, 400),
    ({"steps": [{"id": "x", "outputs": {"a": {"value": 1}}}]}, 400),
    ({"steps": [{"id": "x", "outputs": {"a": {"value": 1, "type": "MAP"}}}]}, 400),
    ({"artifact": "***"}, 400),
    ({"steps": [{"id": str(number)} for number in range(1001)]}, 413),
    ([], 400),
    ("text", 400),
    ({"steps": [{"id": "x", "userMessage": "a\0b \N{PILE OF POO}", "systemMessage": "c\0d"}]}, 200),
    ({"status": "IN_PROGRESS", "unknown": {"deep": [1]}}, 200),
    ({}, 200),
]


async def test_a_source_whose_id_has_a_slash_is_reported_on_as_well(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)
    await worker.register("work", source="pipelines/42")

    answer = await worker.report(source="pipelines%2F42", steps=[{"id": "work", "userMessage": "seen"}])

    assert answer.status_code == 200, answer.text
    assert [log["userMessage"] for log in await logs_of(world, worker.run_id)] == ["seen"]


@pytest.mark.parametrize(("body", "status"), BAD_UPDATES)
@pytest.mark.one_database
async def test_bad_updates_are_refused_and_odd_ones_accepted(world: RunWorld, body: Json, status: int) -> None:
    world.request(behavior=Behavior.DETECT)
    worker = await a_worker(world)

    answer = await worker.send("PATCH", f"{RUNS}/{worker.run_id}/status/source/x", body)

    assert answer.status_code == status, answer.text
    assert world.run(worker.run_id).status is RunStatus.IN_PROGRESS
    if status != 200:
        assert answer.json()["errorCode"]
    else:
        assert (await logs_of(world, worker.run_id)) is not None


BAD_REGISTRATIONS: list[Json] = [
    {},
    {"source": {}},
    {"source": {"id": ""}},
    {"source": {"id": "a\0b"}},
    {"source": {"id": "x" * 256}, "steps": []},
    {"source": {"id": "x"}, "steps": [{"displayName": "no id"}]},
    {"source": {"id": "x"}, "steps": [{"id": "x", "displayName": 7}]},
]


@pytest.mark.parametrize("body", BAD_REGISTRATIONS)
@pytest.mark.one_database
async def test_bad_registrations_are_refused(worker: Worker, body: Json) -> None:
    answer = await worker.send("POST", f"{RUNS}/{worker.run_id}/status/source", body)

    assert answer.status_code == 400, answer.text


async def test_another_media_type_is_refused(worker: Worker) -> None:
    answer = await worker.send("PATCH", f"{RUNS}/{worker.run_id}/status/source/x", {}, media="application/json")

    assert answer.status_code == 415


@pytest.mark.parametrize(("value", "status"), [('"\\ud800"', 200), ("NaN", 400), ("1e999", 400), ("1" * 5000, 413)])
async def test_odd_json_breaks_nothing(world: RunWorld, worker: Worker, value: str, status: int) -> None:
    body = '{"steps": [{"id": "x", "userMessage": "\\ud800", "outputs": {"\\ud800": {"value": %s, "type": "STRING"}}}]}'
    async with world.client(worker.token) as client:
        answer = await client.patch(
            f"{RUNS}/{worker.run_id}/status/source/x",
            content=body % value,
            headers={"Content-Type": "application/vnd.meshcloud.api.meshBuildingBlockRun.v1.hal+json"},
        )

    assert answer.status_code == status
    assert (await detail_of(world, worker.run_id))["outputs"] == (
        {"?": {"value": "?", "type": "STRING", "isSensitive": False}} if status == 200 else {}
    )


async def test_ten_megabytes_of_log_are_accepted_and_the_last_one_is_shown(world: RunWorld, worker: Worker) -> None:
    log = "".join(f"line {number}\n" for number in range(1_000_000))

    answer = await worker.report(steps=[{"id": "work", "systemMessage": log}])

    assert answer.status_code == 200
    (step,) = await logs_of(world, worker.run_id)
    note, _, tail = str(step["systemMessage"]).partition("\n")
    assert note == "[earlier lines are left out here]"
    assert log.endswith(f"\n{tail}")
    assert len(tail) > 1024 * 1024 - 100
