"""Changing blocks: rename, inputs, secrets, upgrades, runs by hand."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_change,
    a_secret,
    a_value,
    an_input,
    an_output,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR
from tests.support.runner_keys import a_runner_key

INPUTS = {
    "name": an_input(),
    "size": an_input("INTEGER", updateableByConsumer=True),
    "token": an_input(isSensitive=True),
}
ASKED: JsonObject = {"name": "invoices", "size": 1, "token": a_secret("t0p-s3cret")}


def a_done_block(world: BlockWorld, **spec: Any) -> Any:
    block = world.order(world.define(inputs=INPUTS, **spec), ASKED)
    world.finish()
    return world.read(block)


def test_a_rename_starts_no_run_and_changes_nothing_else(world: BlockWorld) -> None:
    block = a_done_block(world)

    renamed = world.change(block, name="other name")

    assert renamed == {**block, "spec": {**block["spec"], "displayName": "other name"}}
    assert world.claim() is None
    assert "Building Block Modified" in world.titles(block)


COMPUTED = {
    "region": an_input(assignment="STATIC", argument="eu"),
    "count": an_input("INTEGER", "STATIC", argument=3),
    "policy": an_input("CODE", "STATIC", argument={"days": 30, "rate": 1.50}),
    "password": an_input(assignment="STATIC", isSensitive=True, argument=a_secret("static-s3cret")),
    "workspace": an_input(assignment="WORKSPACE_IDENTIFIER"),
    "people": an_input("CODE", "USER_PERMISSIONS"),
}


def test_a_document_that_was_read_can_be_sent_back_as_it_is(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={**INPUTS, **COMPUTED}), ASKED)
    world.finish()
    block = world.read(block)

    sent_back = world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", block)

    assert sent_back == block
    assert world.claim() is None
    assert world.titles(block) == ["Building Block Created"]


def test_a_document_that_was_read_can_be_sent_back_with_a_change_and_with_a_newer_version(world: BlockWorld) -> None:
    version = world.define(inputs={**INPUTS, **COMPUTED})
    block = world.order(version, ASKED)
    world.finish()
    newer = world.next_version(
        version, inputs={**INPUTS, **COMPUTED, "region": an_input(assignment="STATIC", argument="us")}
    )
    body = world.read(block)
    body["spec"]["inputs"]["size"]["value"] = 2
    body["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] = uuid_of(newer)

    changed = world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", body)

    values = {key: item["value"] for key, item in changed["spec"]["inputs"].items()}
    assert (values["size"], values["region"]) == (2, "us")
    assert changed["status"]["status"] == "PENDING"


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("region", {"value": "us"}),
        ("region", {"value": "eu", "isSensitive": True}),
        ("region", {"value": None}),
        ("count", {"value": 3.0}),
        ("password", {"value": {"hash": "sha256:other"}}),
        ("password", {"value": {"plaintext": "static-s3cret"}}),
        ("workspace", {"value": "other"}),
    ],
)
@pytest.mark.one_database
def test_a_computed_input_is_refused_unless_it_comes_back_as_it_was_shown(
    world: BlockWorld, key: str, changed: JsonObject
) -> None:
    block = world.order(world.define(inputs={**INPUTS, **COMPUTED}), ASKED)
    world.finish()
    body = a_change(block)
    body["spec"]["inputs"] = {key: changed}  # type: ignore[index,call-overload]  # a document

    answer = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", body)

    assert answer.status_code == 400
    assert (answer.json()["errorCode"], answer.json()["field"]) == ("InputNotSettable", f"/spec/inputs/{key}")


def test_an_input_that_a_newer_version_computes_is_refused_though_its_value_is_the_stored_one(
    world: BlockWorld,
) -> None:
    version = world.define(inputs=INPUTS)
    block = world.order(version, ASKED)
    world.finish()
    newer = world.next_version(version, inputs={**INPUTS, "name": an_input(assignment="STATIC", argument="fixed")})

    answer = world.api.send(
        "PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, version=newer, inputs={"name": "invoices"})
    )

    assert answer.json()["errorCode"] == "InputNotSettable"


def test_sending_everything_again_changes_nothing(world: BlockWorld) -> None:
    block = a_done_block(world)
    values: JsonObject = {key: block["spec"]["inputs"][key]["value"] for key in ("name", "size", "token")}

    assert world.change(block, inputs=values) == block
    assert world.change(block, inputs=ASKED) == block
    assert world.titles(block) == ["Building Block Created"]


def test_a_changed_input_starts_a_run_at_once(world: BlockWorld) -> None:
    block = a_done_block(world)

    changed = world.change(block, inputs={"size": 2})

    assert status_of(changed) == "PENDING"
    assert changed["status"]["latestRunUuid"] not in {None, block["status"]["latestRunUuid"]}
    assert {key: item["value"] for key, item in changed["spec"]["inputs"].items()} == {
        "name": "invoices",
        "size": 2,
        "token": block["spec"]["inputs"]["token"]["value"],
    }
    claimed = world.claimed()
    assert claimed.inputs["size"]["value"] == 2
    assert world.latest_run(block).trigger.reason == "BUILDING_BLOCK_INPUTS_UPDATE"


def test_a_new_secret_starts_a_run_and_has_a_new_hash(world: BlockWorld) -> None:
    block = a_done_block(world)

    changed = world.change(block, inputs={"token": a_secret("another")})

    assert status_of(changed) == "PENDING"
    assert changed["spec"]["inputs"]["token"]["value"] != block["spec"]["inputs"]["token"]["value"]
    assert world.key.open(str(world.claimed().inputs["token"]["value"])) == "another"


def test_changes_during_a_run_are_one_run_after_it(world: BlockWorld) -> None:
    block = a_done_block(world)
    changed = world.change(block, inputs={"size": 2})
    under_way = world.claimed()

    assert status_of(world.change(block, inputs={"size": 3})) == "IN_PROGRESS"
    world.change(block, inputs={"size": 4, "name": "other"})
    assert world.change(changed, inputs={}, name="renamed")["status"] == world.read(block)["status"]
    world.report(under_way)

    after, run = world.read(block), world.latest_run(block)
    assert (status_of(after), after["status"]["latestRunUuid"]) == ("PENDING", str(run.id))
    assert (run.number, run.trigger.reason.value) == (3, "BUILDING_BLOCK_INPUTS_UPDATE")
    assert run.trigger.author.type != "System"
    claimed = world.claimed()
    assert {key: claimed.inputs[key]["value"] for key in ("size", "name")} == {"size": 4, "name": "other"}
    world.report(claimed)
    assert (status_of(world.read(block)), world.claim()) == ("SUCCEEDED", None)


def test_a_change_before_the_claim_is_applied_by_the_run_that_is_there(world: BlockWorld) -> None:
    block = a_done_block(world)
    first = world.change(block, inputs={"size": 2})

    second = world.change(block, inputs={"size": 3})

    assert second["status"] == first["status"]
    claimed = world.claimed()
    assert claimed.inputs["size"]["value"] == 3
    world.report(claimed)
    assert (status_of(world.read(block)), world.claim()) == ("SUCCEEDED", None)


def test_a_change_during_a_dry_run_shows_at_once_and_runs_after_it(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.api.ok("POST", f"/api/blockyard/v1/blocks/{uuid_of(block)}/detect", media="application/json")
    planning = world.claimed()

    changed = world.change(block, inputs={"size": 2})
    world.report(planning, RunStatus.ABORTED)

    assert status_of(changed) == "PENDING"
    claimed = world.claimed()
    assert (claimed.behavior, claimed.inputs["size"]["value"]) == ("APPLY", 2)


def test_a_change_is_refused_while_the_run_is_being_stopped(world: BlockWorld) -> None:
    block = a_done_block(world)
    changed = world.change(block, inputs={"size": 2})
    world.claimed()
    run_id = changed["status"]["latestRunUuid"]
    world.as_admin("POST", f"/api/blockyard/v1/runs/{run_id}/abort", media="application/json")

    error = world.api.refused(409, "PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, inputs={"size": 3}))

    assert error["errorCode"] == "RunUnfinished"


def test_consumers_change_updateable_inputs_only(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.api.be(SHOP)

    refusal = world.api.refused(403, "PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, inputs={"name": "x"}))

    assert "you don't have sufficient permissions" in refusal["message"]
    assert status_of(world.change(block, inputs={"name": "invoices", "size": 2})) == "PENDING"


def test_the_provider_changes_any_input(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.api.be(PLATFORM)

    assert status_of(world.change(block, inputs={"name": "x"})) == "PENDING"


def test_strangers_know_nothing_of_a_block(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.api.be(OTHER)
    path = f"{BLOCKS}/{uuid_of(block)}"

    for method, address, body in (
        ("GET", path, None),
        ("PUT", path, a_change(block, name="x")),
        ("DELETE", path, None),
        ("DELETE", f"{path}/purge", None),
        ("POST", f"{path}/trigger-run", None),
    ):
        error = world.api.refused(404, method, address, body)
        assert error["errorCode"] == "BlockNotFound"
    assert world.api.send("GET", f"{OWN}/{uuid_of(block)}", media="application/json").status_code == 404
    assert world.api.send("GET", f"{OWN}/{uuid_of(block)}/events", media="application/json").status_code == 404


def _changed(block: Any, **spec: Any) -> Any:
    return {**block, "spec": {**a_change(block)["spec"], **spec}}  # type: ignore[dict-item]  # a document of the test


@pytest.mark.parametrize(
    ("spec", "code", "field"),
    [
        ({"inputs": {"unknown": {"value": 1}}}, "InputNotSettable", "/spec/inputs/unknown"),
        ({"inputs": {"size": {"value": "1"}}}, "InvalidValue", "/spec/inputs/size/value"),
        ({"targetRef": {"kind": "meshWorkspace", "name": "other", "uuid": None}}, "TargetImmutable", "/spec/targetRef"),
        (
            {"parentBuildingBlockRefs": [{"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}]},
            "ParentsImmutable",
            "/spec/parentBuildingBlockRefs",
        ),
    ],
)
@pytest.mark.one_database
def test_bad_changes_are_refused_and_change_nothing(world: BlockWorld, spec: Any, code: str, field: str) -> None:
    block = a_done_block(world)

    error = world.api.refused(400, "PUT", f"{BLOCKS}/{uuid_of(block)}", _changed(block, **spec))

    assert (error["errorCode"], error["field"]) == (code, field)
    assert error["remedy"]
    assert world.read(block) == block


def test_the_id_in_the_body_has_to_be_the_one_in_the_address(world: BlockWorld) -> None:
    block = a_done_block(world)
    body = a_change(block) | {"metadata": {"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}}

    assert world.api.refused(400, "PUT", f"{BLOCKS}/{uuid_of(block)}", body)["field"] == "/metadata/uuid"


def test_an_upgrade_keeps_what_fits_fills_defaults_and_runs(world: BlockWorld) -> None:
    first = world.define(inputs=INPUTS)
    block = world.order(first, ASKED)
    world.finish()
    second = world.next_version(
        first,
        inputs={
            "name": an_input(),
            "size": an_input("STRING", defaultValue="large"),
            "token": INPUTS["token"],
            "color": an_input(defaultValue="blue"),
        },
    )

    upgraded = world.change(world.read(block), version=second)

    assert status_of(upgraded) == "PENDING"
    assert upgraded["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == uuid_of(second)
    assert {key: item["value"] for key, item in upgraded["spec"]["inputs"].items()} == {
        "name": "invoices",
        "size": "large",
        "token": block["spec"]["inputs"]["token"]["value"],
        "color": "blue",
    }
    assert world.key.open(str(world.claimed().inputs["token"]["value"])) == "t0p-s3cret"
    assert world.latest_run(block).trigger.reason == "BUILDING_BLOCK_UPGRADE"


def test_an_upgrade_may_ask_for_new_inputs(world: BlockWorld) -> None:
    first = world.define(inputs={})
    block = world.order(first)
    world.finish()
    second = world.next_version(first, inputs={"color": an_input()})
    world.api.be(SHOP)

    upgraded = world.change(world.read(block), version=second)

    assert status_of(upgraded) == "WAITING_FOR_USER_INPUT"
    assert status_of(world.change(upgraded, inputs={"color": "red"})) == "PENDING"


def test_only_the_latest_released_version_of_the_same_definition_may_be_chosen(world: BlockWorld) -> None:
    first = world.define(inputs={})
    block = world.order(first)
    path = f"{BLOCKS}/{uuid_of(block)}"
    second = world.next_version(first)
    assert world.api.refused(409, "PUT", path, a_change(block, version=second))["errorCode"] == "NotUpgradeable"
    world.finish()
    third = world.next_version(second)
    draft = world.next_version(third, released=False)
    foreign = world.define("Other", inputs={})

    assert world.api.refused(400, "PUT", path, a_change(block, version=second))["errorCode"] == "NotLatestVersion"
    assert world.api.refused(400, "PUT", path, a_change(block, version=foreign))["errorCode"] == "ForeignVersion"
    world.api.be(SHOP)
    assert world.api.send("PUT", path, a_change(block, version=draft)).status_code in {400, 404, 409}
    world.api.be(ADMINISTRATOR)
    assert status_of(world.change(block, version=draft)) == "PENDING"


def test_blocks_of_a_draft_follow_its_content(world: BlockWorld) -> None:
    draft = world.define(released=False, inputs={"name": an_input()})
    block = world.order(draft, {"name": "n"})
    world.finish()
    world.edit(draft, released=False, inputs={"name": an_input(), "color": an_input(defaultValue="blue")})
    world.api.ok("GET", f"{BLOCKS}/{uuid_of(block)}")

    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    assert {key: item["value"] for key, item in world.finish().inputs.items()} == {"name": "n", "color": "blue"}

    world.edit(draft, inputs={"name": an_input("INTEGER"), "color": an_input()})
    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    assert status_of(world.read(block)) == "WAITING_FOR_USER_INPUT"
    assert status_of(world.change(block, inputs={"name": 5})) == "PENDING"


def test_a_run_by_hand_needs_transparency_or_the_platform_team(world: BlockWorld) -> None:
    hidden, shown = a_done_block(world), a_done_block(world, transparent=True)
    world.api.be(SHOP)

    error = world.api.refused(403, "POST", f"{BLOCKS}/{uuid_of(hidden)}/trigger-run")
    assert "you don't have sufficient permissions" in error["message"]
    answer = world.api.send("POST", f"{BLOCKS}/{uuid_of(shown)}/trigger-run")
    assert (answer.status_code, answer.text) == (202, "")
    assert status_of(world.read(shown)) == "PENDING"
    world.api.be(PLATFORM)
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(hidden)}/trigger-run").status_code == 202
    assert world.read(hidden)["status"]["latestRunUuid"] != hidden["status"]["latestRunUuid"]
    assert world.api.refused(409, "POST", f"{BLOCKS}/{uuid_of(hidden)}/trigger-run")["errorCode"] == "RunUnfinished"


def test_a_failed_run_keeps_the_outputs_of_the_last_success(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS, outputs={"id": an_output()}), ASKED)
    world.finish({"id": a_value("one")})
    world.change(block, inputs={"size": 2})

    world.finish({"id": a_value("two")}, RunStatus.FAILED)

    after = world.read(block)
    assert (status_of(after), after["status"]["outputs"]["id"]["value"]) == ("FAILED", "one")


def test_secrets_of_a_lost_runner_key_are_asked_for_again(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.set_runner_key(a_runner_key("second"))

    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    assert status_of(world.read(block)) == "WAITING_FOR_USER_INPUT"

    world.api.be(SHOP)
    refused = a_change(block, inputs={"token": a_secret("t0p-s3cret")})
    assert status_of(world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", refused)) == "PENDING"
    assert world.key.open(str(world.claimed().inputs["token"]["value"])) == "t0p-s3cret"


def test_a_run_that_waits_while_its_runner_gets_a_new_key_fails_with_the_remedy(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)
    world.set_runner_key(a_runner_key("second"))

    assert world.claim() is None

    assert status_of(world.read(block)) == "FAILED"
    summary = world.latest_run(block).summary
    assert summary is not None
    assert "cannot read the secret inputs 'token'" in summary


def test_a_manual_block_is_done_again_at_once(world: BlockWorld) -> None:
    block = world.order(world.define(implementation=MANUAL, inputs={"name": an_input()}), {"name": "a"})

    changed = world.change(block, inputs={"name": "b"})

    assert status_of(changed) == "SUCCEEDED"
    assert changed["status"]["outputs"]["name"]["value"] == "b"
    assert changed["status"]["latestRunUuid"] != block["status"]["latestRunUuid"]


def test_a_deleted_block_cannot_be_changed(world: BlockWorld) -> None:
    block = world.order(world.define(implementation=MANUAL))
    world.delete(block)

    gone = world.read(block)
    assert lifecycle_of(gone) == "DELETED"
    error = world.api.refused(409, "PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, name="x"))
    assert error["errorCode"] == "BlockDeleted"
    assert world.api.refused(409, "POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")["errorCode"] == "BlockDeleted"


def test_a_new_run_supersedes_one_whose_runner_was_lost(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)
    lost = world.claimed()
    world.clock.advance(20)
    world.sweep()
    assert status_of(world.read(block)) == "PENDING"
    assert world.latest_run(block).losses == 1

    changed = world.change(block, inputs={"size": 2})

    assert (status_of(changed), world.latest_run(block).number) == ("PENDING", 2)
    world.report(lost)
    assert status_of(world.read(block)) == "PENDING"
    assert world.finish().inputs["size"]["value"] == 2
    assert status_of(world.read(block)) == "SUCCEEDED"


def test_what_is_due_supersedes_a_run_that_would_be_tried_again(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)
    world.claimed()
    world.change(block, inputs={"size": 2})
    lost = world.latest_run(block)
    world.clock.advance(20)
    world.sweep()

    assert world.db.read_now(lambda tx: world.runs.by_id(tx, lost.id)).status is RunStatus.FAILED
    assert world.latest_run(block).number == lost.number + 1
    assert world.finish().inputs["size"]["value"] == 2
    assert (status_of(world.read(block)), world.claim()) == ("SUCCEEDED", None)


@pytest.mark.parametrize("claim_first", [False, True])
def test_an_aborted_run_leaves_the_block_aborted_and_ready_for_another(world: BlockWorld, claim_first: bool) -> None:  # noqa: FBT001  a table
    block = world.order(world.define(inputs=INPUTS), ASKED)
    claimed = world.claimed() if claim_first else None
    run = world.latest_run(block)

    world.db.write_now(lambda tx: world.runs.abort(tx, ADMINISTRATOR, run.id))
    if claimed is not None:
        assert status_of(world.read(block)) == "IN_PROGRESS"
        world.report(claimed, RunStatus.ABORTED)

    assert status_of(world.read(block)) == "ABORTED"
    assert status_of(world.change(block, inputs={"size": 2})) == "PENDING"


def test_a_block_that_now_lacks_something_is_parked_and_its_lost_run_ends(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)
    world.claimed()
    world.clock.advance(20)
    world.sweep()

    parked = world.change(block, inputs={"name": None})

    assert status_of(parked) == "WAITING_FOR_USER_INPUT"
    assert world.latest_run(block).status == "ABORTED"
    assert world.claim() is None
    assert status_of(world.change(parked, inputs={"name": "n"})) == "PENDING"


def test_a_runner_of_ours_gets_what_a_changed_secret_was_so_that_it_masks_that_too(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)
    first = world.finish()
    body = world.read(block)
    body["spec"]["inputs"]["size"]["value"] = 2
    world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", body)
    same = world.finish()
    body = world.read(block)
    body["spec"]["inputs"]["token"]["value"] = a_secret("another-one")
    world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", body)
    changed = world.claimed()

    spec: Any = changed.document["spec"]
    assert "formerInputs" not in str(first.document) + str(same.document)
    assert [item["key"] for item in spec["formerInputs"]] == ["token"]
    assert spec["formerInputs"][0]["value"] == same.inputs["token"]["value"]
    assert spec["formerInputs"][0]["value"] != changed.inputs["token"]["value"]
