"""The pre-run script: what it gets, what it may say, how it fails; and FILE inputs beside it."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.protocol.run import InputType
from blockyard.protocol.sealing import seal
from blockyard.runner.executors.opentofu.given.files import write_files
from blockyard.runner.frame.executor import Outcome
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.inputs import PlainInput
from tests.support.opentofu_runs import OpenTofuRun, a_data_url, an_input
from tests.support.runner_keys import a_runner_key
from tests.support.state_server import StateServer

NewRun = Callable[..., OpenTofuRun]


def scripted(new_run: NewRun, script: str | None, **parts: object) -> OpenTofuRun:
    """Return a run with a pre-run script."""
    return new_run(
        files={"main.tf": 'output "o" { value = fileexists("made") }'}, implementation={"preRunScript": script}, **parts
    )


@pytest.mark.parametrize("behavior", ["APPLY", "DETECT", "DESTROY"])
def test_a_script_gets_behavior_run_and_engine(new_run: NewRun, behavior: str) -> None:
    script = (
        '#!/bin/false\r\ncat > run.json\r\necho "behavior: $1"\r\ntofu version\r\nterraform state pull\r\ntouch made'
    )
    run = scripted(new_run, script, behavior=behavior)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    log = run.reporter.text("pre_run_script")
    assert f"behavior: {behavior}\n" in log
    assert "v1." in log
    assert "ended with exit code 0" in log
    seen = json.loads((run.run_dir / "run.json").read_text())
    assert seen["spec"]["behavior"] == behavior
    assert seen["_links"]["planArtifact"] == {"href": ""}


@pytest.mark.parametrize("script", [None, "", " \n\t"])
def test_no_script_is_one_line(new_run: NewRun, script: str | None) -> None:
    run = scripted(new_run, script)

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert run.reporter.text("pre_run_script") == "The definition has no pre-run script.\n"


def test_a_message_reaches_the_consumer(new_run: NewRun) -> None:
    run = scripted(new_run, 'echo "  hello consumer  " > "$MESHSTACK_USER_MESSAGE"')

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert run.reporter.user_messages == {"pre_run_script": "hello consumer"}
    assert "hello consumer" not in run.reporter.text("pre_run_script")
    assert not list(run.run_dir.glob("meshstack-user-message-*"))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 4", "script failed with exit code 4"),
        ("false; echo not reached", "script failed with exit code 1"),
        ("false | true", "script failed with exit code 1"),
        ('echo why > "$MESHSTACK_USER_MESSAGE"; exit 4', "why"),
        ("kill -9 $$", "script killed by signal 9, perhaps for lack of memory"),
    ],
)
def test_a_failing_script_fails_the_run(new_run: NewRun, script: str, message: str) -> None:
    run = scripted(new_run, script)

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"pre_run_script": message}
    assert run.commands == ["init", "pre-run"]
    assert "not reached" not in run.reporter.text("pre_run_script")


@pytest.mark.parametrize(
    ("behavior", "is_async", "outcome"),
    [
        ("APPLY", False, Outcome.SUCCEEDED),
        ("DETECT", False, Outcome.SUCCEEDED),
        ("DESTROY", False, Outcome.SUCCEEDED),
        ("APPLY", True, Outcome.HANDED_OVER),
    ],
)
def test_a_script_that_leaves_a_child_behind_does_not_hang_the_run(
    new_run: NewRun, behavior: str, outcome: Outcome, *, is_async: bool
) -> None:
    run = new_run(
        files={"main.tf": 'output "o" { value = fileexists("made") }'},
        implementation={"preRunScript": "sleep 300 & touch made", "async": is_async},
        behavior=behavior,
    )

    assert run.execute().outcome is outcome, run.reporter.whole_text()
    assert (run.run_dir / "made").exists()


def test_a_script_that_is_stopped_ends_with_everything_that_it_started(new_run: NewRun) -> None:
    run = scripted(new_run, "sleep 300 & echo $! > child; echo began; wait")
    outcome: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcome.append(run.execute().outcome))
    thread.start()
    run.reporter.wait_for("began")
    run.reporter.aborted.set()
    thread.join(30)

    assert outcome == [Outcome.ABORTED]
    assert run.commands == ["init", "pre-run"]
    assert not Path(f"/proc/{(run.run_dir / 'child').read_text().strip()}").exists()


def test_a_first_part_is_applied_by_the_script_and_the_rest_after_it(new_run: NewRun, state: StateServer) -> None:
    script = """
if [ "$1" = APPLY ]; then
  tofu apply -auto-approve -input=false -no-color -target=terraform_data.role
  tofu output -raw role > seen
  echo "the role is there" > "$MESHSTACK_USER_MESSAGE"
