"""Twenty failures made on purpose, with the real engine: what whoever ordered reads, and what to do. The sentences are kept as data."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.frame.executor import Outcome
from blockyard.server.runs.model.causes import explained
from blockyard.server.runs.model.failure import Failure
from tests.support.machine import find_provider_mirror
from tests.support.network import free_port
from tests.support.opentofu_runs import OpenTofuRun, an_input
from tests.support.scripted_http import Answer, scripted_server

NewRun = Callable[..., OpenTofuRun]

KEPT = Path("tests/data/failures.md")

CHECKED = 'variable "size" {\n  validation {\n    condition = var.size > 3\n    error_message = "too small"\n  }\n}\n'
AWS = """
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  max_retries                 = 1
}
resource "aws_s3_bucket" "it" { bucket = "team-a-files" }
"""
BUCKET = AWS.splitlines()[-1]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@dataclass(frozen=True)
class Made:
    """A failure that is made on purpose."""

    files: dict[str, str]
    inputs: list[JsonObject] = field(default_factory=list)
    implementation: JsonObject = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)


def running(command: str) -> dict[str, str]:
    """Return a module that runs a command."""
    return {
        "main.tf": f'resource "terraform_data" "it" {{\n  provisioner "local-exec" {{\n    command = "{command}"\n  }}\n}}\n'
    }


def unreachable() -> str:
    """Return an address that nobody answers at."""
    return f"http://127.0.0.1:{free_port()}/module.git"


MADE = {
    "a value that the module's author forbids": Made({"main.tf": CHECKED}, [an_input("size", 1, "INTEGER")]),
    "a value that is missing": Made({"main.tf": 'variable "name" {}\n'}),
    "a secret for another key": Made(
        {"main.tf": 'variable "key" {}\n'}, [an_input("key", "no envelope", sensitive=True)]
    ),
    "a file that is none": Made({"main.tf": ""}, [an_input("notes.txt", "no data URL", "FILE")]),
    "an argument that does not exist": Made({"main.tf": 'resource "terraform_data" "it" {\n  colour = "red"\n}\n'}),
    "a reference to nothing": Made({"main.tf": 'output "it" {\n  value = local.nothing\n}\n'}),
    "a script that fails": Made(running("exit 3")),
    "a composition orders what may do more than it may": Made(running("echo 'errorCode: PermissionNotHeld'; exit 1")),
    "a provider that nobody has": Made(
        {"main.tf": 'terraform {\n  required_providers {\n    x = { source = "acme/x" }\n  }\n}\n'},
        settings={"provider_mirror_dir": Path(__file__).parent},
    ),
    "a branch that is gone": Made({"main.tf": ""}, implementation={"refName": "gone"}),
    "a path that is gone": Made({"main.tf": ""}, implementation={"repositoryPath": "gone"}),
    "an engine that is not there": Made(
        {"main.tf": ""}, implementation={"terraformVersion": "1.6.0"}, settings={"engine_fallback": "strict"}
    ),
    "a full disk": Made(running("echo write: no space left on device; exit 1")),
    "a service that is disturbed": Made(running("echo 503 Service Unavailable; exit 1")),
    "a module for an engine that is newer": Made({"main.tf": 'terraform {\n  required_version = ">= 99.0"\n}\n'}),
}

REFUSED: dict[str, tuple[int, str, str]] = {
    "AWS: the credentials have expired": (400, "ExpiredToken", "The provided token has expired."),
    "AWS: the credentials are unknown": (
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist.",
    ),
    "AWS: a permission is missing": (403, "AccessDenied", "User is not authorized to perform: s3:CreateBucket"),
    "AWS: a policy of the organization forbids it": (
        403,
        "AccessDenied",
        "not authorized to perform: s3:CreateBucket with an explicit deny in a service control policy",
    ),
    "AWS: a quota is used up": (400, "TooManyBuckets", "You have attempted to create more buckets than allowed"),
    "AWS: the name is taken": (409, "BucketAlreadyExists", "The requested bucket name is not available."),
    "AWS: too many requests": (429, "SlowDown", "Please reduce your request rate."),
    "AWS: a disturbance": (503, "ServiceUnavailable", "Service is unable to handle request."),
}


def told(run: OpenTofuRun) -> Failure:
    """Execute a run that fails, and return what its failure is called as the server does it."""
    assert run.execute().outcome is Outcome.FAILED, run.reporter.whole_text()
    failed = next(step for step, status in run.reporter.steps.items() if status == "FAILED")
    messages = [run.reporter.user_messages.get(failed, "")]
    return explained(messages, run.reporter.text(failed))


def kept(name: str) -> str:
    """Return what is kept of a failure."""
    return next((line for line in KEPT.read_text().splitlines() if line.startswith(f"| {name} |")), "")


def shown(name: str, failure: Failure) -> str:
    """Return a failure as it is kept."""
    return f"| {name} | {failure.cause} | {failure.code} | {failure.message} {failure.remedy} |"


@pytest.mark.parametrize("name", sorted(MADE))
def test_whoever_ordered_reads_what_happened_and_what_to_do(new_run: NewRun, name: str) -> None:
    made = MADE[name]
    run = new_run(files=made.files, inputs=made.inputs, implementation=made.implementation, settings=made.settings)
    assert shown(name, told(run)) == kept(name)


def test_a_repository_that_nobody_answers_for(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, implementation={"repositoryUrl": unreachable()})
    name = "a repository that nobody answers for"
    assert shown(name, told(run)) == kept(name)


@contextmanager
def refusing(buckets: Mapping[str, tuple[int, str, str]]) -> Iterator[str]:
    """Run a service that refuses each bucket as S3 does."""
    answers: dict[str, list[Answer]] = {}
    for bucket, (status, code, message) in buckets.items():
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        answer = Answer(status, body, {"Content-Type": "application/xml"})
        answers |= {f"/{bucket}": [answer], f"/{bucket}/": [answer]}
    with scripted_server(answers) as server:
        yield server.url


@pytest.mark.aws
def test_what_aws_refuses_is_explained(new_run: NewRun) -> None:
    """One run asks for everything: to start the provider takes longer than all requests."""
    names = {f"team-a-{number}": name for number, name in enumerate(sorted(REFUSED))}
    wanted = "".join(f'resource "aws_s3_bucket" "{name}" {{\n  bucket = "{name}"\n}}\n' for name in names)
    with refusing({bucket: REFUSED[name] for bucket, name in names.items()}) as url:
        settings = {**KEYS, "AWS_ENDPOINT_URL": url}
        run = new_run(
            files={"main.tf": AWS.replace(BUCKET, wanted)},
            inputs=[an_input(key, value, environment=True) for key, value in settings.items()],
            settings={"provider_mirror_dir": find_provider_mirror()},
        )
        assert run.execute().outcome is Outcome.FAILED

    errors = run.reporter.text("execute_tf").split("Error: ")[1:]
    told = {
        name: shown(name, explained([], f"Error: {error}"))
        for bucket, name in names.items()
        for error in errors
        if f"aws_s3_bucket.{bucket}," in error
    }
    assert told == {name: kept(name) for name in names.values()}


@pytest.mark.aws
def test_credentials_that_are_missing(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": AWS.replace("skip_credentials_validation = true", 'region = "us-east-1"')})
    run.settings = {"provider_mirror_dir": find_provider_mirror()}
    name = "AWS: there are no credentials"
    assert shown(name, told(run)) == kept(name)
