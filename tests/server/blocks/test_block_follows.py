"""Blocks that change their version by themselves, and what another version makes of blocks before it is released."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)

JSON = "application/json"
VERSIONS = "/api/blockyard/v1/definitionversions"
RENAME: JsonObject = {"action": "RENAME", "from": "size", "to": "capacity"}


def follow(world: BlockWorld, block: Any, follows: str = "RELEASES") -> Any:
    """Let a block follow versions."""
    return world.api.ok("PUT", f"{OWN}/{uuid_of(block)}/follows", {"follows": follows}, media=JSON)


def run(world: BlockWorld, block: Any) -> None:
    """Start a run by hand."""
    answer = world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run")
    assert answer.is_success, answer.text


def version_of(world: BlockWorld, block: Any) -> str:
    """Return the id of the version of a block."""
    return str(world.read(block)["spec"]["buildingBlockDefinitionVersionRef"]["uuid"])


def an_order(world: BlockWorld, version: Any, **more: Any) -> Any:
    """Order a block and let its run succeed."""
    block = world.order(version, {"size": 5}, **more)
    world.finish()
    return block


def test_a_block_that_follows_releases_is_upgraded_at_its_next_run(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER")})
    following, pinned = an_order(world, first), an_order(world, first)
    follow(world, following)
    second = world.next_version(first, inputs={"capacity": an_input("INTEGER")}, inputMigrations=[RENAME])
    assert version_of(world, following) == uuid_of(first)

    for block in (following, pinned):
        run(world, block)

    assert [version_of(world, block) for block in (following, pinned)] == [uuid_of(second), uuid_of(first)]
    given = [{key: item["value"] for key, item in world.claimed().inputs.items()} for _ in range(2)]
    assert sorted(given, key=str) == [{"capacity": 5}, {"size": 5}]
    assert world.as_admin("GET", f"{OWN}/{uuid_of(following)}", media=JSON)["follows"] == "RELEASES"


def test_a_block_that_follows_waits_for_its_owner_where_an_answer_is_missing(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER")}, transparent=True)
    block = an_order(world, first)
    follow(world, block)
    second = world.next_version(first, inputs={"size": an_input("INTEGER"), "zone": an_input()})

    run(world, block)

    assert (status_of(world.read(block)), version_of(world, block)) == ("WAITING_FOR_USER_INPUT", uuid_of(second))
    [wait] = world.api.ok("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
    assert wait["owner"] == {"kind": "WORKSPACE", "workspace": "shop"}
    world.change(world.read(block), inputs={"zone": "eu"})
    assert {key: item["value"] for key, item in world.claimed().inputs.items()} == {"size": 5, "zone": "eu"}


def test_a_parent_that_a_new_version_needs_is_taken_if_there_is_one_and_chosen_if_there_are_more(
    world: BlockWorld,
) -> None:
    network = world.define("Network", inputs={}, outputs={"id": an_output()})
    first = world.define(inputs={"size": an_input("INTEGER")})
    block, other = an_order(world, first), an_order(world, first)
    follow(world, block)
    follow(world, other)
    only = world.order(network)
    world.finish({"id": {"value": "n", "type": "STRING"}})
    takes = {"network": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id")}
    needs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}]
    world.next_version(first, inputs={"size": an_input("INTEGER"), **takes}, dependencyDefinitionRefs=needs)

    run(world, block)
    assert world.finish().inputs["network"]["value"] == "n"
    assert [ref["uuid"] for ref in world.read(block)["spec"]["parentBuildingBlockRefs"]] == [uuid_of(only)]

    second = world.order(network)
    world.finish({"id": {"value": "m", "type": "STRING"}})
    run(world, other)
    assert status_of(world.read(other)) == "WAITING_FOR_DEPENDENT_INPUT"
    [wait] = world.api.ok("GET", f"{OWN}/{uuid_of(other)}", media=JSON)["waits"]
    assert wait["message"] == "Version 2 needs a building block of 'Network', and none is chosen."

    world.change(world.read(other), parents=[second])
    assert world.claimed().inputs["network"]["value"] == "m"


def test_drafts_are_followed_in_the_workspace_that_offers_them(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER")})
    foreign = an_order(world, first)
    world.api.be(SHOP)
    refused = world.api.refused(409, "PUT", f"{OWN}/{uuid_of(foreign)}/follows", {"follows": "DRAFTS"})
    assert (refused["errorCode"], refused["field"]) == ("VersionNotReleased", "/follows")

    world.api.be(PLATFORM)
    own = an_order(world, first, workspace="platform")
    follow(world, own, "DRAFTS")
    draft = world.next_version(first, released=False, inputs={"size": an_input("INTEGER")})
    run(world, own)

    assert version_of(world, own) == uuid_of(draft)


def test_destroying_and_planning_change_no_version(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER")})
    block = an_order(world, first)
    follow(world, block)
    world.next_version(first, inputs={"size": an_input("INTEGER")})

    world.as_admin("POST", f"{OWN}/{uuid_of(block)}/detect", media=JSON)
    world.finish()
    world.delete(block)

    assert world.claimed().behavior == "DESTROY"
    assert version_of(world, block) == uuid_of(first)


def test_what_is_being_deleted_follows_nothing_else(world: BlockWorld) -> None:
    block = an_order(world, world.define(inputs={"size": an_input("INTEGER")}))
    world.delete(block)

    refused = world.api.refused(409, "PUT", f"{OWN}/{uuid_of(block)}/follows", {"follows": "RELEASES"}, media=JSON)

    assert refused["errorCode"] == "BlockDeleted"


def test_a_draft_tells_which_blocks_are_ready_for_it_and_which_need_an_answer(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER"), "note": an_input(isOptional=True)})
    an_order(world, first)
    rich = world.order(first, {"size": 1, "note": "x"}, name="rich")
    world.finish(status=RunStatus.FAILED)
    draft = world.next_version(
        first,
        released=False,
        inputs={"capacity": an_input("INTEGER"), "note": an_input(displayName="The note")},
        inputMigrations=[RENAME],
    )
    world.api.be(PLATFORM)

    report = world.api.ok("GET", f"{VERSIONS}/{uuid_of(draft)}/readiness", media=JSON)

    assert (report["ready"], report["needAnswer"], report["upToDate"], report["versionNumber"]) == (1, 1, 0, 2)
    [one] = report["buildingBlocks"]
    assert one["inputs"] == [{"key": "note", "displayName": "The note", "filledBy": "CONSUMER"}]
    assert one["uuid"] != uuid_of(rich)
    assert world.api.ok("GET", f"{VERSIONS}/{uuid_of(first)}/readiness", media=JSON)["upToDate"] == 2


@pytest.mark.one_database
def test_readiness_is_for_the_team_that_offers(world: BlockWorld) -> None:
    version = world.define(inputs={})
    for principal in (SHOP, OTHER):
        world.api.be(principal)
        assert world.api.send("GET", f"{VERSIONS}/{uuid_of(version)}/readiness", media=JSON).status_code in {403, 404}


def test_an_upgrade_tells_beforehand_what_it_does(world: BlockWorld) -> None:
    first = world.define(inputs={"size": an_input("INTEGER", displayName="Size")})
    block = an_order(world, first)
    assert world.api.ok("GET", f"{OWN}/{uuid_of(block)}/upgrade", media=JSON)["versionUuid"] is None
    second = world.next_version(
        first,
        inputs={"capacity": an_input("INTEGER", displayName="Capacity"), "zone": an_input(displayName="Zone")},
        inputMigrations=[RENAME],
    )

    preview = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/upgrade", media=JSON)

    assert preview["versionUuid"] == uuid_of(second)
    assert preview["changes"] == ["Input Size is Capacity now, with the same value", "New input Zone, which is needed"]
    assert (preview["values"], preview["secrets"], [one["key"] for one in preview["inputs"]]) == (
        {"capacity": 5},
        [],
        ["zone"],
    )


@pytest.mark.one_database
def test_what_an_upgrade_does_to_inputs_is_told_once_and_by_their_keys_where_names_are_the_same(
    world: BlockWorld,
) -> None:
    first = world.define(inputs={"size": an_input("INTEGER", displayName="Size")})
    block = an_order(world, first)
    given = {"action": "DEFAULT", "to": "zone", "value": "eu"}
    world.next_version(
        first,
        inputs={"capacity": an_input("INTEGER", displayName="Size"), "zone": an_input(displayName="Zone")},
        inputMigrations=[RENAME, given],
    )

    preview = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/upgrade", media=JSON)

    assert preview["changes"] == [
        "Input size is capacity now, with the same value",
        "Input Zone gets a value where there is none",
    ]
