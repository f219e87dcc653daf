"""Failing, aborted, interrupted and restarted runs."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.runner.executors.opentofu.engine.diagnostics import read_errors
from blockyard.runner.frame.executor import Outcome
from blockyard.runner.journal import FileJournal
from tests.support.opentofu_runs import BLOCK, RUN, VERSION, OpenTofuRun, a_data_url, an_input
from tests.support.runner_keys import a_runner_key
from tests.support.state_server import TOKEN, StateServer

NewRun = Callable[..., OpenTofuRun]


def a_module_running(command: str) -> dict[str, str]:
    """Return a module whose one resource runs a command."""
    return {
        "main.tf": f"""
resource "terraform_data" "first" {{}}
resource "terraform_data" "it" {{
  depends_on = [terraform_data.first]
  provisioner "local-exec" {{
    command = {json.dumps(command)}
  }}
}}
"""
    }


def test_a_failing_apply_tells_what_and_where_but_not_the_detail(new_run: NewRun) -> None:
    run = new_run(files=a_module_running("echo detail-of-it; exit 3"))

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages["execute_tf"] == (
        "Run Terraform Apply failed (exit status 1): local-exec provisioner error "
        "(terraform_data.it, main.tf line 5). The log has more."
    )
    assert "exit status 3" in run.reporter.text("execute_tf")
    assert run.reporter.text("execute_tf").count("exit status 3") == 1


def test_the_message_of_a_validation_reaches_the_consumer(new_run: NewRun) -> None:
    files = {
        "main.tf": 'variable "x" {\n  validation {\n    condition = var.x > 3\n    error_message = "x must be big"\n  }\n}\n'
    }
    run = new_run(files=files, inputs=[an_input("x", 1, "INTEGER")])

    assert run.execute().outcome is Outcome.FAILED
    message = run.reporter.user_messages["execute_tf"]
    assert "Invalid value for variable: x must be big" in message


def test_broken_configuration_is_warned_of_and_refused_by_the_engine(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": 'variable "x" {{{'})

    assert run.execute().outcome is Outcome.FAILED
    assert "main.tf line 1 is not valid HCL" in run.reporter.text("input")
    assert (
        "init failed (exit status 1): Argument or block definition required (main.tf line 1)"
        in run.reporter.user_messages["init_tf"]
    )
    assert run.commands == ["init"]


def test_an_input_sealed_for_another_runner_fails_its_step(new_run: NewRun) -> None:
    inputs = [an_input("x", "bm90IGFuIGVudmVsb3Bl", sensitive=True)]
    run = new_run(files={"main.tf": ""}, inputs=inputs, private_key=a_runner_key().private)
    without_key = new_run(files={"main.tf": ""}, inputs=inputs)

    for one in (run, without_key):
        assert one.execute().outcome is Outcome.FAILED
        assert one.reporter.user_messages == {"input": "input decryption failed for 'x'"}
        assert "Likely causes" in one.reporter.text("input")
        assert one.commands == []


def test_a_file_that_is_no_data_url_fails_the_input_step(new_run: NewRun) -> None:
    plain = new_run(files={"main.tf": ""}, inputs=[an_input("a", "text", "FILE")])
    in_environment = new_run(files={"main.tf": ""}, inputs=[an_input("a", a_data_url(b"x"), "FILE", environment=True)])

    assert plain.execute().outcome is Outcome.FAILED
    assert plain.reporter.user_messages == {"input": "no data content found in FILE input 'a'"}
    assert in_environment.execute().outcome is Outcome.FAILED
    assert in_environment.reporter.user_messages == {"input": "FILE input 'a' cannot be an environment variable"}


def test_a_path_that_does_not_exist_fails_the_sources(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, implementation={"repositoryPath": "nowhere"})

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"sources": "the path 'nowhere' does not exist in the repository"}


def test_a_folder_without_a_module_is_refused_where_it_would_remove_everything(new_run: NewRun) -> None:
    files = {"docs/readme.md": "nothing"}
    for implementation, message in (
        ({}, "the repository contains no module"),
        ({"repositoryPath": "docs"}, "the path 'docs' contains no module"),
    ):
        run = new_run(files=files, implementation=implementation)
        assert run.execute().outcome is Outcome.FAILED
        assert run.reporter.user_messages == {"input": message}
        assert run.commands == []

    assert new_run(files=files, behavior="DESTROY").execute().outcome is Outcome.SUCCEEDED
    written = {"preRunScript": "echo 'output \"o\" { value = 1 }' > main.tf"}
    assert new_run(files=files, implementation=written).execute().outcome is Outcome.SUCCEEDED


def test_an_init_that_fails_over_the_network_is_tried_again(new_run: NewRun, engine: Path) -> None:
    run = new_run(files={"main.tf": ""})
    wrapper = run.folder / "engines" / VERSION / "terraform"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(
        f'#!/bin/sh\nif [ "$1" = init ] && [ ! -e tried ]; then\n  touch tried\n  echo "connection reset by peer"\n  exit 1\n'
        f'fi\nexec "{engine}" "$@"\n'
    )
    wrapper.chmod(0o755)
    run.settings = {"engine_dir": run.folder / "engines"}

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.commands == ["init", "init-2", "apply"]
    assert "Attempt 1 of 3 failed, trying again in 1 s." in run.reporter.text("init_tf")


def test_another_init_error_is_not_repeated(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": 'module "x" {\n  source = "./nowhere"\n}\n'})

    assert run.execute().outcome is Outcome.FAILED
    assert run.commands == ["init"]


@pytest.mark.parametrize("behavior", ["DETECT", "DESTROY"])
def test_a_failed_init_gives_a_hint(new_run: NewRun, behavior: str) -> None:
    run = new_run(files={"main.tf": 'module "x" {\n  source = "./nowhere"\n}\n'}, behavior=behavior)

    assert run.execute().outcome is Outcome.FAILED
    assert "Check the provider and backend configuration" in run.reporter.text("init_tf")


def test_an_aborted_apply_keeps_its_state_and_gives_the_lock_back(new_run: NewRun, state: StateServer) -> None:
    run = new_run(files=a_module_running("echo began; exec sleep 30"))
    outcome: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcome.append(run.execute().outcome))
    thread.start()
    run.reporter.wait_for("began")
    run.reporter.aborted.set()
    thread.join(20)

    assert outcome == [Outcome.ABORTED]
    assert state.resources() == ["first", "it"]
    assert not state.locks
    assert run.reporter.steps["output"] == "PENDING"


def test_an_aborted_run_starts_nothing(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""})
    run.reporter.aborted.set()

    assert run.execute().outcome is Outcome.ABORTED
    assert run.commands == []


def test_init_has_a_limit_of_its_own(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, settings={"init_timeout_minutes": 0.00001})

    assert run.execute().outcome is Outcome.FAILED
    assert "initialization exceeded its limit" in run.reporter.user_messages["init_tf"]


def test_a_state_the_engine_could_not_store_is_stored_by_the_runner(new_run: NewRun, state: StateServer) -> None:
    state.refuse_writes_with_lock = 409
    run = new_run(files=a_module_running("true"))

    assert run.execute().outcome is Outcome.FAILED
    assert state.resources() == ["first", "it"]
    assert "the runner has stored it" in run.reporter.text("execute_tf")
    assert not (run.folder / "runner" / "errored-states").exists()


def test_a_state_nobody_could_store_is_kept(new_run: NewRun, state: StateServer) -> None:
    state.refuse_writes = 403
    run = new_run(files=a_module_running("true"))

    assert run.execute().outcome is Outcome.FAILED
    (kept,) = (run.folder / "runner" / "errored-states").iterdir()
    assert kept.name == f"{BLOCK}-{RUN}.tfstate"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "terraform_data" in kept.read_text()
    assert kept.name in run.reporter.text("execute_tf")


def test_a_restarted_runner_goes_on_where_the_last_one_stopped(new_run: NewRun, state: StateServer) -> None:
    run = new_run(files={**a_module_running("true"), "o.tf": 'output "o" { value = "x" }'})
    assert run.execute().outcome is Outcome.SUCCEEDED
    said = run.reporter.whole_text()
    serial = state.state()["serial"]

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert run.reporter.whole_text() == said
    assert state.state()["serial"] == serial
    assert run.reporter.outputs["o"].value == "x"


def test_a_fetch_that_was_cut_short_begins_again(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": 'output "o" { value = "x" }'})
    (run.run_dir / "tmp-clone-meshstack").mkdir(parents=True)
    (run.run_dir / "half.tf").write_text("broken {")

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()


def test_an_apply_that_outlives_its_runner_is_followed_again(new_run: NewRun, state: StateServer) -> None:
    run = new_run(files=a_module_running("echo began; while [ ! -e go ]; do sleep 0.05; done; echo over"))
    pid = os.fork()
    if pid == 0:
        try:
            run.execute()
        finally:
            os._exit(0)
    commands = run.folder / "run" / "commands" / "apply" / "output"
    end = time.monotonic() + 20
    while time.monotonic() < end and not (commands.exists() and "began" in commands.read_text()):
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    (run.run_dir / "go").touch()

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert "over" in run.reporter.text("execute_tf")
    assert state.requests.count(f"LOCK /api/terraform/state/workspace/team-a/buildingBlock/{BLOCK}") == 1
    assert FileJournal(run.folder / "run" / "journal.jsonl").get("opentofu.sources") is not None


def test_secrets_are_named_before_anything_is_logged(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, inputs=[an_input("x", "plain")])

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert TOKEN not in run.reporter.whole_text()


def test_another_engine_than_asked_for_is_warned_of(new_run: NewRun) -> None:
    lenient = new_run(files={"main.tf": ""}, implementation={"terraformVersion": "1.9.0"})
    strict = new_run(
        files={"main.tf": ""}, implementation={"terraformVersion": "1.9.0"}, settings={"engine_fallback": "strict"}
    )

    assert lenient.execute().outcome is Outcome.SUCCEEDED
    assert "WARNING: the definition asks for OpenTofu 1.9.0; this run uses" in lenient.reporter.text("sources")
    assert "the definition asks for OpenTofu 1.9.0; this run uses" in lenient.reporter.user_messages["sources"]
    assert strict.execute().outcome is Outcome.FAILED
    assert "OpenTofu 1.9.0 is not available" in strict.reporter.user_messages["sources"]
    assert "its policy is to use exactly the version" in strict.reporter.text("sources")


@pytest.mark.parametrize("version", ["latest", "v1.6.0", "../x", "1.6", ""])
def test_a_version_that_is_none_fails_the_sources(new_run: NewRun, version: str) -> None:
    run = new_run(files={"main.tf": ""}, implementation={"terraformVersion": version})

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"sources": f"'{version}' is not a version of OpenTofu or Terraform"}


def test_what_a_file_too_large_to_be_read_declares_is_not_declared_again(new_run: NewRun) -> None:
    text = 'variable "meshstack_building_block_id" { type = string }\n' + "# much\n" * 40_000
    run = new_run(files={"main.tf": text + 'resource "terraform_data" "x" {}\n'})

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert "main.tf is larger than 256 KiB" in run.reporter.text("input")


def test_outputs_that_are_too_large_together_fail_the_run_in_words(new_run: NewRun) -> None:
    kilobytes = 'join("", [for n in range(1000) : "0123456789abcdef"])'
    module = f"""
