"""Our runner, as its users start it, with a server that speaks only the official protocol: real git, engine and states."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.fake_control_plane import OfferedRun, data_url
from tests.support.official_server import OfficialServer, official_server, outputs_of, plain, sealed
from tests.support.pg_backend import workspaces_in
from tests.support.postgres import PostgresServer

GREETING = {
    "main.tf": 'variable "name" { type = string }\nresource "terraform_data" "it" { input = "hello ${var.name}" }\n'
    'output "greeting" { value = terraform_data.it.output }\n'
}
SLOW = {
    "main.tf": 'resource "terraform_data" "first" {}\nresource "terraform_data" "it" {\n'
    "  depends_on = [terraform_data.first]\n"
    '  provisioner "local-exec" { command = "echo began; exec sleep ${var.seconds}" }\n}\n'
    'variable "seconds" { type = number }\n'
}


@pytest.fixture
def idle(tmp_path: Path, engine: Path) -> Iterator[OfficialServer]:
    """A server without a runner."""
    assert engine.is_file()
    with official_server(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[OfficialServer]:
    """A server whose runs one runner executes."""
    assert engine.is_file()
    with official_server(tmp_path_factory.mktemp("official")) as server, server.runner():
        yield server


def steps_in(message: JsonObject) -> list[JsonObject]:
    """Return the steps of a registration or an update."""
    steps = message["steps"]
    assert isinstance(steps, list)
    return [step for step in steps if isinstance(step, dict)]


def failed(run: OfferedRun) -> tuple[Json, Json]:
    """Return the first failed step of a run and what its user is told; all behind it must have failed, too."""
    assert run.status == "FAILED"
    wrong = [step for step in steps_in(run.final_updates[0]) if step["status"] == "FAILED"]
    assert all(step["systemMessage"] == "Aborted due to failure in an earlier step" for step in wrong[1:])
    return wrong[0]["id"], wrong[0].get("userMessage")


def greet(name: str) -> dict[str, Json]:
    """Return the inputs of the greeting."""
    return {"name": plain("name", name, "STRING")}


def test_a_block_is_applied_examined_applied_from_the_plan_and_destroyed(server: OfficialServer) -> None:
    repository = server.repository(GREETING)
    applied = server.ended(server.offer(repository, inputs=greet("ada"), block="b-1"))
    same = server.ended(server.offer(repository, inputs=greet("ada"), block="b-1", behavior="DETECT"))
    other = server.ended(server.offer(repository, inputs=greet("eve"), block="b-1", behavior="DETECT"))
    assert [run.status for run in (applied, same, other)] == ["SUCCEEDED"] * 3
    assert outputs_of(applied) == {"greeting": "hello ada"}
    assert [run.final_updates[0]["changesDetected"] for run in (same, other)] == [False, True]
    assert not other.step("output")

    plan = b64decode(str(other.final_updates[0]["artifact"]))
    replayed = server.ended(server.offer(repository, inputs=greet("eve"), block="b-1", plan=plan))
    assert outputs_of(replayed) == {"greeting": "hello eve"}
    stale = server.ended(server.offer(repository, inputs=greet("eve"), block="b-1", plan=plan))
    assert failed(stale)[0] == "execute_tf"
    assert "new dry-run" in str(stale.step("execute_tf")["systemMessage"])

    destroyed = server.ended(server.offer(repository, inputs=greet("eve"), block="b-1", behavior="DESTROY"))
    assert destroyed.status == "SUCCEEDED"
    (state,) = (content for path, content in server.state.states.items() if path.endswith("/b-1"))
    assert json.loads(state)["resources"] == []
    assert not [request for request in server.state.requests if request.startswith(("LOCK", "UNLOCK"))]


def test_every_type_of_input_arrives_plain_sealed_and_as_environment(server: OfficialServer) -> None:
    given = {
        "text": plain("text", 'a "quoted" ${x}', "STRING"),
        "whole": plain("whole", 12345678901234567, "INTEGER"),
        "truth": plain("truth", value=False, type_="BOOLEAN"),
        "code": plain("code", '{"a":[1,null]}', "CODE"),
        "one": plain("one", "small", "SINGLE_SELECT"),
        "some": plain("some", ["small", "large"], "MULTI_SELECT"),
        "list": plain("list", '[{"a":"b"}]', "LIST"),
        "plain.txt": plain("plain.txt", data_url(b"a file"), "FILE"),
        "sealed": sealed("sealed", "sealed-text"),
        "sealed_code": sealed("sealed_code", '{"k":"sealed-code"}', "CODE"),
        "sealed.txt": sealed("sealed.txt", data_url(b"sealed-file"), "FILE"),
        "LIMIT": plain("LIMIT", 1234567, "INTEGER", environment=True),
        "FLAG": plain("FLAG", value=True, type_="BOOLEAN", environment=True),
        "SOME": plain("SOME", ["a"], "MULTI_SELECT", environment=True),
        "PASSWORD": sealed("PASSWORD", "sealed-environment", environment=True),
        "TF_VAR_named": plain("TF_VAR_named", "by environment", "STRING", environment=True),
    }
    names = [key for key in given if key.islower() and "." not in key]
    module = "".join(f'variable "{name}" {{ type = any }}\n' for name in [*names, "named"])
    values = ", ".join(f"{name} = var.{name}" for name in [*names, "named"])
    files = 'plain = file("plain.txt"), kept = file("sealed.txt"), environment = file("environment.txt")'
    module += f'output "all" {{ value = jsonencode({{{values}, {files}}}) }}\n'
    script = 'printf "$LIMIT $FLAG $SOME $PASSWORD" > environment.txt'

    run = server.ended(
        server.offer(server.repository({"main.tf": module}), inputs=dict(given), preRunScript=script, block="b-types")
    )

    assert run.status == "SUCCEEDED", run.updates[-1]
    assert json.loads(str(outputs_of(run)["all"])) == {
        "text": 'a "quoted" ${x}',
        "whole": 12345678901234567,
        "truth": False,
        "code": {"a": [1, None]},
        "one": "small",
        "some": ["small", "large"],
        "list": [{"a": "b"}],
        "sealed": "sealed-text",
        "sealed_code": {"k": "sealed-code"},
        "named": "by environment",
        "plain": "a file",
        "kept": "sealed-file",
        "environment": '1234567 true ["a"] sealed-environment',
    }
    messages = [step.get("systemMessage") for step in steps_in(run.final_updates[0])]
    assert "sealed-environment" not in str(messages)


@pytest.mark.parametrize(
    ("script", "step", "told"),
    [
        ('echo "hi $1" > "$MESHSTACK_USER_MESSAGE"', None, "hi APPLY"),
        ('echo "no quota" > "$MESHSTACK_USER_MESSAGE"; exit 4', "pre_run_script", "no quota"),
        ("exit 7", "pre_run_script", "script failed with exit code 7"),
    ],
)
def test_a_script_before_the_run_speaks_and_fails(
    server: OfficialServer, script: str, step: str | None, told: str
) -> None:
    repository = server.repository(GREETING)

    run = server.ended(server.offer(repository, inputs=greet("ada"), preRunScript=script))

    assert run.step("pre_run_script")["userMessage"] == told
    if step is None:
        assert run.status == "SUCCEEDED"
    else:
        assert failed(run) == (step, told)


def test_a_backend_of_the_module_has_a_workspace_per_block(server: OfficialServer, postgres: PostgresServer) -> None:
    database = postgres.url(postgres.create_database())
    backend = f'terraform {{\n  backend "pg" {{\n    conn_str = "{database}&sslmode=disable"\n  }}\n}}\n'
    repository = server.repository({**GREETING, "backend.tf": backend})
    before = len(server.state.requests)
    applied = [server.ended(server.offer(repository, inputs=greet(name), block=f"b-{name}")) for name in ("ada", "eve")]

    assert [outputs_of(run) for run in applied] == [{"greeting": "hello ada"}, {"greeting": "hello eve"}]
    assert workspaces_in(database) == ["team-a..:b-ada", "team-a..:b-eve"]
    gone = server.ended(server.offer(repository, inputs=greet("ada"), block="b-ada", behavior="DESTROY"))
    assert gone.status == "SUCCEEDED"
    assert workspaces_in(database) == ["team-a..:b-eve"]
    assert len(server.state.requests) == before


def test_a_run_is_handed_over(server: OfficialServer) -> None:
    run = server.offer(server.repository(GREETING), inputs=greet("ada"), hand_over=True)

    server.plane.wait_for(lambda: run.step("trigger").get("status") == "SUCCEEDED", 60)

    assert [step["id"] for step in steps_in(run.registrations[0])] == ["trigger"]
    assert run.updates[-1]["status"] == "IN_PROGRESS"
    assert outputs_of(run, "trigger") == {"greeting": "hello ada"}


def test_an_aborted_resource_keeps_the_state(server: OfficialServer) -> None:
    seconds: dict[str, Json] = {"seconds": plain("seconds", 60, "INTEGER")}
    run = server.offer(server.repository(SLOW), inputs=seconds, block="b-aborted")
    server.plane.wait_for(lambda: "began" in str(run.step("execute_tf").get("systemMessage")), 60)
    run.aborted = True

    server.ended(run)

    assert run.final_updates[0]["status"] == "ABORTED"
    (state,) = (content for path, content in server.state.states.items() if path.endswith("/b-aborted"))
    assert [resource["name"] for resource in json.loads(state)["resources"]] == ["first", "it"]


def test_a_refused_registration_executes_nothing(server: OfficialServer) -> None:
    server.plane.fail("POST", "/status/source$", 403)
    before = len(server.state.requests)

    run = server.ended(server.offer(server.repository(GREETING), inputs=greet("ada")))

    assert run.status == "FAILED"
    assert [update["steps"] for update in run.updates] == [None]
    assert len(server.state.requests) == before


OFFERED_BY = "the team that offers this building block can correct it"


def test_what_cannot_be_had_or_opened_fails_its_step(server: OfficialServer) -> None:
    repository = server.repository(GREETING)
    stranger: dict[str, Json] = {"name": {**sealed("name", "x"), "value": "bm90IGFuIGVudmVsb3Bl"}}
    in_environment: dict[str, Json] = {**greet("ada"), "KEY": {**sealed("KEY", "x", environment=True), "value": "eA=="}}
    runs = [
        server.offer(repository, inputs=greet("ada"), refName="nowhere"),
        server.offer(repository, inputs=greet("ada"), repositoryPath="nowhere"),
        server.offer(repository, inputs=stranger),
        server.offer(repository, inputs=in_environment),
    ]

    assert [failed(server.ended(run)) for run in runs] == [
        ("sources", f"reference not found: the module has no branch, tag or commit 'nowhere'; {OFFERED_BY}"),
        ("sources", "the path 'nowhere' does not exist in the repository"),
        ("input", "input decryption failed for 'name'"),
        ("sources", "input decryption failed for 'KEY'"),
    ]


def test_fifteen_queued_runs_are_executed_once_and_in_order(server: OfficialServer) -> None:
    repository = server.repository(GREETING)
    first = len(server.plane.requests)
    runs = [server.offer(repository, inputs=greet(f"n{number}")) for number in range(15)]

    for run in runs:
        server.ended(run)

    assert [outputs_of(run) for run in runs] == [{"greeting": f"hello n{number}"} for number in range(15)]
    assert [len(run.final_updates) for run in runs] == [1] * 15
    registered = [r.path.split("/")[-3] for r in server.plane.requests[first:] if r.path.endswith("/status/source")]
    assert registered == [run.token.removeprefix("run-token-of-") for run in runs]
    server.plane.wait_for(lambda: not list((server.folder / "work" / "runs").iterdir()))


def test_a_terminated_runner_ends_its_run_first(idle: OfficialServer) -> None:
    seconds: dict[str, Json] = {"seconds": plain("seconds", 2, "INTEGER")}
    repository = idle.repository(SLOW)
    with idle.runner("terminated") as process:
        run = idle.offer(repository, inputs=seconds)
        idle.plane.wait_for(lambda: "began" in str(run.step("execute_tf").get("systemMessage")), 60)
        process.terminate()
        later = idle.offer(repository, inputs=seconds)

        assert process.wait(60) == 0

    assert (run.status, later.status) == ("SUCCEEDED", "PENDING")
    with idle.runner("next"):
        assert idle.ended(later).status == "SUCCEEDED"


def test_one_run_of_a_file_is_executed_without_login_and_claim(idle: OfficialServer) -> None:
    """As a run controller hands it over: secrets are plain already."""
    inputs: dict[str, Json] = {"name": {**sealed("name", "x"), "value": "plain-secret"}}
    runs = [
        idle.offer(idle.repository(GREETING), inputs=inputs, refName=reference) for reference in ("main", "nowhere")
    ]

    for run in runs:
        with idle.runner(run_json_file=idle.run_file(run)) as process:
            assert process.wait(60) == 0

    assert [run.final_updates[0]["status"] for run in runs] == ["SUCCEEDED", "FAILED"]
    assert [r.method for r in idle.plane.requests if "/status/source" not in r.path] == []
    assert outputs_of(runs[0]) == {"greeting": "hello plain-secret"}
    assert b"plain-secret" not in idle.plane.requests[0].body
    assert len(idle.state.states) == 1
