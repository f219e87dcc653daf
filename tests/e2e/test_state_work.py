"""States repaired with the real engine: sent back through a plan, worked on by runs; drift made by hand is found and repaired."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, RUN, VERSION
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, an_output, outputs, status, terraform, text_of, value

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.one_database]
Module = Callable[..., Repository]

GREETING = """
variable "name" { type = string }
resource "terraform_data" "greeting" { input = "hello ${var.name}" }
resource "terraform_data" "other" {}
output "greeting" { value = terraform_data.greeting.output }
"""


def test_a_state_is_sent_back_through_a_plan_and_what_was_shown_is_applied(
    blockyard: Installation, module: Module
) -> None:
    version = blockyard.define(
        terraform(module(main_tf=GREETING)), inputs={"name": an_input()}, outputs={"greeting": an_output()}
    )
    uuid = text_of(blockyard.ordered(version, {"name": value("ada")}), "metadata", "uuid")
    blockyard.change(uuid, {"name": value("grace")})
    blockyard.settled(uuid)
    (newest, *_) = numbers(blockyard, uuid)

    planned = ended(blockyard, own(blockyard, uuid, "state/versions/1/plan-restore"))
    changes = blockyard.call("GET", f"/api/blockyard/v1/runs/{planned['uuid']}/changes", "application/json")
    restored = own(blockyard, uuid, "state/versions/1/apply-restore", {"reason": "grace was a mistake"})
    settled = blockyard.settled(uuid)

    assert (planned["status"], planned["changesDetected"]) == ("SUCCEEDED", True)
    assert "terraform_data.greeting" in json.dumps(changes)
    assert restored["version"] is None  # its run makes it the current one
    assert (status(settled), outputs(settled)) == ("SUCCEEDED", {"greeting": "hello grace"})
    assert numbers(blockyard, uuid)[0] > newest + 1


def test_the_engine_works_on_a_state_in_runs_of_their_own(blockyard: Installation, module: Module) -> None:
    version = blockyard.define(terraform(module(main_tf=GREETING)), inputs={"name": an_input()})
    uuid = text_of(blockyard.ordered(version, {"name": value("ada")}), "metadata", "uuid")
    there = addresses(blockyard, uuid)

    done = []
    for command, arguments in (
        ("TAINT", ["terraform_data.greeting"]),
        ("UNTAINT", ["terraform_data.greeting"]),
        ("STATE_MV", ["terraform_data.other", "terraform_data.another"]),
        ("STATE_RM", ["terraform_data.another"]),
        ("IMPORT", ["terraform_data.other", "6d3f7f0c-1111-4222-8333-944445555666"]),
    ):
        told: list[Json] = [*arguments]
        body: JsonObject = {"command": command, "arguments": told, "reason": "a test"}
        done.append((command, ended(blockyard, own(blockyard, uuid, "state/maintenance", body))["status"]))

    assert [one for one in done if one[1] != "SUCCEEDED"] == []
    assert addresses(blockyard, uuid) == there
    nowhere: JsonObject = {**body, "command": "STATE_RM", "arguments": ["terraform_data.nowhere"]}
    failed = ended(blockyard, own(blockyard, uuid, "state/maintenance", nowhere))
    assert failed["status"] == "FAILED"
    assert (status(blockyard.block(uuid)), lock_status(blockyard, uuid)) == ("SUCCEEDED", 404)


def test_what_was_changed_by_hand_is_found_ignored_by_rule_and_repaired(
    blockyard: Installation, module: Module, tmp_path: Path
) -> None:
    real, wanted = tmp_path / "real.txt", 'variable "size" { type = string }'
    real.write_text("small")
    version = blockyard.define(
        terraform(module(main_tf=f'{wanted}\nresource "terraform_data" "box" {{ input = file("{real}") }}')),
        inputs={"size": an_input()},
    )
    definition = text_of(
        blockyard.call("GET", f"/api/meshobjects/meshbuildingblockdefinitionversions/{version}", VERSION.media),
        "spec",
        "buildingBlockDefinitionRef",
        "uuid",
    )
    path = f"/api/meshobjects/meshbuildingblockdefinitions/{definition}"
    found = blockyard.call("GET", path, DEFINITION.media)
    schedule: JsonObject = {"mode": "DRIFT_DETECTION", "frequency": "WEEKLY", "automaticApproval": False}
    spec = found["spec"]
    assert isinstance(spec, dict)
    blockyard.call("PUT", path, DEFINITION.media, {**found, "spec": {**spec, "schedule": schedule}})
    uuid = text_of(blockyard.ordered(version, {"size": value("small")}), "metadata", "uuid")

    real.write_text("large")
    ended(blockyard, own(blockyard, uuid, "detect"))
    drifted = drift(blockyard, uuid)
    rules = f"/api/blockyard/v1/definitions/{definition}/drift-rules"
    blockyard.call("PUT", rules, "application/json", {"ignored": [{"type": "terraform_data"}], "isPaused": False})
    ended(blockyard, own(blockyard, uuid, "detect"))
    ignored = drift(blockyard, uuid)
    blockyard.call("PUT", rules, "application/json", {"ignored": [], "isPaused": False})
    ended(blockyard, own(blockyard, uuid, "detect"))
    own(blockyard, uuid, "apply-plan")
    blockyard.settled(uuid)

    assert (drifted["state"], drifted["changes"]) == (
        "DRIFTED",
        [{"address": "terraform_data.box", "action": "update"}],
    )
    assert (ignored["state"], drift(blockyard, uuid)["state"]) == ("CLEAN", "CLEAN")
    ended(blockyard, own(blockyard, uuid, "detect"))
    assert drift(blockyard, uuid)["state"] == "CLEAN"


def test_something_precious_is_destroyed_only_once_somebody_has_said_yes(
    blockyard: Installation, module: Module, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.txt"
    main = f"""
