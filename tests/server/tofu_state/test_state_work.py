"""Restoring a state through a plan, and runs in which the engine works on a state itself."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.protocol.version import MAINTENANCE
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Conflict
from blockyard.server.tofu_state.content import open_state, seal_state
from blockyard.server.tofu_state.service import StateAddress
from tests.support.block_world import OTHER, OWN, PLATFORM, SHOP, BlockWorld, Claimed, status_of, uuid_of
from tests.support.brakes import hold, lift_hold
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR

JSON = "application/json"
LOCK = "by hand"
REASON: JsonObject = {"reason": "lost by mistake"}
REMOVAL: JsonObject = {"command": "STATE_RM", "arguments": ["aws_db.main"], "reason": "moved away"}


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces, a shared runner and all services."""
    return BlockWorld(database, clock)


def a_block(world: BlockWorld, versions: int = 2) -> Any:
    """Return a block whose state has some versions."""
    block = world.order(world.define(inputs={}))
    world.finish()
    for serial in range(1, versions + 1):
        write(world, block, serial)
    world.clock.advance(seconds=60)
    return block


def write(
    world: BlockWorld, block: Any, serial: int, lock_id: str | None = None, *, by: Principal = ADMINISTRATOR
) -> None:
    """Write the state of a block as an administrator's tool does, or an engine."""
    block_id = UUID(uuid_of(block))
    body = b'{"version": 4, "serial": %d, "lineage": "one"}' % serial
    new = seal_state(world.services.master_key, block_id, body, None)
    address = StateAddress(None, block_id)
    world.db.write_now(lambda tx: world.services.state.write(tx, by, address, new, lock_id))


def lock(world: BlockWorld, block: Any) -> None:
    """Lock the state of a block as an administrator's tool does."""
    address = StateAddress(None, UUID(uuid_of(block)))
    world.db.write_now(lambda tx: world.services.state.lock(tx, ADMINISTRATOR, address, {}, LOCK))


def send(world: BlockWorld, block: Any, what: str, body: JsonObject | None = None) -> Any:
    """Ask for something with the state of a block."""
    return world.api.send("POST", f"{OWN}/{uuid_of(block)}/state/{what}", body, media=JSON)


def end_plan(world: BlockWorld, claimed: Claimed, *, changes: bool = True) -> None:
    """Report the end of a dry run with its plan."""
    registration = SourceRegistration.model_validate({"source": {"id": "runner"}, "steps": []})
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))
    told = {"status": "SUCCEEDED", "artifact": b64encode(b"plan").decode(), "changesDetected": changes}
    update = StatusUpdate.model_validate(told)
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def versions(world: BlockWorld, block: Any) -> Any:
    """Return the versions of the state, the newest first."""
    return world.api.ok("GET", f"{OWN}/{uuid_of(block)}/state/versions", media=JSON)["versions"]


def test_a_restored_state_is_planned_with_first_and_exactly_that_is_applied(world: BlockWorld) -> None:
    block = a_block(world)
    assert send(world, block, "versions/1/apply-restore", REASON).json()["errorCode"] == "NoPlan"

    planned = send(world, block, "versions/1/plan-restore")
    check = world.claimed()
    address = StateAddress(None, UUID(uuid_of(block)))
    seen = world.db.read_now(lambda tx: world.services.state.read(tx, check.principal, address))
    end_plan(world, check)

    assert (planned.status_code, planned.json()["runUuid"]) == (202, str(check.run_id))
    assert seen is not None
    body = open_state(world.services.master_key, address.block_id, seen.sealed)
    assert body == b'{"version": 4, "serial": 1, "lineage": "one"}'
    assert [one["number"] for one in versions(world, block) if one["isCurrent"]] == [2]
    assert send(world, block, "versions/2/apply-restore", REASON).json()["errorCode"] == "NoRestorePlan"
    ordinary = world.api.send("POST", f"{OWN}/{uuid_of(block)}/apply-plan", media=JSON)
    assert ordinary.json()["errorCode"] == "RestorePlan"

    restored = send(world, block, "versions/1/apply-restore", REASON)

    run = world.latest_run(block)
    assert (restored.status_code, restored.json()["version"]) == (202, None)
    assert (str(run.id), run.plan_run_id) == (restored.json()["runUuid"], check.run_id)
    assert versions(world, block)[0]["number"] == 2  # the run has not begun
    world.finish()
    newest = versions(world, block)[0]
    assert (newest["number"], newest["reason"], newest["author"]) == (3, "version 1 restored: lost by mistake", "run 3")
    assert "Building Block State Restored" in world.titles(block)
    assert status_of(world.read(block)) == "SUCCEEDED"


