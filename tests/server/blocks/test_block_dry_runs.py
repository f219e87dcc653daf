"""Dry runs of blocks and their plans. Source: runner.md 1.9, api.md 3.18."""

from base64 import b64encode
from typing import Any

import httpx2
import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import StatusUpdate
from blockyard.server.identity.model import Principal
from blockyard.server.runs.model import TriggerReason
from tests.support.block_world import (
    MANUAL,
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    Claimed,
    an_input,
    an_output,
    uuid_of,
)
from tests.support.principals import a_key


def test_a_dry_run_leaves_the_status_of_the_block_alone(world: BlockWorld) -> None:
    block = an_applied_block(world)

    answer = send(world, block, "detect")
    during = world.read(block)["status"]
    finish_plan(world)
    after = world.read(block)["status"]

    dry_run = answer.json()["runUuid"]
    assert answer.status_code == 202
    assert answer.json()["buildingBlockUuid"] == uuid_of(block)
    assert (during["status"], during["latestDryRunUuid"]) == ("SUCCEEDED", dry_run)
    assert after == during
    assert after["latestRunUuid"] != dry_run
    run = world.latest_run(block)
    assert (run.behavior, run.trigger.reason) == (Behavior.DETECT, TriggerReason.MANUAL_EXECUTION)


def test_a_failed_block_is_planned_and_stays_failed(world: BlockWorld) -> None:
    block = world.order(world.define())
    world.finish(status=RunStatus.FAILED)

    send(world, block, "detect")
    finish_plan(world)

    assert world.read(block)["status"]["status"] == "FAILED"


def test_the_plan_is_applied_once(world: BlockWorld) -> None:
    block = an_applied_block(world)
    send(world, block, "detect")
    planned = finish_plan(world)

    answer = send(world, block, "apply-plan")
    applying = world.claimed()
    world.report(applying)

    assert answer.status_code == 202
    run = world.latest_run(block)
    assert (run.behavior, run.trigger.reason, run.plan_run_id) == (
        Behavior.APPLY,
        TriggerReason.PREFLIGHT_SUCCEEDED,
        planned.run_id,
    )
    assert str(planned.run_id) in str(applying.document["_links"])
    status = world.read(block)["status"]
    assert (status["status"], status["latestRunUuid"], status["latestDryRunUuid"]) == ("SUCCEEDED", str(run.id), None)
    assert refusal(send(world, block, "apply-plan")) == (409, "NoPlan")


def test_what_ran_since_makes_a_plan_worthless(world: BlockWorld) -> None:
    version = world.define(inputs={"name": an_input(updateableByConsumer=True)})
    block = world.order(version, {"name": "ada"})
    world.finish()
    send(world, block, "detect")
    finish_plan(world)

    world.change(block, inputs={"name": "grace"})
    world.finish()

    assert refusal(send(world, block, "apply-plan")) == (409, "NoPlan")


def test_a_failed_dry_run_gives_no_plan(world: BlockWorld) -> None:
    block = an_applied_block(world)
    send(world, block, "detect")
    world.finish(status=RunStatus.FAILED)

    assert refusal(send(world, block, "apply-plan")) == (409, "PlanFailed")


def test_an_old_plan_is_gone(world: BlockWorld) -> None:
    block = an_applied_block(world)
    send(world, block, "detect")
    finish_plan(world)
    world.clock.advance(8 * 24 * 3600)
    world.db.write_now(world.sweeper.remove_old_plans)

    assert refusal(send(world, block, "apply-plan")) == (409, "PlanGone")


@pytest.mark.parametrize("action", ["detect", "apply-plan"])
def test_nothing_is_planned_while_a_run_is_unfinished(world: BlockWorld, action: str) -> None:
    block = world.order(world.define())
    pending = refusal(send(world, block, action))
    world.finish()
    send(world, block, "detect")

    assert pending == (409, "RunUnfinished")
    assert refusal(send(world, block, action)) == (409, "RunUnfinished")
    assert refusal(world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run")) == (
        409,
        "RunUnfinished",
    )


