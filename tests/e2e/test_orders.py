"""Orders from end to end: HTTP API, queue, runner, real engine, state backend, outputs."""

import hashlib
import json
import time
from collections.abc import Callable

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.git_repositories import Repository
from tests.support.installation import (
    Installation,
    an_input,
    an_output,
    outputs,
    secret,
    status,
    terraform,
    text_of,
    value,
)

pytestmark = pytest.mark.usefixtures("engine")
Module = Callable[..., Repository]

GREETING = """
variable "name" { type = string }
variable "title" {
  type    = string
  default = null
}
resource "terraform_data" "greeting" { input = "hello ${var.title == null ? "" : "${var.title} "}${var.name}" }
output "greeting" { value = terraform_data.greeting.output }
"""


def test_an_order_is_provisioned_updated_and_destroyed(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(
        terraform(module(main_tf=GREETING)),
        inputs={"name": an_input(), "title": an_input(isOptional=True)},
        outputs={"greeting": an_output()},
    )

    block = blockyard.ordered(version, {"name": value("ada")})
    uuid = text_of(block, "metadata", "uuid")
    assert (status(block), outputs(block)) == ("SUCCEEDED", {"greeting": "hello ada"})

    blockyard.change(uuid, {"name": value("grace"), "title": value("Dr")})
    changed = blockyard.settled(uuid)
    assert (status(changed), outputs(changed)) == ("SUCCEEDED", {"greeting": "hello Dr grace"})
    assert len(_state_versions(blockyard, uuid)) >= 2

    blockyard.delete(uuid)
    gone = blockyard.settled(uuid)
    assert text_of(gone, "status", "lifecycle", "state") == "DELETED"


def _state_versions(blockyard: Installation, uuid: str) -> list[Json]:
    document = blockyard.call("GET", f"/api/blockyard/v1/blocks/{uuid}/state/versions", "application/json")
    versions = document["versions"]
    assert isinstance(versions, list)
    return versions


EVERY_TYPE = """
variable "text" { type = string }
variable "number" { type = number }
variable "yes" { type = bool }
variable "choice" { type = string }
variable "choices" { type = list(string) }
variable "code" { type = any }
variable "yaml" { type = string }
variable "big" { type = number }
variable "workspace" { type = string }
variable "block" { type = string }
variable "author" { type = any }
variable "people" { type = any }
variable "secret" {
  type      = string
  sensitive = true
}
output "seen" {
  value = {
    text = var.text, number = var.number, yes = var.yes, choice = var.choice, choices = var.choices, code = var.code,
    yaml = yamldecode(var.yaml).key, big = tostring(var.big), workspace = var.workspace, block = var.block,
    author = var.author.type, people = length(var.people), file = file("sub/notice.txt"),
    secret = nonsensitive(sha256(var.secret))
  }
}
output "number" { value = var.number }
output "yes" { value = var.yes }
"""


@pytest.mark.one_database
def test_every_type_of_input_reaches_the_module(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(
        terraform(module(main_tf=EVERY_TYPE), preRunScript='echo "region is $REGION"'),
        inputs={
            "text": an_input(),
            "number": an_input("INTEGER"),
            "yes": an_input("BOOLEAN"),
            "choice": an_input("SINGLE_SELECT", selectableValues=["a&b", "c"]),
            "choices": an_input("MULTI_SELECT", selectableValues=["x", "y", "z"]),
            "code": an_input("CODE"),
            "yaml": an_input("CODE"),
            "big": an_input("INTEGER"),
            "workspace": an_input("STRING", "WORKSPACE_IDENTIFIER"),
            "block": an_input("STRING", "TENANT_BUILDING_BLOCK_UUID"),
            "author": an_input("CODE", "AUTHOR"),
            "people": an_input("CODE", "USER_PERMISSIONS"),
            "secret": an_input(isSensitive=True),
            "REGION": an_input("STRING", "STATIC", isEnvironment=True, argument="eu-north-1"),
            "sub/notice.txt": an_input("FILE", "STATIC", argument="data:text/plain;base64,aGVsbG8="),
        },
        outputs={"seen": an_output("CODE"), "number": an_output("INTEGER"), "yes": an_output("BOOLEAN")},
    )

    block = blockyard.ordered(
        version,
        {
            "text": value('quote " backslash \\ ${not} a template'),
            "number": value(42),
            "yes": value(plain=False),
            "choice": value("a&b"),
            "choices": value(["z", "x"]),
            "code": value('{"a": [1, {"b": null}]}'),
            "yaml": value("key: some yaml\n"),
            "big": value(123456789012345678),
            "secret": secret("correct horse"),
        },
    )

    assert status(block) == "SUCCEEDED", blockyard.logs(block)
    found = outputs(block)
    assert (found["number"], found["yes"]) == (42, False)
    seen = json.loads(str(found["seen"]))
    uuid = text_of(block, "metadata", "uuid")
    assert seen.pop("secret") == hashlib.sha256(b"correct horse").hexdigest()
    assert seen == {
        "text": 'quote " backslash \\ ${not} a template',
        "number": 42,
        "yes": False,
        "choice": "a&b",
        "choices": ["z", "x"],
        "code": {"a": [1, {"b": None}]},
        "yaml": "some yaml",
        "big": "123456789012345678",
        "workspace": "shop",
        "block": uuid,
        "author": "ApiKey",
        "people": 0,
        "file": "hello",
    }
    assert "region is eu-north-1" in blockyard.logs(block)


@pytest.mark.one_database
def test_a_broken_module_fails_with_the_engines_words(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(terraform(module(main_tf='resource "terraform_data" "x" { input = nope }')))

    block = blockyard.ordered(version)

    assert status(block) == "FAILED"
    assert "Invalid reference" in blockyard.logs(block)


@pytest.mark.one_database
def test_a_failing_precondition_reaches_the_message_of_the_step(blockyard: Installation, module: Module) -> None:
    source = """
    resource "terraform_data" "moon" { input = "new" }
    resource "terraform_data" "x" {
      lifecycle {
        precondition {
          condition     = terraform_data.moon.output == "full"
          error_message = "the moon is not full"
        }
      }
    }
    """
    block = blockyard.ordered(blockyard.define(terraform(module(main_tf=source))))

    assert status(block) == "FAILED"
    assert "the moon is not full" in blockyard.logs(block)


@pytest.mark.one_database
def test_a_missing_output_fails_the_run_and_is_named(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(
        terraform(module(main_tf='output "there" { value = "x" }')),
        outputs={"there": an_output(), "promised": an_output()},
    )

    block = blockyard.ordered(version)

    assert status(block) == "FAILED"
    assert "promised" in json.dumps(_run(blockyard, block))


def _run(blockyard: Installation, block: JsonObject) -> JsonObject:
    run = text_of(block, "status", "latestRunUuid")
    return blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")


MASKED = """
echo token=$TOKEN
printf %s $TOKEN | base64
printf %s "${TOKEN%????}"; sleep 0.3; printf "%s\\n" "${TOKEN#????????????}"
"""


@pytest.mark.one_database
def test_a_secret_written_to_the_log_is_masked_plain_encoded_and_in_pieces(
    blockyard: Installation, module: Module
) -> None:
    version = blockyard.define(
        terraform(module(main_tf='output "ok" { value = "yes" }'), preRunScript=MASKED),
        inputs={"TOKEN": an_input(isSensitive=True, isEnvironment=True)},
    )

    block = blockyard.ordered(version, {"TOKEN": secret("s3cr3t-0f-the-h")})

    assert status(block) == "SUCCEEDED", blockyard.logs(block)
    logs = blockyard.logs(block)
    assert "s3cr3t-0f-the-h" not in logs
    assert "czNjcjN0LTBmLXRoZS1o" not in logs
    assert "token=" in logs
    kept = blockyard.dump()
    assert b"s3cr3t-0f-the-h" not in kept
    assert b"czNjcjN0LTBmLXRoZS1o" not in kept


SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "echo sleeping; sleep 120" }
}
"""


def test_a_run_is_aborted_in_the_middle(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(terraform(module(main_tf=SLOW)))
    ordered = blockyard.order(version)
    uuid = text_of(ordered, "metadata", "uuid")
    run = text_of(ordered, "status", "latestRunUuid")
    _until_log(blockyard, run, "sleeping")

    blockyard.call("POST", f"/api/blockyard/v1/runs/{run}/abort", "application/json")
    block = blockyard.settled(uuid, seconds=60)

    assert status(block) == "ABORTED"
    steps = _run(blockyard, block)["steps"]
    assert isinstance(steps, list)
    assert {step["status"] for step in steps if isinstance(step, dict)} <= {"SUCCEEDED", "ABORTED"}

    blockyard.delete(uuid)
    assert text_of(blockyard.settled(uuid), "status", "lifecycle", "state") == "DELETED"


def _until_log(blockyard: Installation, run: str, text: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        document = blockyard.call("GET", f"/api/meshobjects/meshbuildingblockruns/{run}/logs", kinds.RUN.media)
        if text in json.dumps(document):
            return
        assert time.monotonic() < deadline, document
        time.sleep(0.05)


@pytest.mark.one_database
def test_an_unknown_reference_fails_in_step_sources(blockyard: Installation, module: Module) -> None:
    block = blockyard.ordered(blockyard.define(terraform(module(main_tf=GREETING), refName="no-such-branch")))

    assert status(block) == "FAILED"
    assert "reference not found" in blockyard.logs(block)


@pytest.mark.one_database
def test_a_manual_block_waits_for_its_operator(blockyard: Installation) -> None:
    version = blockyard.define(
        {"type": "manual", "manual": {}},
        inputs={
            "reason": an_input(),
            "approved_by": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT"),
        },
        deletionMode="PURGE",
    )

    waiting = blockyard.ordered(version, {"reason": value("a new database")})
    assert status(waiting) == "WAITING_FOR_OPERATOR_INPUT"

    uuid = text_of(waiting, "metadata", "uuid")
    blockyard.change(uuid, {"approved_by": value("Olga Operator")})
    done = blockyard.settled(uuid)
    assert (status(done), outputs(done)) == (
        "SUCCEEDED",
        {"reason": "a new database", "approved_by": "Olga Operator"},
    )


def test_runs_of_different_blocks_share_nothing_and_all_end(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(
        terraform(module(main_tf=GREETING)), inputs={"name": an_input()}, outputs={"greeting": an_output()}
    )

    uuids = {f"n{n}": text_of(blockyard.order(version, {"name": value(f"n{n}")}), "metadata", "uuid") for n in range(4)}

    for name, uuid in uuids.items():
        assert outputs(blockyard.settled(uuid)) == {"greeting": f"hello {name}"}


BINDINGS = "/api/meshobjects/meshworkspacebindings/userbindings"


def _bind(blockyard: Installation, name: str) -> None:
    body: JsonObject = {
        "metadata": {"name": name},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "ada"},
    }
    blockyard.call("POST", BINDINGS, kinds.WORKSPACE_USER_BINDING.media, body)


def _roles(blockyard: Installation, uuid: str) -> list[list[str]]:
    block = blockyard.settled(uuid)
    assert status(block) == "SUCCEEDED"
    return [person["roles"] for person in json.loads(str(outputs(block)["people"]))]


@pytest.mark.one_database
def test_a_block_with_the_people_of_its_workspace_follows_their_bindings(blockyard: Installation) -> None:
    ada: JsonObject = {"username": "ada", "firstName": "Ada", "lastName": "L", "email": "ada@blockyard.test"}
    blockyard.call("POST", "/api/blockyard/v1/users", "application/json", {**ada, "password": "correct horse battery"})
    manual: JsonObject = {"type": "manual", "manual": {}}
    version = blockyard.define(
        manual, inputs={"people": an_input("CODE", "USER_PERMISSIONS"), "why": an_input()}, deletionMode="PURGE"
    )
    other = blockyard.ordered(blockyard.define(manual, inputs={"why": an_input()}), {"why": value("x")})
    uuid = text_of(blockyard.ordered(version, {"why": value("access")}), "metadata", "uuid")
    assert _roles(blockyard, uuid) == []

    _bind(blockyard, "ada-in-shop")
    assert _roles(blockyard, uuid) == [["Workspace Member"]]

    run = text_of(blockyard.block(uuid), "status", "latestRunUuid")
    _bind(blockyard, "ada-again")
    assert text_of(blockyard.block(uuid), "status", "latestRunUuid") == run

    for name in ("ada-in-shop", "ada-again"):
        blockyard.call("DELETE", f"{BINDINGS}/{name}", kinds.WORKSPACE_USER_BINDING.media)
    assert _roles(blockyard, uuid) == []
    unchanged = blockyard.block(text_of(other, "metadata", "uuid"))
    assert text_of(unchanged, "status", "latestRunUuid") == text_of(other, "status", "latestRunUuid")