def asked_for_restore(world: BlockWorld) -> Any:
    """Return a block whose run waits for a runner to restore version 1 of its state."""
    block = a_block(world)
    send(world, block, "versions/1/plan-restore")
    end_plan(world, world.claimed())
    assert send(world, block, "versions/1/apply-restore", REASON).status_code == 202
    return block


def test_a_restore_that_is_aborted_before_it_begins_leaves_the_state_as_it_is(world: BlockWorld) -> None:
    block = asked_for_restore(world)

    world.api.ok("POST", f"/api/blockyard/v1/runs/{world.latest_run(block).id}/abort", media=JSON)

    assert (world.claim(), len(versions(world, block)), versions(world, block)[0]["number"]) == (None, 2, 2)


def test_a_restore_does_not_overwrite_what_was_written_before_it_began(world: BlockWorld) -> None:
    block = asked_for_restore(world)
    write(world, block, 3)

    assert world.claim() is None
    assert (world.latest_run(block).status, versions(world, block)[0]["number"]) == (RunStatus.FAILED, 3)
    assert "nothing was restored" in (world.latest_run(block).summary or "")


def test_a_restored_state_that_changes_nothing_needs_no_run(world: BlockWorld) -> None:
    block = a_block(world)
    send(world, block, "versions/1/plan-restore")
    end_plan(world, world.claimed(), changes=False)

    assert send(world, block, "versions/1/apply-restore", REASON).json()["runUuid"] is None
    assert (world.claim(), versions(world, block)[0]["isCurrent"]) == (None, True)


def test_a_state_that_was_written_since_is_not_overwritten(world: BlockWorld) -> None:
    block = a_block(world)
    assert send(world, block, "versions/2/plan-restore").json()["errorCode"] == "StateIsCurrent"
    send(world, block, "versions/1/plan-restore")
    end_plan(world, world.claimed())
    world.clock.advance(seconds=60)
    write(world, block, 3)

    refused = send(world, block, "versions/1/apply-restore", REASON)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "StaleRestorePlan")
    assert versions(world, block)[0]["number"] == 3


def test_a_hold_keeps_the_state_as_it_is(world: BlockWorld) -> None:
    block = a_block(world)
    send(world, block, "versions/1/plan-restore")
    end_plan(world, world.claimed())
    send(world, block, "maintenance", REMOVAL)
    world.protocol = MAINTENANCE
    held = hold(world, block)
    assert world.claim() is None  # the work that waited goes on waiting
    lift_hold(world, block)
    removal = world.claimed()
    world.report(removal, RunStatus.SUCCEEDED)
    hold(world, block)

    for what, body in (
        ("versions/1/restore", None),
        ("versions/1/apply-restore", REASON),
        ("maintenance", REMOVAL),
    ):
        refused = send(world, block, what, body)
        assert (refused.status_code, refused.json()["errorCode"]) == (409, "BlockOnHold"), what
        assert held["author"] in refused.json()["message"]
    with pytest.raises(Conflict, match="on hold"):
        write(world, block, 3)
    with pytest.raises(Conflict, match="on hold"):
        lock(world, block)
    assert [one["number"] for one in versions(world, block)] == [2, 1]
    lift_hold(world, block)

    lock(world, block)
    hold(world, block)
    write(world, block, 3, LOCK)  # who had begun before the hold ends what has been done
    assert versions(world, block)[0]["number"] == 3


def test_another_state_with_the_serial_of_the_stored_one_is_told_so(world: BlockWorld) -> None:
    block = a_block(world)
    body: JsonObject = {"version": 4, "serial": 2, "lineage": "one", "resources": []}
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(block)}"

    refused = world.api.send("POST", path, body, media=JSON)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "StateSerial")
    assert "another state with the serial 2 is stored already" in refused.json()["message"]


