"""Drift is looked for on schedule, told once, left alone or repaired as people and schedules say."""

import asyncio
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.drift.loops import loops
from blockyard.server.drift.model import POSTPONED
from blockyard.server.runs.model import TriggerReason
from tests.support.approvals import decide, decline
from tests.support.block_world import (
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    status_of,
    uuid_of,
)

JSON = "application/json"
DRIFT = "/api/blockyard/v1/drift"
DAY = 86400
DETECT: JsonObject = {"mode": "DRIFT_DETECTION", "frequency": "DAILY", "automaticApproval": False}
RECONCILE: JsonObject = {"mode": "DRIFT_RECONCILIATION", "frequency": "DAILY", "automaticApproval": True}
SIZE: JsonObject = {"path": "size", "before": 9, "after": 1}


def an_order(world: BlockWorld, schedule: JsonObject, **more: Any) -> Any:
    """Return a block that was applied, of a definition with a schedule."""
    size = an_input("INTEGER", updateableByConsumer=True)
    version = world.define(about={"schedule": schedule}, transparent=True, inputs={"size": size}, **more)
    block = world.order(version, {"size": 1})
    world.finish()
    return block


def tick(world: BlockWorld, seconds: float = DAY + 60) -> None:
    """Let time go by and do what the background loop does then."""
    world.clock.advance(seconds=seconds)
    (loop,) = loops(world.db, world.services.drift)

    async def once() -> None:
        await loop.round()

    asyncio.run(once())


def a_change(*attributes: JsonObject, address: str = "aws_db.main") -> JsonObject:
    """Return a change as a runner tells it."""
    told: list[Json] = [*attributes]
    return {"address": address, "type": "aws_db", "action": "update", "digest": "a" * 64, "attributes": told}


def end_check(world: BlockWorld, *changes: JsonObject, status: RunStatus = RunStatus.SUCCEEDED) -> None:
    """Execute the dry run that waits; it finds these changes."""
    claimed = world.claimed()
    assert claimed.behavior == "DETECT"
    registration = SourceRegistration.model_validate({"source": {"id": "runner"}, "steps": []})
    world.db.write_now(lambda tx: world.reports.register(tx, claimed.principal, claimed.run_id, registration))
    found: list[Json] = [*changes]
    update = StatusUpdate.model_validate(
        {
            "status": status.value,
            "artifact": b64encode(b"plan").decode(),
            "changesDetected": bool(changes),
            "planChanges": {"resources": found, "counts": {"update": len(found)}, "digest": f"{len(found):064x}"},
        }
    )
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


def drift(world: BlockWorld, block: Any) -> Any:
    """Return what is known of the drift of a block."""
    return world.api.ok("GET", f"{OWN}/{uuid_of(block)}/drift", media=JSON)


def send(world: BlockWorld, block: Any, what: str, body: JsonObject | None = None) -> Any:
    """Decide something about the drift of a block."""
    return world.api.ok("POST", f"{OWN}/{uuid_of(block)}/drift/{what}", body, media=JSON)


