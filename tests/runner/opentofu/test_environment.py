"""The environment of a run: what it inherits, what definitions may set, how values look."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import InputType
from blockyard.runner.executors.executor import Outcome
from blockyard.runner.executors.opentofu import environment
from blockyard.runner.executors.opentofu.failures import StepFailed
from blockyard.runner.executors.opentofu.inputs import PlainInput
from tests.support.opentofu_runs import OpenTofuRun, an_input

NewRun = Callable[..., OpenTofuRun]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text ${x}", "text ${x}"),
        (True, "true"),
        (1000000, "1000000"),
        (12345678901234567890, "12345678901234567890"),
        (1.5, "1.5"),
        (["a", "ü"], '["a","ü"]'),
        ({"a": None}, '{"a":null}'),
        (None, None),
    ],
)
def test_values_are_formatted_faithfully(value: Json, text: str | None) -> None:
    assert environment.format_value(value) == text


@pytest.mark.parametrize(
    "name",
    [
        "TF_CLI_ARGS",
        "TF_CLI_ARGS_plan",
        "TF_INPUT",
        "TF_IN_AUTOMATION",
        "TF_LOG",
        "TF_LOG_PATH",
        "TF_REATTACH_PROVIDERS",
        "TF_APPEND_USER_AGENT",
        "TF_WORKSPACE",
        "TF_DISABLE_PLUGIN_TLS",
        "TF_SKIP_PROVIDER_VERIFY",
    ],
)
def test_names_that_steer_the_engine_are_refused(name: str) -> None:
    with pytest.raises(StepFailed, match=f"manual setting of env var {name} detected"):
        environment.input_environment([PlainInput(name, "x", InputType.STRING, is_environment=True)])


@pytest.mark.parametrize(("name", "value"), [("A=B", "x"), ("", "x"), ("A", "x\0y"), ("A\0", "x"), ("A", "\ud800")])
def test_what_no_environment_can_hold_is_refused(name: str, value: str) -> None:
    with pytest.raises(StepFailed):
        environment.input_environment([PlainInput(name, value, InputType.STRING, is_environment=True)])


def test_only_the_allow_list_is_inherited() -> None:
    own = {
        "PATH": "/bin",
        "HOME": "/h",
        "AWS_SECRET_ACCESS_KEY": "x",
        "HTTPS_PROXY": "p",
        "TF_LOG": "DEBUG",
        "PWD": "/",
    }

    base = environment.base_environment(own, ("HTTPS_PROXY",), run_dir=Path("/run"), home=Path("/home"))
    assert base == {"PATH": "/bin", "HOME": "/home", "HTTPS_PROXY": "p", "PWD": "/run"}
    assert environment.engine_environment(own, Path("/log")) == {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "GOGC": "200",
        "TF_LOG": "DEBUG",
        "TF_LOG_PATH": "/log",
    }


SHOW_ENVIRONMENT = """
resource "terraform_data" "names" {
  provisioner "local-exec" { command = "env -0 | cut -z -d= -f1 | tr '\\\\0' '\\\\n' > apply.names" }
}
"""

EVERYWHERE = {"PATH", "HOME", "PWD", "SHLVL", "_", "AWS_ROLE_ARN"}
HTTP = {"ADDRESS", "LOCK_ADDRESS", "UNLOCK_ADDRESS", "USERNAME", "PASSWORD", "RETRY_MAX", "RETRY_WAIT_MAX"}


def test_script_and_engine_see_the_allow_list_and_the_inputs(new_run: NewRun) -> None:
    run = new_run(
        files={"main.tf": SHOW_ENVIRONMENT},
        inputs=[an_input("AWS_ROLE_ARN", "arn", environment=True)],
        implementation={"preRunScript": "env -0 | cut -z -d= -f1 | tr '\\0' '\\n' > script.names"},
        environ={"RUNNER_API_CLIENT_SECRET": "x", "TF_CLI_CONFIG_FILE": "/nowhere", "TF_VAR_a": "b", "TF_LOG": ""},
    )

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    script = set((run.run_dir / "script.names").read_text().split())
    engine = set((run.run_dir / "apply.names").read_text().split())
    http = {f"TF_HTTP_{name}" for name in HTTP}
    assert script == EVERYWHERE | http | {"MESHSTACK_USER_MESSAGE"}
    assert engine | {"SHLVL", "_"} == EVERYWHERE | http | {"CHECKPOINT_DISABLE", "TF_IN_AUTOMATION", "GOGC"} | {
        name for name in engine if name.startswith(("TF_LOG", "TF_APPEND"))
    }


def test_without_the_fallback_no_process_sees_the_run_token(new_run: NewRun) -> None:
    run = new_run(
        files={"main.tf": SHOW_ENVIRONMENT},
        implementation={"preRunScript": "env > script.env", "useMeshHttpBackendFallback": False},
    )

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert "TF_HTTP" not in (run.run_dir / "script.env").read_text() + (run.run_dir / "apply.names").read_text()


def test_a_debug_log_of_the_operator_goes_to_a_file(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, environ={"TF_LOG": "TRACE"})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert "[TRACE]" not in run.reporter.whole_text()
    assert [path.name[:7] for path in (run.folder / "runner").glob("engine-*.log")] == ["engine-"]


def test_an_environment_input_that_steers_the_engine_fails_the_sources(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, inputs=[an_input("TF_WORKSPACE", "x", environment=True)])

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.steps["sources"] == "FAILED"
    assert json.dumps(run.reporter.user_messages) == '{"sources": "manual setting of env var TF_WORKSPACE detected"}'
