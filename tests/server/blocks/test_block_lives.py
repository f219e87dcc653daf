"""Deletions that can be taken back for a while, and building blocks that end by themselves."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.loops import loops
from tests.support.approvals import a_resource, planned, policies
from tests.support.block_world import (
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_value,
    an_input,
    an_output,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.brakes import JSON, hold, lift_hold, waits
from tests.support.clock import NOON


def lifetimes(world: BlockWorld, version: Any, **said: int | None) -> Any:
    path = f"/api/blockyard/v1/definitions/{definition_of(version)}/lifetimes"
    return world.as_admin("PUT", path, {"undoMinutes": 0, "maximumDays": None, **said}, media=JSON)


def a_done_block(world: BlockWorld, **said: int | None) -> Any:
    version = world.define()
    lifetimes(world, version, **said)
    block = world.order(version)
    world.finish()
    return block


def take_back(world: BlockWorld, block: Any) -> Any:
    return world.api.send("POST", f"{OWN}/{uuid_of(block)}/take-back-deletion", media=JSON)


def expire_at(world: BlockWorld, block: Any, at: str | None) -> Any:
    return world.api.send("PUT", f"{OWN}/{uuid_of(block)}/expiry", {"expiresAt": at}, media=JSON)


def a_round(world: BlockWorld) -> None:
    """Let the loop do its round."""
    found = loops(world.db, world.blocks.hooks, world.services.bulk, world.blocks.expiring)
    [loop] = [one for one in found if one.name == "expiries"]

    async def round_() -> None:
        await loop.round()

    asyncio.run(round_())


def test_a_deletion_waits_for_the_end_of_its_undo_window_and_says_so(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world, undoMinutes=30)
    assert world.delete(block).status_code == 202
    assert world.claim() is None
    (wait,) = waits(world, block)
    assert (wait["kind"], wait["until"]) == ("UNDO", "2026-01-01T12:30:00.000Z")
    assert "Nothing is destroyed before 2026-01-01 12:30:00 UTC" in wait["message"]

    clock.advance(1800)

    assert world.finish().behavior == "DESTROY"
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_a_deletion_that_is_taken_back_leaves_the_block_as_it_was(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world, undoMinutes=30)
    before = world.read(block)
    world.delete(block)
    assert take_back(world, block).json()["status"] == "SUCCEEDED"

    assert world.read(block) == before
    clock.advance(3600)
    assert world.claim() is None
    assert "Building Block Deletion Taken Back" in world.titles(block)
    assert take_back(world, block).status_code == 200  # again changes nothing
    assert (
        world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run").status_code == 202
    )
    assert world.finish().behavior == "APPLY"


def test_a_deletion_that_a_runner_has_begun_is_not_taken_back(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.delete(block)
    world.claimed()
    assert take_back(world, block).json()["errorCode"] == "DeletionBegun"


@pytest.mark.parametrize("way", ["abort", "end"])
def test_who_stops_a_deletion_that_nobody_has_begun_takes_it_back(world: BlockWorld, clock: Any, way: str) -> None:
    version = world.define(inputs={"size": an_input("INTEGER", updateableByConsumer=True)})
    lifetimes(world, version, undoMinutes=5)
    block = world.order(version, {"size": 1})
    world.finish()
    before = world.read(block)
    for _ in range(2):
        world.delete(block)
        run = f"/api/blockyard/v1/runs/{world.latest_run(block).id}/abort"
        path = run if way == "abort" else f"{OWN}/{uuid_of(block)}/end"
        world.as_admin("POST", path, None if way == "abort" else {"reason": "a mistake"}, media=JSON)

        assert world.read(block) == before
        assert take_back(world, block).status_code == 200

    world.change(block, inputs={"size": 2})
    clock.advance(301)
    assert world.finish().behavior == "APPLY"
    assert lifecycle_of(world.read(block)) == "ACTIVE"


def test_only_who_may_delete_a_block_takes_its_deletion_back(world: BlockWorld) -> None:
    block = a_done_block(world, undoMinutes=30)
    world.delete(block)
    world.api.be(OTHER)
    assert take_back(world, block).status_code == 404
    world.api.be(SHOP)
    assert take_back(world, block).status_code == 200


def test_a_block_that_expires_is_warned_of_and_deleted_as_anybody_would(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world)
    assert expire_at(world, block, "2026-01-11T12:00:00Z").json()["expiresAt"] == "2026-01-11T12:00:00Z"
    a_round(world)
    assert "Building Block Expires Soon" not in world.titles(block)
    for days, warnings in ((3, 1), (5, 1), (9, 2)):
        clock.advance((NOON + timedelta(days=days) - clock()).total_seconds())
        a_round(world)
        a_round(world)
        assert world.titles(block).count("Building Block Expires Soon") == warnings, days
    assert lifecycle_of(world.read(block)) == "ACTIVE"

    clock.advance((NOON + timedelta(days=10) - clock()).total_seconds())
    a_round(world)

    assert lifecycle_of(world.read(block)) == "MARKED_FOR_DELETION"
    assert world.finish().behavior == "DESTROY"
    assert "Building Block Expired" in world.titles(block)


def test_an_end_that_nobody_was_warned_of_is_put_off(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world)
    expire_at(world, block, "2026-01-04T12:00:00Z")
    clock.advance(5 * 24 * 3600)  # without a server

    a_round(world)
    a_round(world)

    assert lifecycle_of(world.read(block)) == "ACTIVE"
    assert world.titles(block).count("Building Block Expires Soon") == 1
    ends = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/expiry", media=JSON)["expiresAt"]
    assert ends == "2026-01-07T00:00:00Z"
    clock.advance(12 * 3600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "MARKED_FOR_DELETION"


def test_who_takes_back_the_deletion_of_what_was_over_has_a_day_to_say_when_it_ends(
    world: BlockWorld, clock: Any
) -> None:
    block = a_done_block(world, undoMinutes=30)
    expire_at(world, block, "2026-01-01T13:00:00Z")
    clock.advance(3600)
    a_round(world)

    take_back(world, block)
    clock.advance(23 * 3600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "ACTIVE"
    clock.advance(3600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "MARKED_FOR_DELETION"


def test_what_came_while_a_block_was_to_be_deleted_is_applied_once_that_is_taken_back(world: BlockWorld) -> None:
    network = world.define(
        "Network", inputs={"name": an_input(updateableByConsumer=True)}, outputs={"out": an_output()}
    )
    taken = an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.out")
    refs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}]
    server = world.define("Server", inputs={"net": taken}, outputs={}, dependencyDefinitionRefs=refs)
    lifetimes(world, server, undoMinutes=30)
    parent = world.order(network, {"name": "a"})
    world.finish({"out": a_value("a")})
    child = world.order(server, parents=[parent])
    world.finish()

    world.delete(child)
    world.change(parent, inputs={"name": "b"})
    world.finish({"out": a_value("b")})
    assert take_back(world, child).json()["status"] == "PENDING"

    assert world.finish().inputs["net"]["value"] == "b"


def test_a_change_that_waited_for_an_approval_is_planned_again_once_a_deletion_is_taken_back(world: BlockWorld) -> None:
    version = world.define(about=policies("userInputChanges"), inputs={"size": an_input(updateableByConsumer=True)})
    lifetimes(world, version, undoMinutes=30)
    block = world.order(version, {"size": "a"})
    world.finish()
    world.change(block, inputs={"size": "b"})
    planned(world, a_resource("aws_db.main", "update"))
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"

    world.delete(block)
    take_back(world, block)

    planned(world, a_resource("aws_db.main", "update"))
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_a_hold_wins_over_the_end_and_the_deletion_follows_it(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world)
    expire_at(world, block, "2026-01-02T12:00:00Z")
    hold(world, block)
    clock.advance(2 * 24 * 3600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "ACTIVE"
    assert "Building Block Expiry Waits" in world.titles(block)

    lift_hold(world, block)
    clock.advance(600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "MARKED_FOR_DELETION"


def test_a_definition_says_how_long_its_blocks_live_at_most(world: BlockWorld, clock: Any) -> None:
    block = a_done_block(world, maximumDays=10)
    path = f"{OWN}/{uuid_of(block)}/expiry"
    assert world.api.ok("GET", path, media=JSON)["expiresAt"] == "2026-01-11T12:00:00Z"
    for at in (None, "2026-01-11T12:00:01Z"):
        assert expire_at(world, block, at).json()["errorCode"] == "ExpiresTooLate"
    assert expire_at(world, block, "2026-01-01T11:00:00Z").json()["errorCode"] == "AlreadyOver"
    clock.advance(5 * 24 * 3600)
    assert expire_at(world, block, "2026-01-16T12:00:00Z").status_code == 200
    world.api.be(OTHER)
    assert expire_at(world, block, "2026-01-16T12:00:00Z").status_code == 404


def test_who_says_how_long_blocks_live_says_all_of_it(world: BlockWorld) -> None:
    version = world.define()
    lifetimes(world, version, undoMinutes=30, maximumDays=10)
    path = f"/api/blockyard/v1/definitions/{definition_of(version)}/lifetimes"
    for part in ({}, {"undoMinutes": 1}, {"maximumDays": 1}):
        assert world.api.send("PUT", path, part, media=JSON).status_code == 400
    assert world.as_admin("GET", path, media=JSON) == {"undoMinutes": 30, "maximumDays": 10}


def test_what_ends_soon_is_among_what_needs_its_workspace(world: BlockWorld) -> None:
    block = a_done_block(world)
    expire_at(world, block, "2026-01-05T12:00:00Z")
    for who, found in ((SHOP, [uuid_of(block)]), (OTHER, []), (PLATFORM, [])):
        world.api.be(who)
        needs = world.api.ok("GET", "/api/blockyard/v1/needs", media=JSON)["needs"]
        assert [need["id"] for need in needs if need["why"] == "EXPIRES"] == found


@pytest.mark.one_database
def test_a_block_that_a_run_works_on_when_it_ends_is_deleted_after_it(world: BlockWorld, clock: Any) -> None:
    block = world.order(world.define())
    claimed = world.claimed()
    expire_at(world, block, "2026-01-01T12:00:10Z")
    clock.advance(11)
    a_round(world)
    assert status_of(world.read(block)) == "IN_PROGRESS"
    world.report(claimed, RunStatus.SUCCEEDED)
    clock.advance(600)
    a_round(world)
    assert lifecycle_of(world.read(block)) == "MARKED_FOR_DELETION"
