"""Deletions that somebody has to approve: what would be destroyed is seen first. Source: concepts.md 10.2."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RunStatus
from blockyard.server.runs.model import Run
from tests.support.approvals import OWN_RUNS, RUNS, a_resource, decide, decline, hired, planned, policies
from tests.support.block_world import (
    BLOCKS,
    OWN,
    PLATFORM,
    SHOP,
    TERRAFORM,
    BlockWorld,
    an_input,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_person

JSON = "application/json"
DATABASE, MACHINE = "aws_db.main", "aws_vm.web"


def write_state(world: BlockWorld, block: Any, *addresses: str, serial: int = 1) -> None:
    """Let the state of a block say that these exist."""
    resources: list[Json] = [
        {"mode": "managed", "type": type_, "name": name, "provider": "", "instances": [{"attributes": {}}]}
        for type_, _, name in (address.partition(".") for address in addresses)
    ]
    body: JsonObject = {"version": 4, "serial": serial, "lineage": "l-1", "resources": resources}
    before = world.api.principal
    world.api.be(ADMINISTRATOR)
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(block)}"
    world.api.send("POST", path, body, media=JSON).raise_for_status()
    world.api.be(before)


def a_block(world: BlockWorld, *existing: str, about: JsonObject | None = None, **rules: Any) -> Any:
    """Return a block that was applied, with what exists of it; its definition has these rules."""
    asked = policies(**rules) | (about or {})
    block = world.order(world.define(about=asked, inputs={}, transparent=True))
    claimed = world.claimed()
    world.report(claimed)
    if claimed.behavior == "DETECT":
        raise AssertionError("the rules plan first; use no precious ones before the order")
    if existing:
        write_state(world, block, *existing)
    return world.read(block)


def with_rules(world: BlockWorld, block: Any, **rules: Any) -> None:
    """Give the definition of a block other rules."""
    version = world.stored(block)
    path = f"/api/meshobjects/meshbuildingblockdefinitions/{version.definition_id}"
    media = "application/vnd.meshcloud.api.meshbuildingblockdefinition.v1-preview.hal+json"
    found = world.as_admin("GET", path, media=media)
    world.as_admin("PUT", path, {**found, "spec": {**found["spec"], "approvalRules": rules}}, media=media)


def a_precious_block(world: BlockWorld, *existing: str, **rules: Any) -> Any:
    """Return a block with something precious, whose deletion was asked for."""
    block = a_block(world, *(existing or (DATABASE, MACHINE)))
    with_rules(world, block, precious=["aws_db*"], **rules)
    assert world.delete(block).status_code == 202
    return block


def refusal(answer: Any) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["errorCode"]


def detail(world: BlockWorld, run: Run) -> Any:
    """Return a run as administrators see it."""
    return world.as_admin("GET", f"{OWN_RUNS}/{run.id}", media=JSON)


def test_something_precious_is_not_destroyed_before_somebody_says_yes(world: BlockWorld) -> None:
    block = a_precious_block(world)
    run, name = world.latest_run(block), block["spec"]["displayName"]

    nobody, waiting = world.claim(), world.read(block)
    changes = world.as_admin("GET", f"{OWN_RUNS}/{run.id}/changes", media=JSON)
    shown = world.as_admin("GET", f"{RUNS}?buildingBlockUuid={uuid_of(block)}", media=RUN.media)
    links = shown["_embedded"]["meshBuildingBlockRuns"][0]["_links"]
    unnamed, other = decide(world, block, plan=run.id), decide(world, block, plan=UUID(int=1), buildingBlockName=name)
    approved = decide(world, block, plan=run.id, buildingBlockName=name)

    assert nobody is None
    assert (lifecycle_of(waiting), status_of(waiting)) == ("MARKED_FOR_DELETION", "WAITING_FOR_APPROVAL")
    assert changes["plan"]["source"] == "STATE"
    assert [(one["address"], one["action"]) for one in changes["_embedded"]["changes"]] == [
        (DATABASE, "delete"),
        (MACHINE, "delete"),
    ]
    assert links["predecessor"]["href"].endswith(f"/{run.id}")
    assert "approve" in links
    assert (refusal(unnamed), refusal(other)) == ((400, "NameNotTyped"), (409, "PlanChanged"))
    assert approved.status_code == 200, approved.text
    claimed = world.claimed()
    assert (claimed.behavior, claimed.run_id) == ("DESTROY", run.id)
    world.report(claimed)
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_what_is_not_precious_is_destroyed_at_once(world: BlockWorld) -> None:
    block = a_precious_block(world, MACHINE)

    assert world.finish().behavior == "DESTROY"
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_a_declined_destruction_leaves_the_block_as_it_was(world: BlockWorld) -> None:
    block = a_precious_block(world)
    answer = decline(world, block, "still needed")
    kept = world.read(block)
    world.delete(block)
    run = world.latest_run(block)
    taken_back = world.api.send("POST", f"{OWN}/{uuid_of(block)}/take-back-deletion", media=JSON)
    again = world.read(block)

    assert answer.json()["status"] == "ABORTED"
    assert (lifecycle_of(kept), status_of(kept)) == ("ACTIVE", "SUCCEEDED")
    assert (lifecycle_of(again), status_of(again)) == ("ACTIVE", "SUCCEEDED")
    assert (taken_back.status_code, detail(world, run)["approval"]["outcome"]) == (200, "SUPERSEDED")
    assert "Building Block Deletion Taken Back" in world.titles(block)


def test_what_waited_when_a_declined_deletion_was_asked_for_is_looked_at_again(world: BlockWorld) -> None:
    inputs = {"size": an_input(updateableByConsumer=True)}
    about = policies("userInputChanges", precious=["aws_db*"])
    block = world.order(world.define(about=about, inputs=inputs, transparent=True), {"size": "small"})
    planned(world, a_resource(DATABASE, "create"))
    world.finish()
    write_state(world, block, DATABASE)
    world.change(block, inputs={"size": "large"})
    planned(world, a_resource(DATABASE, "update"))

    world.delete(block)
    waiting = world.latest_run(block)
    declined = decline(world, block)
    planned(world, a_resource(DATABASE, "update"))

    assert (waiting.behavior, waiting.awaits_approval) == ("DESTROY", True)
    assert declined.status_code == 200, declined.text
    assert (lifecycle_of(world.read(block)), status_of(world.read(block))) == ("ACTIVE", "WAITING_FOR_APPROVAL")


def test_a_destruction_that_nobody_approves_in_time_does_not_happen(world: BlockWorld) -> None:
    block = a_precious_block(world, timeoutHours=1)
    run = world.latest_run(block)

    world.clock.advance(3601)
    world.sweep()

    assert (lifecycle_of(world.read(block)), status_of(world.read(block))) == ("ACTIVE", "SUCCEEDED")
    assert detail(world, run)["approval"]["outcome"] == "EXPIRED"


def test_an_abort_of_what_waits_declines_it(world: BlockWorld) -> None:
    block = a_precious_block(world)
    run = world.latest_run(block)

    world.as_admin("POST", f"{RUNS}/{run.id}/abort", media=RUN.media)

    assert (lifecycle_of(world.read(block)), status_of(world.read(block))) == ("ACTIVE", "SUCCEEDED")
    assert detail(world, run)["approval"]["outcome"] == "DECLINED"


def test_an_approval_is_for_the_state_that_was_shown(world: BlockWorld) -> None:
    block = a_precious_block(world)
    name, first = block["spec"]["displayName"], world.latest_run(block)
    write_state(world, block, DATABASE, MACHINE, "aws_db.second", serial=2)
    changed = decide(world, block, plan=first.id, buildingBlockName=name)
    world.delete(block)
    second = world.latest_run(block)
    decide(world, block, plan=second.id, buildingBlockName=name)
    write_state(world, block, DATABASE, MACHINE, "aws_db.second", "aws_db.third", serial=3)
    nobody, third = world.claim(), world.latest_run(block)

    assert refusal(changed) == (409, "PlanChanged")
    assert second.id != first.id
    assert detail(world, second)["failure"]["code"] == "STATE_CHANGED"
    assert (nobody, third.awaits_approval, third.behavior) == (None, True, "DESTROY")
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_the_same_destruction_keeps_its_approval_in_another_state_and_says_so(world: BlockWorld) -> None:
    block = a_precious_block(world)
    name = block["spec"]["displayName"]
    decide(world, block, plan=world.latest_run(block).id, buildingBlockName=name, comment="fine")
    write_state(world, block, DATABASE, MACHINE, serial=2)
    claimed = world.claimed()

    approval = detail(world, world.latest_run(block))["approval"]
    assert (claimed.behavior, claimed.run_id) == ("DESTROY", world.latest_run(block).id)
    assert (approval["outcome"], approval["comment"], len(approval["votes"])) == ("CARRIED", "fine", 1)
    assert "Building Block Run Approval Carried" in [event.title for event in world.all_events()]


def test_what_a_run_has_begun_to_destroy_is_destroyed_by_its_next_attempt(world: BlockWorld) -> None:
    block = a_precious_block(world)
    decide(world, block, plan=world.latest_run(block).id, buildingBlockName=block["spec"]["displayName"])
    claimed = world.claimed()
    write_with_token(world, block, claimed)
    world.db.write_now(lambda tx: world.reports.release(tx, claimed.principal, claimed.run_id, "moving"))

    again = world.claimed()

    assert (again.behavior, again.run_id) == ("DESTROY", claimed.run_id)


def write_with_token(world: BlockWorld, block: Any, claimed: Any) -> None:
    """Let the engine of a run write that only the database is left."""
    before = world.api.principal
    world.api.be(claimed.principal)
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(block)}"
    body = {"version": 4, "serial": 9, "lineage": "l-1", "resources": []}
    world.api.send("POST", path, body, media=JSON).raise_for_status()
    world.api.be(before)


@pytest.mark.parametrize("kept_here", [True, False])
def test_what_nobody_knows_is_precious(world: BlockWorld, *, kept_here: bool) -> None:
    settings: Any = TERRAFORM["terraform"]
    terraform = {**TERRAFORM, "terraform": {**settings, "useMeshHttpBackendFallback": kept_here}}
    block = world.order(world.define(about=policies(), inputs={}, implementation=terraform))
    world.finish()
    with_rules(world, block, precious=["aws_db*"])

    world.delete(block)

    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
    waits = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
    assert "not known" in waits[0]["message"]
    run = world.latest_run(block)
    assert decide(world, block, plan=run.id, buildingBlockName=run.target.display_name).status_code == 200
    assert world.finish().behavior == "DESTROY"


def test_an_order_that_never_came_to_be_is_deleted_without_asking(world: BlockWorld) -> None:
    block = world.order(world.define(about=policies(), inputs={}))
    world.finish(status=RunStatus.FAILED)
    with_rules(world, block, precious=["*"])

    world.delete(block)

    assert world.finish().behavior == "DESTROY"


def test_graded_rules_take_two_people_who_did_not_want_it(world: BlockWorld) -> None:
    block = a_block(world, MACHINE)
    with_rules(world, block, byBlast=True)
    hired(world, "nora", "bert")
    world.api.be(a_person("sue", SHOP))
    world.delete(block)
    run = world.latest_run(block)

    answers = [decide(world, block, who=who, plan=run.id) for who in (PLATFORM, a_person("sue", ADMINISTRATOR))]
    for person in ("nora", "bert"):
        assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
        assert decide(world, block, who=a_person(person, PLATFORM), plan=run.id).status_code == 200

    assert [refusal(one) for one in answers] == [(403, "FourEyes"), (403, "FourEyes")]
    assert world.finish().behavior == "DESTROY"


def test_the_undo_window_of_an_approved_destruction_is_not_cut_short(world: BlockWorld) -> None:
    block = a_block(world, DATABASE)
    definition = world.stored(block).definition_id
    lifetimes = {"undoMinutes": 30, "maximumDays": None}
    world.as_admin("PUT", f"/api/blockyard/v1/definitions/{definition}/lifetimes", lifetimes, media=JSON)
    with_rules(world, block, precious=["aws_db*"])
    world.delete(block)
    run = world.latest_run(block)
    decide(world, block, plan=run.id, buildingBlockName=run.target.display_name)

    nobody = world.claim()
    world.clock.advance(1801)

    assert nobody is None
    assert world.claimed().run_id == run.id


def test_a_purge_destroys_nothing_and_asks_nobody(world: BlockWorld) -> None:
    block = a_precious_block(world)
    run = world.latest_run(block)

    world.api.be(PLATFORM)
    assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}/purge").status_code == 202

    assert lifecycle_of(world.read(block)) == "DELETED"
    assert detail(world, run)["status"] == "ABORTED"


def test_the_end_of_a_block_does_not_ask_again_what_was_declined(world: BlockWorld) -> None:
    block = a_block(world, DATABASE)
    with_rules(world, block, precious=["aws_db*"], timeoutHours=2000)
    world.as_admin("PUT", f"{OWN}/{uuid_of(block)}/expiry", {"expiresAt": "2026-01-03T00:00:00Z"}, media=JSON)
    let_days_pass(world, 12)
    waiting = status_of(world.read(block))
    decline(world, block)
    let_days_pass(world, 12)

    assert waiting == "WAITING_FOR_APPROVAL"
    assert (lifecycle_of(world.read(block)), status_of(world.read(block))) == ("ACTIVE", "SUCCEEDED")


def let_days_pass(world: BlockWorld, days: int) -> None:
    """Do what the loop of ends does, every day."""
    for _ in range(days):
        world.clock.advance(24 * 3600)
        for block_id in world.db.read_now(world.blocks.expiring.due):
            world.db.write_now(partial(world.blocks.expiring.settle, block_id=block_id))
