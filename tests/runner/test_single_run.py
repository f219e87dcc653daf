"""The single-run mode executes one run of a file with its run token and ends."""

import json
from pathlib import Path

from blockyard.protocol.jsontypes import JsonObject
from tests.support import outside_runner
from tests.support.fake_control_plane import FakeControlPlane, a_run
from tests.support.outside import IMPLEMENTATION, Outside
from tests.support.runners import RunnerProcess


def a_run_file(plane: FakeControlPlane, path: Path, document: JsonObject) -> Path:
    """A file as a controller writes it: the run with its token."""
    run = plane.offer(document)
    spec = document["spec"]
    assert isinstance(spec, dict)
    path.write_text(json.dumps(document | {"spec": {**spec, "runToken": run.token}}))
    return path


def test_the_run_of_the_file_is_executed_without_login_and_claim(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=False) as plane:
        file = a_run_file(plane, tmp_path / "run.json", a_run(inputs={"echo_command": "echo hello"}))

        with RunnerProcess(plane, tmp_path / "work", run_json_file=file, update_seconds=10) as runner:
            assert runner.wait() == 0

        assert [request.method for request in plane.requests] == ["POST", "PATCH"]
        assert plane.requests[-1].json["status"] == "SUCCEEDED"


def test_a_failed_run_is_no_failure_of_the_runner(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=False) as plane:
        file = a_run_file(plane, tmp_path / "run.json", a_run(inputs={"echo_command": "exit 3"}))

        with RunnerProcess(plane, tmp_path / "work", run_json_file=file) as runner:
            assert runner.wait() == 0

        assert plane.requests[-1].json["status"] == "FAILED"


def test_an_unusable_run_file_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"metadata": {}}')
    with (
        FakeControlPlane(blockyard=False) as plane,
        RunnerProcess(plane, tmp_path / "work", run_json_file=tmp_path / "run.json") as runner,
    ):
        assert runner.wait() == 2
        assert plane.requests == []


def test_plain_secrets_of_the_file_are_masked(tmp_path: Path) -> None:
    secret: JsonObject = {
        "key": "s",
        "value": "plain-secret",
        "type": "STRING",
        "isSensitive": True,
        "isEnvironment": False,
    }
    with FakeControlPlane(blockyard=False) as plane:
        document = a_run(inputs={"s": secret, "echo_command": "echo plain-''secret"})
        file = a_run_file(plane, tmp_path / "run.json", document)

        with RunnerProcess(plane, tmp_path / "work", run_json_file=file) as runner:
            assert runner.wait() == 0

        assert all(b"plain-secret" not in request.body for request in plane.requests)
        assert b"***" in plane.requests[-1].body


def test_a_run_whose_work_is_done_outside_is_waited_for(tmp_path: Path) -> None:
    outside = Outside(tmp_path / "outside")
    arguments = [str(tmp_path / "outside")]
    with FakeControlPlane(blockyard=False) as plane:
        file = a_run_file(plane, tmp_path / "run.json", a_run(implementation=IMPLEMENTATION))

        with RunnerProcess(
            plane, tmp_path / "work", program=Path(outside_runner.__file__), arguments=arguments, run_json_file=file
        ) as runner:
            plane.wait_for(lambda: outside.times_begun("run-1"))
            outside.answer("run-1")
            assert runner.wait() == 0

        assert plane.requests[-1].json["status"] == "SUCCEEDED"
