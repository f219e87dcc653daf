"""Stops of new applies: what waits, what goes on, who may, and what happens at one moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.support.block_world import BLOCKS, OTHER, OWN, PLATFORM, SHOP, BlockWorld, definition_of, status_of, uuid_of
from tests.support.brakes import BRAKES, JSON, hold, lift, stop, waits
from tests.support.clock import NOON
from tests.support.principals import ADMINISTRATOR, a_key


def test_no_apply_is_claimed_against_a_stop_and_those_that_waited_are_claimed_in_their_order(
    world: BlockWorld, clock: Any
) -> None:
    version = world.define()
    running = world.order(version)
    begun = world.claimed()
    brake = stop(world)
    first = world.order(version)
    clock.advance(1)
    second = world.order(version)

    assert world.claim() is None
    world.report(begun)
    assert status_of(world.read(running)) == "SUCCEEDED"  # what a runner had went on
    (wait,) = waits(world, first)
    assert (wait["kind"], wait["owner"]["kind"]) == ("APPLIES_STOPPED", "INSTALLATION")
    assert "admin key has stopped new applies of everything since" in wait["message"]
    assert "the network is rebuilt" in wait["message"]
    assert wait["endsWhen"] == "An administrator lifts it."

    lift(world, brake)
    assert [world.claimed().run_id for _ in range(2)] == [world.latest_run(one).id for one in (first, second)]
    assert waits(world, first) == []


def test_dry_runs_go_on_while_applies_are_stopped(world: BlockWorld) -> None:
    block = world.order(world.define())
    world.finish()
    stop(world)
    world.as_admin("POST", f"{OWN}/{uuid_of(block)}/detect", media=JSON)
    assert world.claimed().behavior == "DETECT"


@pytest.mark.parametrize(("scope", "is_stopped"), [("WORKSPACE", True), ("DEFINITION", True), ("OTHERS", False)])
def test_a_stop_is_on_what_it_names_and_on_nothing_else(world: BlockWorld, scope: str, is_stopped: bool) -> None:  # noqa: FBT001  a case
    version = world.define()
    if scope == "WORKSPACE":
        stop(world, "WORKSPACE", "shop")
    elif scope == "DEFINITION":
        stop(world, "DEFINITION", definition_of(version))
    else:
        stop(world, "WORKSPACE", "other")
        stop(world, "DEFINITION", definition_of(world.define("Other")))
    world.order(version)
    assert (world.claim() is None) is is_stopped


def test_a_stop_with_an_end_ends_by_itself_however_long_the_server_was_away(world: BlockWorld, clock: Any) -> None:
    brake = stop(world, until=(NOON + timedelta(hours=1)).isoformat())
    block = world.order(world.define())
    assert world.claim() is None
    assert waits(world, block)[0]["until"] is not None

    clock.advance(3601)

    world.claimed()
    world.db.write_now(world.services.brakes.turn)
    ended = world.api.ok("GET", f"{BRAKES}/{brake['uuid']}", media=JSON)
    assert (ended["isOn"], ended["endedAt"]) == (False, ended["closesAt"])
    assert "Stop Ended" in [event.title for event in world.all_events()]


def test_a_provider_stops_its_definition_a_consumer_its_workspace_and_nobody_what_is_not_theirs(
    world: BlockWorld,
) -> None:
    definition = definition_of(world.define())
    world.api.be(PLATFORM)
    own = stop(world, "DEFINITION", definition)
    assert own["ownedByWorkspace"] == "platform"
    world.api.be(SHOP)
    ours = stop(world, "WORKSPACE", "shop")
    for scope, subject, status in [
        ("DEFINITION", definition, 404),
        ("WORKSPACE", "other", 404),
        ("EVERYTHING", None, 403),
    ]:
        body = {"scope": scope, "subject": subject, "reason": "x"}
        assert world.api.send("POST", BRAKES, body, media=JSON).status_code == status, scope
    path = f"{BRAKES}/{own['uuid']}"
    assert world.api.send("GET", path, media=JSON).status_code == 404
    assert world.api.send("POST", f"{path}/lift", {"reason": "x"}, media=JSON).status_code == 404
    listed = world.api.ok("GET", BRAKES, media=JSON)["_embedded"]["brakes"]
    assert [one["uuid"] for one in listed] == [ours["uuid"]]


def test_the_stop_of_an_administrator_is_seen_by_all_and_lifted_by_administrators_only(world: BlockWorld) -> None:
    brake = stop(world, "WORKSPACE", "shop")
    world.api.be(SHOP)
    assert world.api.ok("GET", f"{BRAKES}/{brake['uuid']}", media=JSON)["liftedBy"] == "an administrator"
    assert world.api.send("POST", f"{BRAKES}/{brake['uuid']}/lift", {"reason": "x"}, media=JSON).status_code == 403


def test_what_administrators_stop_is_seen_by_those_whom_it_concerns_and_by_nobody_else(world: BlockWorld) -> None:
    version = world.define()
    block = world.order(version)
    placed = [
        stop(world, "WORKSPACE", "shop"),
        stop(world, "DEFINITION", definition_of(version)),
        hold(world, block),
        stop(world),
    ]

    def seen(principal: Any) -> list[bool]:
        world.api.be(principal)
        listed = {one["uuid"] for one in world.api.ok("GET", BRAKES, media=JSON)["_embedded"]["brakes"]}
        shown = [world.api.send("GET", f"{BRAKES}/{one['uuid']}", media=JSON).is_success for one in placed]
        assert shown == [one["uuid"] in listed for one in placed]
        return shown

    assert seen(SHOP) == [True, False, True, True]
    assert seen(PLATFORM) == [False, True, False, True]
    assert seen(OTHER) == [False, False, False, True]
    assert seen(ADMINISTRATOR) == [True] * 4


def test_a_stop_of_everything_names_nothing(world: BlockWorld) -> None:
    body = {"scope": "EVERYTHING", "subject": definition_of(world.define()), "reason": "only this one"}
    refused = world.api.send("POST", BRAKES, body, media=JSON).json()
    assert (refused["errorCode"], refused["field"]) == ("SubjectOfEverything", "/subject")


def test_lifting_again_changes_nothing(world: BlockWorld) -> None:
    brake = stop(world)
    assert lift(world, brake)["endedAt"] == lift(world, brake)["endedAt"]
    assert [event.title for event in world.all_events()].count("Applies Resumed") == 1


def test_whoever_may_break_the_glass_lets_one_run_pass_and_that_stands_out(world: BlockWorld) -> None:
    version = world.define()
    stop(world)
    first, urgent = world.order(version), world.order(version)
    path = f"/api/blockyard/v1/runs/{world.latest_run(urgent).id}/break-glass"
    world.api.be(PLATFORM)  # may pass what its own workspace and the block's have said, not administrators
    assert world.api.send("POST", path, {"reason": "outage"}, media=JSON).json()["errorCode"] == "ForeignBrake"
    world.api.be(SHOP)
    assert world.api.send("POST", path, {"reason": "outage"}, media=JSON).status_code == 403

    world.as_admin("POST", path, {"reason": "outage"}, media=JSON)

    assert world.claimed().run_id == world.latest_run(urgent).id
    assert world.claim() is None
    assert status_of(world.read(first)) == "PENDING"
    (event,) = [event for event in world.all_events() if event.title == "Glass Broken"]
    assert (event.description, event.workspace) == ("outage", "shop")
    (warning,) = world.latest_run(urgent).warnings
    assert "admin key let this run pass: outage" in warning.message
    assert world.api.send("POST", path, {"reason": "again"}, media=JSON).status_code in {403, 409}


def test_a_provider_passes_its_own_stop(world: BlockWorld) -> None:
    version = world.define()
    world.api.be(PLATFORM)
    stop(world, "DEFINITION", definition_of(version))
    world.api.be(SHOP)
    block = world.order(version)
    world.api.be(PLATFORM)
    run_id = world.latest_run(block).id
    world.api.ok("POST", f"/api/blockyard/v1/runs/{run_id}/break-glass", {"reason": "pilot"}, media=JSON)
    assert world.claimed().run_id == run_id


def test_a_stop_and_claims_at_one_moment_leave_nothing_that_was_claimed_after_the_stop(world: BlockWorld) -> None:
    version = world.define()
    for _ in range(6):
        world.order(version)
    begin = Barrier(4)

    def claim() -> list[object]:
        begin.wait()
        return [claimed.run_id for _ in range(2) if (claimed := world.claim()) is not None]

    def stopped() -> set[object]:
        begin.wait()
        stop(world)
        return {run.id for run in _claimed_runs(world)}

    with ThreadPoolExecutor(4) as pool:
        claims = [pool.submit(claim) for _ in range(3)]
        at_the_stop = pool.submit(stopped).result()
        taken = {run_id for one in claims for run_id in one.result()}

    assert taken <= at_the_stop
    assert world.claim() is None


def _claimed_runs(world: BlockWorld) -> list[Any]:
    found = world.api.ok("GET", f"{BLOCKS}?workspaceIdentifier=shop")["_embedded"]["meshBuildingBlocks"]
    runs = [world.latest_run(block) for block in found]
    return [run for run in runs if run.attempt > 0]


def test_a_workspace_that_is_deleted_takes_its_stops_with_it(world: BlockWorld) -> None:
    world.api.be(a_key("other"))
    brake = stop(world, "WORKSPACE", "other")
    world.db.write_now(lambda tx: world.workspaces.delete(tx, ADMINISTRATOR, "other"))
    assert world.as_admin("GET", f"{BRAKES}/{brake['uuid']}", media=JSON)["endedAt"] is not None


@pytest.mark.one_database
def test_what_is_stopped_is_named(world: BlockWorld) -> None:
    for scope, subject in (("DEFINITION", None), ("WORKSPACE", ""), ("PLATFORM", None)):
        body: JsonObject = {"scope": scope, "subject": subject, "reason": "x"}
        refused = world.api.send("POST", BRAKES, body, media=JSON)
        told = refused.json()
        assert (refused.status_code, told["errorCode"], told["field"]) == (400, "SubjectMissing", "/subject"), scope


def test_runs_and_others_than_workspaces_place_none(world: BlockWorld) -> None:
    world.order(world.define())
    world.api.be(world.claimed().principal)
    assert world.api.send("POST", BRAKES, {"scope": "EVERYTHING", "reason": "x"}, media=JSON).status_code == 403
    world.api.be(OTHER)
    assert world.api.send("POST", BRAKES, {"scope": "BLOCK", "reason": "x"}, media=JSON).json()["errorCode"] == "IsHold"