def test_work_on_a_state_is_a_run_of_its_own_for_runners_that_know_it(world: BlockWorld) -> None:
    block = a_block(world)
    world.api.ok("POST", f"{OWN}/{uuid_of(block)}/detect", media=JSON)
    end_plan(world, world.claimed())

    started = send(world, block, "maintenance", REMOVAL)
    assert world.claim() is None
    world.protocol = MAINTENANCE
    claimed = world.claimed()
    write(world, block, 3, by=claimed.principal)
    world.report(claimed)

    assert versions(world, block)[0]["reason"] == "moved away"
    document: Any = claimed.document
    assert (claimed.behavior, str(claimed.run_id)) == ("DETECT", started.json()["runUuid"])
    assert document["spec"]["maintenance"] == {"command": "STATE_RM", "arguments": ["aws_db.main"]}
    shown = world.api.ok("GET", f"/api/blockyard/v1/runs/{claimed.run_id}", media=JSON)
    assert (shown["task"]["command"], shown["task"]["reason"], shown["status"]) == (
        "STATE_RM",
        "moved away",
        "SUCCEEDED",
    )
    assert status_of(world.read(block)) == "SUCCEEDED"
    assert "Building Block State Maintenance Requested" in world.titles(block)
    gone = world.api.send("POST", f"{OWN}/{uuid_of(block)}/apply-plan", media=JSON)
    assert gone.json()["errorCode"] == "NoPlan"  # the plan knew nothing of it


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"arguments": ["-target=x"]}, "/arguments/0"),
        ({"arguments": ["a\nb"]}, "/arguments/0"),
        ({"arguments": ["x;touch"]}, "/arguments/0"),
        ({"arguments": ["$(id)"]}, "/arguments/0"),
        ({"arguments": ["a.b", "a.b a.b"]}, "/arguments/1"),
        ({"arguments": ["../x"]}, "/arguments/0"),
        ({"arguments": [""]}, "/arguments/0"),
        ({"arguments": ['a.b["x" ]']}, "/arguments/0"),
        ({"arguments": ["a." + "b" * 1000]}, "/arguments/0"),
        ({"command": "IMPORT", "arguments": ["a", "an id; of $(any) kind"]}, "/arguments/0"),
        ({"arguments": []}, "/arguments"),
        ({"command": "STATE_MV"}, "/arguments"),
        ({"command": "TAINT", "arguments": ["a", "b"]}, "/arguments"),
        ({"command": "DESTROY"}, "/command"),
        ({"reason": ""}, "/reason"),
    ],
)
def test_what_no_engine_may_be_given_is_refused(world: BlockWorld, members: JsonObject, field: str) -> None:
    block = a_block(world, 1)

    refused = send(world, block, "maintenance", {**REMOVAL, **members})

    assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert world.latest_run(block).number == 1


@pytest.mark.one_database
def test_who_may_work_on_states(world: BlockWorld) -> None:
    block = a_block(world)

    for principal, status in ((OTHER, 404), (SHOP, 403), (PLATFORM, 202)):
        world.api.be(principal)
        assert send(world, block, "versions/1/plan-restore").status_code == status
    world.finish(status=RunStatus.FAILED)
    for principal, status in ((OTHER, 404), (SHOP, 403), (PLATFORM, 202)):
        world.api.be(principal)
        assert send(world, block, "maintenance", REMOVAL).status_code == status


def test_a_forced_unlock_of_a_run_that_is_under_way_warns_in_its_event(world: BlockWorld) -> None:
    block = a_block(world)
    send(world, block, "versions/1/plan-restore")
    claimed = world.claimed()
    address = StateAddress(None, UUID(uuid_of(block)))
    info: JsonObject = {"ID": "l-1"}
    world.db.write_now(lambda tx: world.services.state.lock(tx, claimed.principal, address, info, "l-1"))

    path = f"{OWN}/{uuid_of(block)}/state/lock"
    other = world.api.send("DELETE", f"{path}?ID=l-2", media=JSON)
    assert (other.status_code, "another lock" in other.json()["message"]) == (409, True)
    assert world.api.send("DELETE", path, media=JSON).status_code == 204

    (event,) = [one for one in world.all_events() if one.title == "Building Block State Unlocked"]
    assert event.content is not None
    assert "under way" in str(event.content["warning"])


def test_a_forced_unlock_says_from_whom_and_why(world: BlockWorld) -> None:
    block = a_block(world)
    address = StateAddress(None, UUID(uuid_of(block)))
    info: JsonObject = {"ID": "l-1", "Who": "somebody"}
    world.db.write_now(lambda tx: world.services.state.lock(tx, ADMINISTRATOR, address, info, "l-1"))

    path = f"{OWN}/{uuid_of(block)}/state/lock?ID=l-1&reason=runner%20died"
    assert world.api.send("DELETE", path, media=JSON).status_code == 204

    (event,) = [one for one in world.all_events() if one.title == "Building Block State Unlocked"]
    assert event.content is not None
    assert (event.content["lock"], event.content["reason"]) == ("l-1", "runner died")
