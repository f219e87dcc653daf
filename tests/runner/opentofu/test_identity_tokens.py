"""Identity tokens at the paths that modules know, each run its own. Source: concepts.md 14."""

import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blockyard.protocol.names import TOKEN_PATHS, Cloud
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, an_input
from tests.support.state_server import state_server

NewRun = Callable[..., OpenTofuRun]
AWS, GCP = TOKEN_PATHS[Cloud.AWS], TOKEN_PATHS[Cloud.GCP]
TOKENS = {"aws": "head.body.signature-of-aws", "gcp": "head.body.signature-of-gcp"}


def a_file(document: object) -> str:
    """Return the value of a FILE input."""
    return f"data:application/json;base64,{base64.b64encode(json.dumps(document).encode()).decode()}"


def test_two_runs_at_once_read_their_own_tokens_at_the_same_path(new_run: NewRun, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    script = (
        f'touch {meeting}/$NAME.there\nuntil [ "$(ls {meeting} | grep -c there)" = 2 ]; do sleep 0.02; done\n'
        f"cat {AWS} >{meeting}/$NAME.seen\ncat {AWS}"
    )
    runs = [
        new_run(
            files={"main.tf": f'output "token" {{ value = sha1(file("{AWS}")) }}'},
            tokens={"aws": f"head.body.signature-{name}"},
            inputs=[an_input("NAME", name, environment=True)],
            implementation={"preRunScript": script},
        )
        for name in ("one", "two")
    ]
    with state_server() as other, ThreadPoolExecutor(2) as threads:
        runs[1].state = other  # as they are of two building blocks
        results = list(threads.map(lambda run: run.execute(), runs))

    assert [result.outcome for result in results] == [Outcome.SUCCEEDED] * 2, runs[0].reporter.whole_text()
    for run, name in zip(runs, ("one", "two"), strict=True):
        token = f"head.body.signature-{name}"
        assert (meeting / f"{name}.seen").read_text() == token
        assert run.reporter.outputs["token"].value == hashlib.sha1(token.encode()).hexdigest()  # noqa: S324  no secret is kept so
        assert {token, f"signature-{name}"} <= run.reporter.secrets
    assert not Path(AWS).exists(), "nothing of it is seen outside"


def test_what_is_at_the_same_place_otherwise_stays_to_be_seen(new_run: NewRun) -> None:
    beside = sorted(path.name for path in Path("/run").iterdir())
    run = new_run(
        files={"main.tf": ""}, tokens=TOKENS, implementation={"preRunScript": f"cat {AWS} >/dev/null\nls /run >listed"}
    )
    result = run.execute()
    listed = (run.run_dir / "listed").read_text().split()

    assert result.outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert set(beside) <= set(listed)
    assert "Identity tokens: aws" in run.reporter.whole_text()


@pytest.mark.parametrize("can_mount", [True, False])
def test_inputs_lead_to_the_tokens_either_way(new_run: NewRun, *, can_mount: bool) -> None:
    credentials = {"type": "external_account", "credential_source": {"file": GCP}}
    module = """
    variable "role" { type = any }
    output "aws" { value = sha1(file(var.role.token_file)) }
    output "gcp" { value = sha1(file(jsondecode(file("${path.module}/gcp.json")).credential_source.file)) }
    """
    run = new_run(
        files={"main.tf": module},
        tokens=TOKENS,
        can_mount=can_mount,
        inputs=[
            an_input("AWS_WEB_IDENTITY_TOKEN_FILE", AWS, environment=True),
            an_input("gcp.json", a_file(credentials), "FILE"),
            an_input("role", json.dumps({"token_file": AWS}), "CODE"),
        ],
        implementation={"preRunScript": "cmp $AWS_WEB_IDENTITY_TOKEN_FILE <(printf head.body.signature-of-aws)"},
    )
    result = run.execute()

    assert result.outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    outputs = {name: output.value for name, output in run.reporter.outputs.items()}
    assert outputs == {name: hashlib.sha1(token.encode()).hexdigest() for name, token in TOKENS.items()}  # noqa: S324  no secret is kept so
    assert ("Warning: this runner cannot show each run" in run.reporter.whole_text()) is not can_mount


def test_a_run_that_names_no_token_gets_none(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": 'output "a" { value = 1 }'}, tokens=TOKENS)

    assert run.execute().outcome is Outcome.SUCCEEDED
    assert "Identity tokens" not in run.reporter.whole_text()
    assert not (run.folder / "run" / "identity").exists()