def test_only_modules_can_be_planned(world: BlockWorld) -> None:
    block = world.order(world.define(implementation=MANUAL))

    assert refusal(send(world, block, "detect")) == (409, "NotPlannable")


def test_a_block_that_waits_or_is_deleted_is_not_planned(world: BlockWorld) -> None:
    waiting = world.order(world.define(inputs={"name": an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT")}))
    deleted = an_applied_block(world)
    world.delete(deleted)
    marked = refusal(send(world, deleted, "detect"))
    world.finish()

    assert refusal(send(world, waiting, "detect")) == (409, "BlockWaits")
    assert marked == (409, "BlockDeleted")
    assert refusal(send(world, deleted, "detect")) == (409, "BlockDeleted")


@pytest.mark.parametrize(
    ("principal", "transparent", "expected"),
    [
        (SHOP, False, (403, "RunsNotTransparent")),
        (SHOP, True, 202),
        (PLATFORM, False, 202),
        (OTHER, True, (404, "BlockNotFound")),
        (a_key("shop", "BUILDINGBLOCK_LIST"), True, (403, "MissingPermission")),
    ],
)
@pytest.mark.parametrize("action", ["detect", "apply-plan"])
@pytest.mark.one_database
def test_who_may_start_a_run_by_hand_may_plan(
    world: BlockWorld, action: str, principal: Principal, *, transparent: bool, expected: Any
) -> None:
    block = an_applied_block(world, transparent=transparent)
    if action == "apply-plan":
        send(world, block, "detect")
        finish_plan(world)
    world.api.be(principal)

    answer = send(world, block, action)

    assert (answer.status_code if answer.is_success else refusal(answer)) == expected


def test_what_a_parent_changed_meanwhile_is_applied_after_the_dry_run(world: BlockWorld) -> None:
    parent_version: Any = world.define("Parent", outputs={"name": an_output()})
    definition = parent_version["spec"]["buildingBlockDefinitionRef"]
    source = f"{definition['uuid']}.name"
    child_version = world.define(
        "Child",
        dependencyDefinitionRefs=[definition],
        inputs={"name": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=source)},
    )
    parent = world.order(parent_version)
    world.finish({"name": {"value": "ada", "type": "STRING"}})
    child = world.order(child_version, parents=[parent])
    world.finish()

    send(world, child, "detect")
    dry_run = world.claimed()
    world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(parent)}/trigger-run")
    world.finish({"name": {"value": "grace", "type": "STRING"}})
    report_plan(world, dry_run)
    world.db.write_now(world.blocks.hooks.start_due)
    rerun = world.claimed()

    assert dry_run.behavior == "DETECT"
    assert (rerun.behavior, rerun.inputs["name"]["value"]) == ("APPLY", "grace")
    assert refusal(send(world, child, "apply-plan")) == (409, "RunUnfinished")


def an_applied_block(world: BlockWorld, *, transparent: bool = False) -> Any:
    """Order a block and let its first run succeed."""
    block = world.order(world.define(transparent=transparent))
    world.finish()
    return block


def send(world: BlockWorld, block: JsonObject, action: str) -> httpx2.Response:
    """Ask for a dry run, or for the application of its plan."""
    return world.api.send("POST", f"{OWN}/{uuid_of(block)}/{action}", media="application/json")


def finish_plan(world: BlockWorld) -> Claimed:
    """Take the next run, a dry run, and report a plan with changes."""
    claimed = world.claimed()
    report_plan(world, claimed)
    return claimed


def report_plan(world: BlockWorld, claimed: Claimed) -> None:
    """Report a plan with changes."""
    document: JsonObject = {
        "status": "SUCCEEDED",
        "steps": [{"id": "plan", "status": "SUCCEEDED"}],
        "artifact": b64encode(b"a plan").decode(),
        "changesDetected": True,
    }
    update = StatusUpdate.model_validate(document)
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a refusal, which says what to do."""
    body = answer.json()
    assert body["remedy"]
    return int(answer.status_code), str(body["errorCode"])