def test_drift_is_found_on_schedule_told_once_and_gone_after_a_run(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    assert (drift(world, block)["state"], world.claim()) == ("UNKNOWN", None)

    tick(world)
    assert world.latest_run(block).trigger.reason is TriggerReason.SCHEDULED_DRIFT_DETECTION
    end_check(world, a_change(SIZE))
    first = drift(world, block)
    tick(world)
    end_check(world, a_change(SIZE), a_change(SIZE, address="aws_db.other"))
    again = drift(world, block)

    assert (first["state"], first["count"], first["changes"]) == (
        "DRIFTED",
        1,
        [{"address": "aws_db.main", "action": "update"}],
    )
    assert (again["count"], again["driftedSince"]) == (2, first["driftedSince"])
    assert (status_of(world.read(block)), world.claim()) == ("SUCCEEDED", None)
    world.api.ok("POST", f"{OWN}/{uuid_of(block)}/apply-plan", media=JSON)
    world.finish()
    assert (drift(world, block)["state"], drift(world, block)["driftedSince"]) == ("CLEAN", None)
    titles = [title for title in world.titles(block) if "Drift" in title]
    assert sorted(titles) == ["Building Block Drift Found", "Building Block Drift Repaired"]


def test_only_a_schedule_that_says_so_repairs_and_applies_the_plan_of_the_check(world: BlockWorld) -> None:
    block = an_order(world, RECONCILE)
    tick(world)
    end_check(world)
    assert (drift(world, block)["state"], world.claim()) == ("CLEAN", None)

    tick(world)
    end_check(world, a_change(SIZE))
    check = drift(world, block)["runUuid"]
    repair = world.finish()

    assert (repair.behavior, drift(world, block)["state"]) == ("APPLY", "CLEAN")
    run = world.latest_run(block)
    assert (str(run.plan_run_id), run.trigger.reason) == (check, TriggerReason.SCHEDULED_DRIFT_RECONCILIATION)


def test_a_reconciliation_without_automatic_approval_waits_for_somebody(world: BlockWorld) -> None:
    block = an_order(world, {**RECONCILE, "automaticApproval": False})
    tick(world)
    end_check(world, a_change(SIZE))

    waiting = world.latest_run(block)
    found = (status_of(world.read(block)), drift(world, block)["state"], world.claim())
    declined = decline(world, block)
    kept = status_of(world.read(block))
    tick(world)
    end_check(world, a_change(SIZE))
    again = world.claim()
    tick(world)
    end_check(world, a_change(SIZE), a_change(SIZE, address="aws_db.second"))

    assert (waiting.trigger.reason, waiting.awaits_approval) == (TriggerReason.SCHEDULED_DRIFT_RECONCILIATION, True)
    assert found == ("WAITING_FOR_APPROVAL", "DRIFTED", None)
    assert (declined.status_code, kept, again) == (200, "SUCCEEDED", None)
    assert decide(world, block).status_code == 200
    assert world.finish().behavior == "APPLY"
    assert (status_of(world.read(block)), drift(world, block)["state"]) == ("SUCCEEDED", "CLEAN")


def test_a_check_that_a_dying_server_had_begun_is_begun_by_another_one(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    world.clock.advance(seconds=DAY)
    assert world.db.write_now(world.services.drift.begin_round) == [UUID(uuid_of(block))]  # and no more is heard of it

    tick(world, seconds=60)
    assert world.claim() is None
    tick(world, seconds=POSTPONED.total_seconds())

    assert world.claimed().behavior == "DETECT"


def test_ignored_drift_is_not_repaired_until_its_time_is_over(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    tick(world)
    end_check(world, a_change(SIZE))
    until = "2026-01-04T00:00:00Z"
    told = send(world, block, "ignore", {"until": until, "reason": "known"})
    assert (told["ignoredUntil"], told["ignoreReason"]) == (until, "known")
    refused = world.api.send(
        "POST", f"{OWN}/{uuid_of(block)}/drift/ignore", {"until": "2020-01-01T00:00:00Z", "reason": "x"}, media=JSON
    )
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "IgnoredUntil")
    schedule(world, block, RECONCILE)

    tick(world, 15)
    tick(world)
    end_check(world, a_change(SIZE))
    assert world.claim() is None
    assert send(world, block, "attend")["ignoredUntil"] is None
    tick(world)
    end_check(world, a_change(SIZE))
    assert world.finish().behavior == "APPLY"


def schedule(world: BlockWorld, block: Any, wanted: JsonObject) -> None:
    """Give the definition of a block another schedule."""
    uuid = world.stored(block).definition_id
    path, media = f"/api/meshobjects/meshbuildingblockdefinitions/{uuid}", DEFINITION.media
    found = world.as_admin("GET", path, media=media)
    world.as_admin("PUT", path, {**found, "spec": {**found["spec"], "schedule": wanted}}, media=media)


def test_nothing_is_checked_that_is_paused_or_whose_schedule_is_gone(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    assert send(world, block, "pause", {"reason": "migration"})["isPaused"] is True
    tick(world)
    assert world.claim() is None
    send(world, block, "resume")
    rules = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/drift-rules"
    world.api.ok("PUT", rules, {"ignored": [], "isPaused": True, "reason": "audit"}, media=JSON)
    tick(world)
    assert world.claim() is None
    world.api.ok("PUT", rules, {"ignored": [], "isPaused": False}, media=JSON)
    schedule(world, block, {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False})
    tick(world)
    assert world.claim() is None
    assert world.api.send("GET", f"{OWN}/{uuid_of(block)}/drift", media=JSON).json()["errorCode"] == "DriftNotChecked"


def test_who_lets_drift_alone_says_why_and_rules_are_said_as_a_whole(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    rules = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/drift-rules"
    until = "2026-01-02T12:00:00Z"
    for what, body in (
        ("ignore", {"until": until, "reason": " "}),
        ("pause", {"reason": "\t"}),
        ("pause", {"reason": ""}),
    ):
        assert world.api.send("POST", f"{OWN}/{uuid_of(block)}/drift/{what}", body, media=JSON).status_code == 400
    paused: JsonObject = {"ignored": [], "isPaused": True}
    partial: list[JsonObject] = [{"ignored": []}, paused, {**paused, "reason": " "}]
    for said in partial:
        assert world.api.send("PUT", rules, said, media=JSON).status_code == 400
    assert world.api.ok("GET", rules, media=JSON)["isPaused"] is False


def test_a_schedule_that_comes_later_finds_the_blocks_that_are_there(world: BlockWorld) -> None:
    version = world.define(inputs={})
    blocks = [world.order(version)]
    world.finish()
    blocks.append(world.order(version))
    schedule(world, blocks[0], DETECT)

    tick(world, 15)
    tick(world)

    assert world.latest_run(blocks[0]).trigger.reason is TriggerReason.SCHEDULED_DRIFT_DETECTION
    assert world.api.send("GET", f"{OWN}/{uuid_of(blocks[1])}/drift", media=JSON).status_code == 409


def test_a_check_waits_for_the_end_of_a_run(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    assert world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run").is_success
    tick(world)
    assert world.finish().behavior == "APPLY"

    tick(world, 1900)

    end_check(world)
    assert drift(world, block)["state"] == "CLEAN"


def test_what_the_rules_ignore_is_no_drift(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    rules = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/drift-rules"
    ignored: Json = [{"address": "module.log.*"}, {"type": "aws_*", "attribute": "capacity"}]
    world.api.ok("PUT", rules, {"ignored": ignored, "isPaused": False}, media=JSON)
    capacity: JsonObject = {"path": "capacity[0].desired", "before": 3, "after": 1}

    tick(world)
    end_check(
        world, a_change(SIZE, address="module.log.aws_db.x"), a_change(capacity, {**capacity, "path": "tags_all.a"})
    )
    clean = drift(world, block)
    tick(world)
    end_check(world, a_change(capacity, SIZE))

    assert (clean["state"], clean["count"]) == ("CLEAN", 0)
    assert drift(world, block)["state"] == "DRIFTED"


@pytest.mark.one_database
@pytest.mark.parametrize("rule", [{"adress": "module.log"}, {}], ids=["misspelt", "of nothing"])
def test_a_rule_that_would_ignore_everything_by_mistake_is_refused(world: BlockWorld, rule: JsonObject) -> None:
    block = an_order(world, DETECT)
    rules = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/drift-rules"

    refused = world.api.refused(400, "PUT", rules, {"ignored": [rule]}, media=JSON)

    assert str(refused["field"]).startswith("/ignored/0")


def test_drift_can_be_accepted_into_the_input_that_it_comes_from(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    tick(world)
    end_check(world, a_change(SIZE, {"path": "name", "before": "x", "after": "y"}))

    world.api.be(SHOP)
    found = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/drift/acceptances", media=JSON)

    assert found["inputs"] == [{"input": "size", "current": 1, "proposed": 9, "address": "aws_db.main", "path": "size"}]


def test_a_failed_check_says_so_and_a_deleted_block_is_checked_no_more(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    tick(world)
    end_check(world, status=RunStatus.FAILED)
    assert drift(world, block)["state"] == "FAILED"

    world.delete(block)
    world.finish()
    tick(world)

    assert world.claim() is None
    assert world.api.ok("GET", DRIFT, media=JSON)["page"]["totalElements"] == 0


def test_drift_is_for_those_who_may_see_the_block(world: BlockWorld) -> None:
    block = an_order(world, DETECT)
    rules = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/drift-rules"

    for principal, status, total in ((SHOP, 200, 1), (PLATFORM, 200, 1), (OTHER, 404, 0)):
        world.api.be(principal)
        assert world.api.send("GET", f"{OWN}/{uuid_of(block)}/drift", media=JSON).status_code == status
        assert world.api.ok("GET", f"{DRIFT}?state=UNKNOWN", media=JSON)["page"]["totalElements"] == total
    assert world.api.send("GET", rules, media=JSON).status_code == 403
    world.api.be(PLATFORM)
    assert world.api.ok("GET", rules, media=JSON)["frequency"] == "DAILY"


def test_the_end_of_a_run_asks_nothing_about_drift_where_there_is_no_schedule(world: BlockWorld) -> None:
    block = world.order(world.define())
    claimed = world.claimed()
    asked: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        asked.append(text)

    event.listen(world.db._write_engine, "before_cursor_execute", note)
    try:
        world.report(claimed)
    finally:
        event.remove(world.db._write_engine, "before_cursor_execute", note)

    assert status_of(world.read(block)) == "SUCCEEDED"
    assert [text for text in asked if "drift_" in text] == []
    assert asked
