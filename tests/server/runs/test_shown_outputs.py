"""Outputs that the official runner shows in the logs of its steps."""

import json
import time

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.runs.model.shown_outputs import EARLIER_FAILURE, shows_no_output, without_sensitive_outputs
from tests.support.held import LIMIT_SECONDS
from tests.support.run_answers import logs_of
from tests.support.run_world import RunWorld, a_target, a_worker

SECRET = "hunter2-secret"


def a_list(*, sensitive: bool) -> str:
    """Return outputs as the engine lists them."""
    outputs = {
        "a": {"sensitive": False, "type": "string", "value": "plain"},
        "p": {"sensitive": sensitive, "type": "string", "value": SECRET},
    }
    return json.dumps(outputs, indent=2)


@pytest.mark.parametrize("message", ["", EARLIER_FAILURE, "{}\n", "{}\nSwitched to workspace default.\n"])
def test_what_shows_no_output_is_known(message: str) -> None:
    assert shows_no_output(message)


@pytest.mark.parametrize("message", [a_list(sensitive=False), a_list(sensitive=True), "Error", "{", "{} x", "x\n{}"])
def test_whatever_else_may_show_one(message: str) -> None:
    assert not shows_no_output(message)


def test_only_lists_with_a_sensitive_output_are_replaced() -> None:
    version = '{\n  "terraform_version": "1.11.4"\n}\n'
    begin = f"{version}{{\nno JSON\nApply complete\n{a_list(sensitive=False)}\n"

    assert without_sensitive_outputs(begin, "-") == begin
    assert without_sensitive_outputs(f"{begin}{a_list(sensitive=True)}\nend\n", "-") == f"{begin}-\nend\n"


def test_a_list_that_is_still_being_written_shows_no_sensitive_value() -> None:
    whole = f"Apply complete\n{a_list(sensitive=True)}"

    for length in range(len(whole)):
        kept = without_sensitive_outputs(whole[:length], "-")
        assert not any(SECRET[:size] in kept for size in range(4, len(SECRET)))
        assert kept.startswith(whole[: min(length, 15)])


def test_a_list_with_other_text_in_it_shows_no_sensitive_value() -> None:
    begin = a_list(sensitive=True).partition(SECRET)[0]
    message = f"{begin}\n{{\nother\n}}\n{a_list(sensitive=True)}\n{a_list(sensitive=False)}"

    assert without_sensitive_outputs(message, "-") == f"-{{\nother\n}}\n-\n{a_list(sensitive=False)}"


@pytest.mark.parametrize(
    "evil",
    [
        '"sensitive": true\n' + '{\n"a":\n' * 400 + "[" + "[]," * 350_000,
        "{\n" * 500_000 + '"sensitive": true',
        '{\n"sensitive": true\n' * 40_000,
        '"sensitive": true\n' * 60_000,
        '{\n"sensitive": true\n}\n' * 40_000,
    ],
    ids=["open braces", "begins", "lists", "marks", "short lists"],
)
def test_a_megabyte_of_braces_is_looked_through_in_linear_time(evil: str) -> None:
    began = time.thread_time()
    without_sensitive_outputs(evil, "-")
    once = time.thread_time() - began
    without_sensitive_outputs(evil * 4, "-")

    assert time.thread_time() - began - once < LIMIT_SECONDS * 4


@pytest.mark.anyio
async def test_a_run_handed_over_keeps_its_log_but_for_sensitive_outputs(world: RunWorld) -> None:
    world.request(a_target(hand_over=True))
    worker = await a_worker(world, own=False)
    await worker.register("trigger")
    outputs: JsonObject = {"p": {"value": SECRET, "type": "STRING", "isSensitive": True}}
    texts = ["Apply", f"Apply\n{a_list(sensitive=True)[:-20]}", f"Apply\n{a_list(sensitive=True)}\n"]
    for text in texts:
        step: Json = {"id": "trigger", "status": "SUCCEEDED", "systemMessage": text, "outputs": outputs}
        await worker.report(status="IN_PROGRESS", steps=[step])

        with world.db.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM run_log_chunks").all()
        assert SECRET[:8] not in str(rows)

    assert [step["systemMessage"] for step in await logs_of(world, worker.run_id)] == [
        "Apply\n(The outputs are not shown: some are sensitive.)\nWarning: values of sensitive outputs are not kept: p\n"
    ]


@pytest.mark.anyio
@pytest.mark.parametrize("message", [EARLIER_FAILURE, "{}\n"])
async def test_the_output_step_keeps_what_shows_no_output(world: RunWorld, message: str) -> None:
    world.request()
    worker = await a_worker(world, own=False)
    step: Json = {"id": "output", "status": "SUCCEEDED", "systemMessage": message}
    await worker.report(status="SUCCEEDED", steps=[step])

    assert (await logs_of(world, worker.run_id))[0]["systemMessage"] == message