fi
"""
    module = """
resource "terraform_data" "role" { input = "reader" }
resource "terraform_data" "rest" { input = fileexists("${path.module}/seen") ? file("${path.module}/seen") : "nothing" }
output "role" { value = terraform_data.role.output }
output "rest" { value = terraform_data.rest.output }
"""
    run = new_run(files={"main.tf": module}, implementation={"preRunScript": script})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert {name: output.value for name, output in run.reporter.outputs.items()} == {"role": "reader", "rest": "reader"}
    assert run.reporter.user_messages["pre_run_script"] == "the role is there"
    assert run.commands == ["init", "pre-run", "apply"]
    assert state.resources() == ["rest", "role"]
    assert not state.locks


def test_secrets_are_sealed_on_standard_input_unless_asked_for(new_run: NewRun) -> None:
    key = a_runner_key()
    envelope = seal(key.public_pem, "s3cret-value")
    inputs = [
        an_input("token", envelope, sensitive=True),
        an_input("TOKEN", envelope, sensitive=True, environment=True),
    ]
    sealed = scripted(new_run, "cat > run.json; printenv TOKEN > token", inputs=inputs, private_key=key.private)
    ask = an_input("MESHSTACK_RUN_JSON_DECRYPTED", "true", environment=True)
    opened = scripted(new_run, "cat > run.json", inputs=[*inputs, ask], private_key=key.private)

    for run, expected in ((sealed, envelope), (opened, "s3cret-value")):
        assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
        document = json.loads((run.run_dir / "run.json").read_text())
        assert {given["value"] for given in document["spec"]["buildingBlock"]["spec"]["inputs"][:2]} == {expected}
        assert "s3cret-value" in run.reporter.secrets
    assert (sealed.run_dir / "token").read_text() == "s3cret-value\n"


def test_a_script_that_deletes_the_directory_is_told_so(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, implementation={"preRunScript": 'rm -rf "$PWD"'})

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"pre_run_script": "the pre-run script deleted the directory of the run"}


def test_a_script_cannot_change_the_environment_of_the_engine(new_run: NewRun) -> None:
    run = scripted(new_run, "export TF_VAR_x=1 TF_WORKSPACE=x; touch made")

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()


def test_file_inputs_are_written_for_the_module(new_run: NewRun) -> None:
    files = {"main.tf": 'output "o" { value = "${file("sub/a.txt")}${file("there.txt")}" }', "there.txt": "old"}
    inputs = [
        an_input("sub/a.txt", a_data_url("ü".encode()), "FILE"),
        an_input("there.txt", a_data_url(b"new"), "FILE"),
        an_input("more.tf", a_data_url(b'output "more" { value = 1 }'), "FILE"),
    ]
    run = new_run(files=files, inputs=inputs)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert (run.reporter.outputs["o"].value, run.reporter.outputs["more"].value) == ("ünew", 1)
    assert (run.run_dir / "sub" / "a.txt").stat().st_mode & 0o777 == 0o600
    assert "'there.txt' of the module is replaced" in run.reporter.text("input")


@pytest.mark.parametrize(
    "key", ["../x", "/etc/x", "a/../../x", "", ".", "a\\b", "a/", "link/x", "file/x", "folder", "a\0b", "\ud800"]
)
def test_file_inputs_cannot_be_written_elsewhere(tmp_path: Path, key: str) -> None:
    run_dir = tmp_path / "run"
    (run_dir / "folder").mkdir(parents=True)
    (run_dir / "link").symlink_to(tmp_path)
    (run_dir / "file").touch()

    with pytest.raises(StepFailed, match="has no usable name"):
        write_files(run_dir, [PlainInput(key, a_data_url(b"x"), InputType.FILE)], lambda _: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_file_input_replaces_a_symbolic_link_and_does_not_follow_it(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "outside").write_text("old")
    (tmp_path / "run" / "a").symlink_to(tmp_path / "outside")

    write_files(tmp_path / "run", [PlainInput("a", a_data_url(b"new"), InputType.FILE)], lambda _: None)
    assert ((tmp_path / "run" / "a").read_text(), (tmp_path / "outside").read_text()) == ("new", "old")


@pytest.mark.parametrize("value", ["text", "data:text/plain,x", "data:;base64,???", 5, None, "data:a,b;base64,eA=="])
def test_a_value_without_content_is_refused(tmp_path: Path, value: str | int | None) -> None:
    with pytest.raises(StepFailed, match="no data content found"):
        write_files(tmp_path, [PlainInput("a", value, InputType.FILE)], lambda _: None)