resource "terraform_data" "treasure" {{
  input = "{gone}"
  provisioner "local-exec" {{
    when    = destroy
    command = "touch ${{self.input}}"
  }}
}}
"""
    rules: JsonObject = {"approvalRules": {"precious": ["*.treasure"]}}
    version = blockyard.define(terraform(module(main_tf=main)), about=rules)
    uuid = text_of(blockyard.ordered(version), "metadata", "uuid")

    def asked() -> tuple[str, JsonObject]:
        blockyard.delete(uuid)
        waiting = blockyard.settled(uuid)
        run = text_of(waiting, "status", "latestRunUuid")
        path = f"/api/blockyard/v1/runs/{run}"
        assert status(waiting) == "WAITING_FOR_APPROVAL"
        return run, blockyard.call("GET", f"{path}/changes", "application/json")

    first, changes = asked()
    blockyard.call("POST", f"/api/blockyard/v1/runs/{first}/decline", "application/json", {})
    kept = blockyard.block(uuid)
    second, _ = asked()
    stopped = not gone.exists()
    approval: JsonObject = {"predecessorRunUuid": second, "buildingBlockName": "sample"}
    blockyard.call("POST", f"/api/meshobjects/meshbuildingblockruns/{second}/approve", RUN.media, approval)
    ended = blockyard.settled(uuid)

    assert "terraform_data.treasure" in json.dumps(changes)
    assert (status(kept), text_of(kept, "status", "lifecycle", "state")) == ("SUCCEEDED", "ACTIVE")
    assert stopped
    assert (text_of(ended, "status", "lifecycle", "state"), gone.exists()) == ("DELETED", True)


def test_drift_that_somebody_wants_is_taken_up_into_the_input_that_it_contradicts(
    blockyard: Installation, module: Module
) -> None:
    box = 'variable "size" { type = string }\nresource "terraform_data" "box" { input = var.size }\n'
    version = blockyard.define(
        terraform(module(main_tf=f'{box}output "size" {{ value = terraform_data.box.output }}')),
        inputs={"size": an_input()},
        outputs={"size": an_output()},
        about={"schedule": {"mode": "DRIFT_DETECTION", "frequency": "WEEKLY", "automaticApproval": False}},
    )
    uuid = text_of(blockyard.ordered(version, {"size": value("small")}), "metadata", "uuid")
    address = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid}"
    real: Any = blockyard.call("GET", address, "application/json")
    attributes = real["resources"][0]["instances"][0]["attributes"]
    for name in ("input", "output"):
        attributes[name]["value"] = "large"  # somebody made it larger
    blockyard.client.post(address, json={**real, "serial": real["serial"] + 1}).raise_for_status()

    ended(blockyard, own(blockyard, uuid, "detect"))
    drifted = drift(blockyard, uuid)["state"]
    path = f"/api/blockyard/v1/blocks/{uuid}/drift/acceptances"
    offered: Any = blockyard.call("GET", path, "application/json")
    (one,) = offered["inputs"]
    blockyard.change(uuid, {one["input"]: value(one["proposed"])})
    settled = blockyard.settled(uuid)
    ended(blockyard, own(blockyard, uuid, "detect"))

    assert (drifted, one["input"], one["current"], one["proposed"]) == ("DRIFTED", "size", "small", "large")
    assert (status(settled), outputs(settled)) == ("SUCCEEDED", {"size": "large"})
    assert drift(blockyard, uuid)["state"] == "CLEAN"


def drift(blockyard: Installation, uuid: str) -> JsonObject:
    """Return what is known of the drift of a block."""
    return blockyard.call("GET", f"/api/blockyard/v1/blocks/{uuid}/drift", "application/json")


def own(blockyard: Installation, uuid: str, action: str, body: JsonObject | None = None) -> JsonObject:
    """Send an own request about a block."""
    return blockyard.call("POST", f"/api/blockyard/v1/blocks/{uuid}/{action}", "application/json", body)


def ended(blockyard: Installation, started: JsonObject) -> JsonObject:
    """Return a run that was started, once it has ended."""
    run, position = text_of(started, "runUuid"), ""
    while True:
        query = f"?wait=20{f'&after={position}' if position else ''}"
        told = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}/events{query}", "application/json")
        position = str(told["position"])
        if told["ended"]:
            return blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")


def numbers(blockyard: Installation, uuid: str) -> list[int]:
    """Return the numbers of the versions of a state, the newest first."""
    found = blockyard.call("GET", f"/api/blockyard/v1/blocks/{uuid}/state/versions", "application/json")
    versions = found["versions"]
    assert isinstance(versions, list)
    return [int(str(one["number"])) for one in versions if isinstance(one, dict)]


def addresses(blockyard: Installation, uuid: str) -> set[str]:
    """Return what exists by a state."""
    found = blockyard.call("GET", f"/api/blockyard/v1/blocks/{uuid}/remains", "application/json")
    resources = found["resources"]
    assert isinstance(resources, list)
    return {str(one["address"]) for one in resources if isinstance(one, dict)}


def lock_status(blockyard: Installation, uuid: str) -> int:
    """Return whether the state is locked still: 404 if not."""
    return blockyard.client.get(f"/api/blockyard/v1/blocks/{uuid}/state/lock").status_code
