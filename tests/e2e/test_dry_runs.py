"""Dry runs from end to end: the real engine plans, and what it planned is what is applied."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.git_repositories import Repository
from tests.support.installation import (
    Installation,
    an_input,
    an_output,
    outputs,
    status,
    terraform,
    text_of,
    value,
)

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.one_database]
Module = Callable[..., Repository]

GREETING = """
variable "name" { type = string }
resource "terraform_data" "greeting" { input = "hello ${var.name}" }
output "greeting" { value = terraform_data.greeting.output }
"""
LOUDER = GREETING.replace('"hello ${var.name}"', '"HELLO ${var.name}"')


def test_what_a_dry_run_showed_is_applied_and_nothing_else(blockyard: Installation, module: Module) -> None:
    repository = module(main_tf=GREETING)
    version = blockyard.define(terraform(repository), inputs={"name": an_input()}, outputs={"greeting": an_output()})
    uuid = text_of(blockyard.ordered(version, {"name": value("ada")}), "metadata", "uuid")

    unchanged = detect(blockyard, uuid)
    repository.commit({"main.tf": LOUDER})
    planned = detect(blockyard, uuid)
    between = blockyard.block(uuid)
    repository.commit({"main.tf": LOUDER.replace("HELLO", "UNSEEN")})
    own(blockyard, uuid, "apply-plan")
    applied = blockyard.settled(uuid)

    assert (unchanged["status"], unchanged["changesDetected"]) == ("SUCCEEDED", False)
    assert (planned["status"], planned["changesDetected"]) == ("SUCCEEDED", True)
    assert (status(between), outputs(between)) == ("SUCCEEDED", {"greeting": "hello ada"})
    assert text_of(between, "status", "latestDryRunUuid") == planned["uuid"]
    assert (status(applied), outputs(applied)) == ("SUCCEEDED", {"greeting": "HELLO ada"})
    refused = blockyard.call("POST", f"/api/blockyard/v1/blocks/{uuid}/apply-plan", "application/json", expect=409)
    assert refused["errorCode"] == "NoPlan"
    assert "dry run" in str(refused["remedy"])


def test_a_plan_of_another_state_fails_with_the_reason(blockyard: Installation, module: Module) -> None:
    repository = module(main_tf=GREETING)
    version = blockyard.define(terraform(repository), inputs={"name": an_input()})
    block = blockyard.ordered(version, {"name": value("ada")})
    uuid = text_of(block, "metadata", "uuid")
    blockyard.change(uuid, {"name": value("grace")})
    blockyard.settled(uuid)
    repository.commit({"main.tf": LOUDER})
    detect(blockyard, uuid)
    own(blockyard, uuid, "state/versions/1/restore")

    own(blockyard, uuid, "apply-plan")
    failed = blockyard.settled(uuid)

    assert status(failed) == "FAILED"
    log = blockyard.logs(failed)
    assert "stale" in log
    assert "start a new dry-run" in log


def detect(blockyard: Installation, uuid: str) -> JsonObject:
    """Plan a block and return the run once it has ended."""
    run = text_of(own(blockyard, uuid, "detect"), "runUuid")
    position = ""
    while True:
        query = f"?wait=20{f'&after={position}' if position else ''}"
        told = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}/events{query}", "application/json")
        position = str(told["position"])
        if told["ended"]:
            return blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")


def own(blockyard: Installation, uuid: str, action: str) -> JsonObject:
    """Send an own request about a block."""
    return blockyard.call("POST", f"/api/blockyard/v1/blocks/{uuid}/{action}", "application/json")


def test_an_approved_plan_that_the_world_overtook_is_made_anew_and_keeps_its_approval(
    blockyard: Installation, module: Module
) -> None:
    repository = module(main_tf=GREETING)
    version = blockyard.define(
        terraform(repository),
        inputs={"name": an_input(updateableByConsumer=True)},
        outputs={"greeting": an_output()},
        about={"approvalPolicies": {"userInputChanges": True}},
    )
    uuid = text_of(blockyard.ordered(version, {"name": value("ada")}), "metadata", "uuid")
    blockyard.change(uuid, {"name": value("grace")})
    waiting = blockyard.settled(uuid)
    run = text_of(waiting, "status", "latestRunUuid")
    changes: Any = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}/changes", "application/json")
    address = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid}"
    state: Any = blockyard.call("GET", address, "application/json")
    blockyard.client.post(address, json={**state, "serial": state["serial"] + 1}).raise_for_status()

    approve(blockyard, run)
    applied = blockyard.settled(uuid)

    assert (status(waiting), outputs(waiting)) == ("WAITING_FOR_APPROVAL", {"greeting": "hello ada"})
    assert changes["_embedded"]["changes"][0]["attributes"][0] == {
        "path": "input",
        "before": "hello ada",
        "after": "hello grace",
        "sensitive": False,
        "unknown": False,
        "forcesReplacement": False,
        "cut": False,
    }
    assert (status(applied), outputs(applied)) == ("SUCCEEDED", {"greeting": "hello grace"})
    overtaken: Any = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")
    assert (overtaken["status"], overtaken["failure"]["code"]) == ("FAILED", "PLAN_STALE")
    assert text_of(applied, "status", "latestRunUuid") != run


def test_an_approved_plan_that_would_do_something_else_by_now_is_shown_and_approved_again(
    blockyard: Installation, module: Module, tmp_path: Path
) -> None:
    real = tmp_path / "real.txt"
    real.write_text("small")
    content = GREETING.replace('"hello ${var.name}"', f'"${{var.name}} ${{file("{real}")}}"')
    version = blockyard.define(
        terraform(module(main_tf=content)),
        inputs={"name": an_input(updateableByConsumer=True)},
        outputs={"greeting": an_output()},
        about={"approvalPolicies": {"userInputChanges": True}},
    )
    uuid = text_of(blockyard.ordered(version, {"name": value("ada")}), "metadata", "uuid")
    blockyard.change(uuid, {"name": value("grace")})
    first = text_of(blockyard.settled(uuid), "status", "latestRunUuid")
    real.write_text("large")
    address = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid}"
    state: Any = blockyard.call("GET", address, "application/json")
    blockyard.client.post(address, json={**state, "serial": state["serial"] + 1}).raise_for_status()

    approve(blockyard, first)
    waiting = blockyard.settled(uuid)
    second = text_of(waiting, "status", "latestRunUuid")
    path = f"/api/blockyard/v1/runs/{second}/changes/comparison?with={first}"
    compared: Any = blockyard.call("GET", path, "application/json")
    approve(blockyard, second)
    applied = blockyard.settled(uuid)

    overtaken: Any = blockyard.call("GET", f"/api/blockyard/v1/runs/{first}", "application/json")
    assert (overtaken["status"], overtaken["failure"]["code"]) == ("FAILED", "PLAN_STALE")
    assert (status(waiting), outputs(waiting)) == ("WAITING_FOR_APPROVAL", {"greeting": "ada small"})
    assert (second == first, compared["isEqual"]) == (False, False)
    assert (status(applied), outputs(applied)) == ("SUCCEEDED", {"greeting": "grace large"})


def approve(blockyard: Installation, run: str) -> None:
    """Approve the plan of a waiting run."""
    detail = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")
    body: JsonObject = {"predecessorRunUuid": text_of(detail, "approval", "predecessorRunUuid")}
    blockyard.call("POST", f"/api/meshobjects/meshbuildingblockruns/{run}/approve", kinds.RUN.media, body)
