"""OpenTofu runs of a whole runner: what reaches a Blockyard and an official control plane."""

import os
import signal
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.command import Command
from blockyard.runner.executors.opentofu.executor import OpenTofuExecutor
from blockyard.runner.executors.opentofu.settings import EngineFallback, OpenTofuSettings
from tests.support.fake_control_plane import FakeControlPlane, a_run
from tests.support.git_repositories import create_repository
from tests.support.runners import running

MODULE = {
    "main.tf": 'variable "name" {}\nresource "terraform_data" "it" {\n  input = var.name\n'
    '  provisioner "local-exec" { command = "echo applying; test ${var.name} != wrong" }\n}\n'
    'output "greeting" { value = "hello ${terraform_data.it.output}" }\n'
    'output "secret" {\n  value     = "s3cret"\n  sensitive = true\n}\n',
    "other/main.tf": "",
}


def settings(work_dir: Path) -> OpenTofuSettings:
    """Settings for the machine's engine and modules from its disk."""
    return OpenTofuSettings(
        work_dir=work_dir, engine_fallback=EngineFallback.WARN, offline=True, allow_file_repositories=True
    )


@pytest.fixture
def implementation(tmp_path: Path, engine: Path) -> JsonObject:
    """A module whose state stays in the run directory."""
    assert engine.is_file()
    repository = create_repository(tmp_path / "module.git", MODULE)
    return {
        "type": "TERRAFORM",
        "terraformVersion": "1.11.4",
        "repositoryUrl": f"file://{repository.path}",
        "async": False,
        "useMeshHttpBackendFallback": False,
        "preRunScript": "echo preparing",
    }


@pytest.mark.parametrize("blockyard", [True, False])
def test_steps_logs_and_outputs_are_reported(tmp_path: Path, implementation: JsonObject, *, blockyard: bool) -> None:
    with FakeControlPlane(blockyard=blockyard) as plane:
        executor = OpenTofuExecutor(settings(tmp_path / "work"), os.environ)
        good = plane.offer(a_run("run-1", inputs={"name": "ada"}, implementation=implementation))
        bad = plane.offer(a_run("run-2", inputs={"name": "wrong"}, implementation=implementation))
        with running(plane, tmp_path / "work", executor):
            plane.wait_for(lambda: good.final_updates and bad.final_updates, 60)

    assert (good.status, bad.status) == ("SUCCEEDED", "FAILED")
    assert "applying" in str(good.step("execute_tf")["systemMessage"])
    assert "preparing" in str(good.step("pre_run_script")["systemMessage"])
    assert good.step("output")["outputs"] == {
        "greeting": {"value": "hello ada", "type": "STRING", "isSensitive": False},
        "secret": {"value": None, "type": "STRING", "isSensitive": True},
    }
    assert "local-exec provisioner error (terraform_data.it" in str(bad.step("execute_tf")["userMessage"])
    assert bad.step("output")["status"] == "FAILED"
    assert not list((tmp_path / "work" / "runs").iterdir())


WAITING_MODULE = {
    "main.tf": 'variable "gate" {}\nresource "terraform_data" "it" {\n'
    '  provisioner "local-exec" { command = "echo made >> ${var.gate}.made; until [ -e ${var.gate} ]; do sleep 0.02; done" }\n'
    "}\n"
    'output "id" { value = terraform_data.it.id }\n',
}


@pytest.mark.parametrize("killed", ["supervisor", "command"])
def test_a_run_ends_right_whichever_of_engine_and_supervisor_is_killed(
    tmp_path: Path, implementation: JsonObject, killed: str
) -> None:
    """The engine goes on without its supervisor; an engine that is killed fails the run in words."""
    repository = create_repository(tmp_path / "waiting.git", WAITING_MODULE)
    implementation |= {"repositoryUrl": f"file://{repository.path}", "preRunScript": ""}
    gate, made = tmp_path / "gate", tmp_path / "gate.made"
    with FakeControlPlane(blockyard=True) as plane:
        executor = OpenTofuExecutor(settings(tmp_path / "work"), os.environ)
        run = plane.offer(a_run(inputs={"gate": str(gate)}, implementation=implementation))
        with running(plane, tmp_path / "work", executor):
            plane.wait_for(made.exists, 60)
            (folder,) = (tmp_path / "work" / "runs").glob("*/commands/apply")
            started = Command(folder).started
            assert started is not None
            os.kill(getattr(started, killed).pid, signal.SIGKILL)
            gate.touch()
            plane.wait_for(lambda: run.final_updates, 60)

    assert made.read_text() == "made\n"
    if killed == "supervisor":
        assert run.status == "SUCCEEDED"
        assert run.step("output")["outputs"]
    else:
        assert run.status == "FAILED"
        assert "killed by signal 9, perhaps for lack of memory" in str(run.step("execute_tf")["userMessage"])