locals {{ piece = {kilobytes} }}
output "half" {{ value = join("", [for n in range(600) : local.piece]) }}
output "rest" {{ value = join("", [for n in range(600) : local.piece]) }}
"""
    run = new_run(files={"main.tf": module})

    assert run.execute().outcome is Outcome.FAILED
    assert "The outputs are larger than 16 MB together." in run.reporter.user_messages["output"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"main.tf": 'variable "needed" {}\n'}, 'No value for required variable: "needed" (main.tf line 1)'),
        ({"main.tf": 'module "x" {\n  source = "./nowhere"\n}\n'}, "Unreadable module directory: nowhere"),
    ],
)
def test_an_error_of_the_engine_is_told_with_what_it_is_about(
    new_run: NewRun, files: dict[str, str], told: str
) -> None:
    run = new_run(files=files)

    assert run.execute().outcome is Outcome.FAILED
    assert told in " ".join(run.reporter.user_messages.values())


UNSUPPORTED = """Error: Unsupported Terraform Core version

  on main.tf line 2, in terraform:
   2:  required_version = "< 0.1"

This configuration does not support Terraform version 1.11.4. To proceed,
either choose another supported Terraform version or update this version
"""
LOCK_FILE = """Error: failed to read dependency lock file: 2 problems:

- Unclosed configuration block: There is no closing brace for this block.
- Non-normalized provider source address: The provider source address
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            UNSUPPORTED,
            'Unsupported Terraform Core version: the module asks for "< 0.1", this is 1.11.4 (main.tf line 2)',
        ),
        (LOCK_FILE, "failed to read dependency lock file: Unclosed configuration block"),
    ],
)
def test_an_error_is_told_with_its_cause(said: str, told: str) -> None:
    assert [str(error) for error in read_errors(said)] == [told]
