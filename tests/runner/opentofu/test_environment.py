"""The environment of a run: what it inherits, what definitions may set, how values look."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import InputType
from blockyard.runner.configuration import load_configuration
from blockyard.runner.executors.opentofu.given import environment
from blockyard.runner.executors.opentofu.settings import PROXIES
from blockyard.runner.frame.executor import Outcome
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.inputs import PlainInput
from blockyard.runner.frame.values import format_value
from tests.support.opentofu_runs import OpenTofuRun, RecordingReporter, an_input

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
    assert format_value(value) == text


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
        "TF_LOG": "DEBUG",
        "TF_LOG_PATH": "/log",
    }


SHOW_ENVIRONMENT = """
resource "terraform_data" "names" {
  triggers_replace = timestamp()
  provisioner "local-exec" { command = "env -0 | cut -z -d= -f1 | tr '\\\\0' '\\\\n' > apply.names" }
}
"""

EVERYWHERE = {"PATH", "HOME", "PWD", "SHLVL", "_", "AWS_ROLE_ARN"}
HTTP = {"TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"}
SEEN_BY_ENGINE = {"CHECKPOINT_DISABLE", "TF_IN_AUTOMATION"}


@pytest.mark.parametrize("is_prepared", [False, True])
def test_script_and_engine_see_the_official_list_and_the_inputs(new_run: NewRun, *, is_prepared: bool) -> None:
    """The script's own calls of the engine find the state without any variable more."""
    run = new_run(
        files={"main.tf": SHOW_ENVIRONMENT},
        inputs=[an_input("AWS_ROLE_ARN", "arn", environment=True)],
        implementation={"preRunScript": "env -0 | cut -z -d= -f1 | tr '\\0' '\\n' > script.names; tofu state pull"},
        environ={
            "RUNNER_API_CLIENT_SECRET": "x",
            "TF_CLI_CONFIG_FILE": "/nowhere",
            "TF_VAR_a": "b",
            "TF_LOG": "",
            "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
            "GOGC": "400",
            "XDG_DATA_HOME": "/nowhere",
        },
    )
    if is_prepared:
        assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
        run = again(run)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    script = set((run.run_dir / "script.names").read_text().split())
    engine = set((run.run_dir / "apply.names").read_text().split())
    assert script == EVERYWHERE | HTTP | {"MESHSTACK_USER_MESSAGE"}
    assert engine | {"SHLVL", "_"} == EVERYWHERE | HTTP | SEEN_BY_ENGINE
    assert ("init" in run.commands) is not is_prepared


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


def again(run: OpenTofuRun) -> OpenTofuRun:
    """Return the same run once more, in a directory of its own, of the same runner and repository."""
    folder = run.folder.with_name(f"{run.folder.name}-again")
    folder.mkdir()
    implementation = {**run.implementation, "repositoryUrl": f"file://{run.folder}/module.git"}
    settings = {**run.settings, "work_dir": run.folder / "runner"}
    return replace(run, folder=folder, implementation=implementation, settings=settings, reporter=RecordingReporter())


def test_init_alone_sees_whom_the_runner_trusts() -> None:
    """It runs nothing of a module."""
    own = {"SSL_CERT_FILE": "/ca.pem", "HTTPS_PROXY": "p", "AWS_PROFILE": "x"}

    assert environment.init_environment(own, {"PATH": "/bin", "GOGC": "50"}) == {
        "SSL_CERT_FILE": "/ca.pem",
        "HTTPS_PROXY": "p",
        "PATH": "/bin",
        "GOGC": "50",
    }


def test_a_run_finds_what_it_installs_in_its_home(tmp_path: Path) -> None:
    own = {"PATH": "/home/me/.nix-profile/bin:/usr/bin:/home/me", "HOME": "/home/me"}

    base = environment.base_environment(own, (), run_dir=tmp_path / "work", home=tmp_path / "home")
    assert base["PATH"] == f"{tmp_path}/home/.nix-profile/bin:{own['PATH']}"


def test_an_operator_can_say_that_nothing_is_passed() -> None:
    given = {"BLOCKYARD_RUNNER_SERVER_URL": "https://h.test", "BLOCKYARD_RUNNER_RUNNER_UUID": "r"}
    given |= {"BLOCKYARD_RUNNER_CLIENT_ID": "c", "BLOCKYARD_RUNNER_CLIENT_SECRET": "s"}

    assert load_configuration(given).opentofu.pass_environment == PROXIES
    assert load_configuration({**given, "BLOCKYARD_RUNNER_PASS_ENVIRONMENT": ""}).opentofu.pass_environment == ()


def test_a_data_folder_elsewhere_leaves_the_backend_to_the_environment(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": SHOW_ENVIRONMENT}, inputs=[an_input("TF_DATA_DIR", "elsewhere", environment=True)])

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert "TF_HTTP_ADDRESS" in (run.run_dir / "apply.names").read_text()
    assert run.state.resources() == ["names"]


def test_no_variable_of_ours_keeps_blockyard_from_starting_inside_a_run(new_run: NewRun) -> None:
    """Servers refuse settings they do not know."""
    run = new_run(files={"main.tf": SHOW_ENVIRONMENT}, implementation={"preRunScript": "env > script.env"})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    seen = (run.run_dir / "script.env").read_text() + (run.run_dir / "apply.names").read_text()
    assert "BLOCKYARD_" not in seen
