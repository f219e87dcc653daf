"""Holds of building blocks."""

from datetime import timedelta
from functools import partial
from typing import Any

from tests.support.block_world import (
    BLOCKS,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_change,
    a_value,
    an_input,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)
from tests.support.brakes import JSON, hold, lift_hold, waits
from tests.support.bulk_jobs import JOBS, a_stored_key, rounds
from tests.support.clock import NOON

INPUTS = {"size": an_input("STRING", updateableByConsumer=True)}


def a_done_block(world: BlockWorld) -> tuple[Any, Any]:
    version = world.define(inputs=INPUTS)
    block = world.order(version, {"size": "a"})
    world.finish()
    return version, world.read(block)


def test_a_block_on_hold_is_not_deleted_purged_or_upgraded_and_the_refusal_says_who_why_and_who_can(
    world: BlockWorld,
) -> None:
    version, block = a_done_block(world)
    newer = world.next_version(version)
    world.api.be(PLATFORM)
    hold(world, block, until=(NOON + timedelta(days=2)).isoformat())

    refused = world.delete(block).json()
    assert refused["errorCode"] == "BlockOnHold"
    assert "key of platform has put building block" in refused["message"]
    assert "audit" in refused["message"]
    assert "people of workspace 'platform'" in refused["remedy"]
    assert "or wait until" in refused["remedy"]
    purged = world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}/purge")
    assert purged.json()["errorCode"] == "BlockOnHold"
    upgrade = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, version=newer))
    assert upgrade.json()["errorCode"] == "BlockOnHold"
    assert status_of(world.read(block)) == "SUCCEEDED"


def test_what_a_hold_keeps_back_waits_explained_and_goes_on_when_it_is_lifted(world: BlockWorld) -> None:
    _, block = a_done_block(world)
    world.api.be(SHOP)
    hold(world, block)
    changed = world.change(block, inputs={"size": "b"})

    assert status_of(changed) == "PENDING"
    assert world.claim() is None
    assert [wait["kind"] for wait in waits(world, block)] == ["HOLD"]
    assert waits(world, block)[0]["owner"] == {"kind": "BRAKE_OWNER", "workspace": "shop"}

    lift_hold(world, block)
    assert world.finish().inputs["size"]["value"] == "b"


def test_a_hold_with_a_misspelt_end_is_refused_and_not_without_end(world: BlockWorld) -> None:
    _, block = a_done_block(world)
    body = {"reason": "audit", "untill": "2026-12-01T00:00:00Z"}
    refused = world.api.send("POST", f"{OWN}/{uuid_of(block)}/holds", body, media=JSON)
    assert (refused.status_code, refused.json()["field"]) == (400, "/untill")


def test_a_block_on_hold_is_planned_and_read_and_says_that_it_is_on_hold(world: BlockWorld) -> None:
    _, block = a_done_block(world)
    hold(world, block)
    world.as_admin("POST", f"{OWN}/{uuid_of(block)}/detect", media=JSON)
    assert world.finish().behavior == "DETECT"
    assert [wait["kind"] for wait in waits(world, block)] == ["HOLD"]
    assert len(world.api.ok("GET", f"{OWN}/{uuid_of(block)}/holds", media=JSON)) == 1


def test_a_deletion_that_was_requested_before_the_hold_waits_for_its_end(world: BlockWorld) -> None:
    _, block = a_done_block(world)
    assert world.delete(block).status_code == 202
    hold(world, block)
    assert world.claim() is None
    lift_hold(world, block)
    assert world.finish().behavior == "DESTROY"


def test_a_cascade_leaves_a_block_on_hold_waiting_and_its_own_children_as_they_are(world: BlockWorld) -> None:
    parent_version = world.define("Parent", outputs={"net": an_output()})
    child_version = world.define(
        "Child",
        dependencyDefinitionRefs=[{"kind": "meshBuildingBlockDefinition", "uuid": definition_of(parent_version)}],
        inputs={"net": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(parent_version)}.net")},
    )
    parent = world.order(parent_version)
    world.finish({"net": a_value("one")})
    child = world.order(child_version, parents=[parent])
    world.finish()
    hold(world, child)

    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(parent)}/trigger-run").status_code == 202
    world.finish({"net": a_value("two")})

    assert world.claim() is None
    assert [wait["kind"] for wait in waits(world, child)] == ["HOLD"]
    lift_hold(world, child)
    assert world.finish().inputs["net"]["value"] == "two"


def test_a_bulk_job_names_the_blocks_on_hold_and_does_the_others(world: BlockWorld) -> None:
    version, block = a_done_block(world)
    other = world.order(version, {"size": "c"})
    world.finish()
    hold(world, block)
    world.api.be(a_stored_key(world, "platform"))
    chosen = {"action": "RUN", "buildingBlockUuids": [uuid_of(block), uuid_of(other)]}
    job = world.api.ok("POST", JOBS, chosen, media=JSON)
    world.api.ok("POST", f"{JOBS}/{job['uuid']}/start", media=JSON)

    rounds(world)

    rows = world.api.ok("GET", f"{JOBS}/{job['uuid']}/blocks", media=JSON)["_embedded"]["bulkJobBlocks"]
    assert [(row["state"], row["code"]) for row in rows] == [("REFUSED", "BlockOnHold"), ("DONE", "STARTED")]
    assert "audit" in rows[0]["message"]


def test_only_the_side_that_placed_a_hold_and_administrators_lift_it(world: BlockWorld) -> None:
    _, block = a_done_block(world)
    world.api.be(PLATFORM)
    hold(world, block)
    world.api.be(SHOP)
    path = f"{OWN}/{uuid_of(block)}/holds/lift"
    refused = world.api.send("POST", path, {"reason": "x"}, media=JSON)
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "ForeignHold")
    hold(world, block)
    assert [one["ownedByWorkspace"] for one in lift_hold(world, block)] == ["shop"]
    assert len(world.as_admin("POST", path, {"reason": "x"}, media=JSON)) == 1
    assert {"Hold Placed", "Hold Lifted"} <= set(world.titles(block))


def test_a_hold_with_an_end_ends_by_itself(world: BlockWorld, clock: Any) -> None:
    _, block = a_done_block(world)
    hold(world, block, until=(NOON + timedelta(minutes=10)).isoformat())
    clock.advance(601)
    world.db.write_now(partial(world.services.brakes.turn))
    assert world.delete(block).status_code == 202
    assert "Hold Ended" in world.titles(block)
