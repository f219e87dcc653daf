"""Runs that wait for an approval of their plan. Source: api.md 3.16 and 3.20, concepts.md 10.2."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx2
import pytest

from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import StatusUpdate
from blockyard.server.runs.model import TriggerReason
from blockyard.server.workspaces.model import BindingKind
from tests.support.approvals import (
    OWN_RUNS,
    RUNS,
    a_resource,
    decide,
    decline,
    hired,
    planned,
    policies,
    report_plan,
)
from tests.support.block_world import (
    BLOCKS,
    OTHER,
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
from tests.support.principals import ADMINISTRATOR, a_key, a_person

CREATES = a_resource("aws_db.main", "create")
CHANGES = a_resource("aws_db.main", "update")
DESTROYS = a_resource("aws_db.main", "delete")


def a_version(world: BlockWorld, *asked: str, transparent: bool = False, **rules: Any) -> Any:
    """Return the version of a definition that asks for approvals."""
    inputs = {"size": an_input(updateableByConsumer=True)}
    return world.define(about=policies(*asked, **rules), transparent=transparent, inputs=inputs)


def a_ready_block(world: BlockWorld, *asked: str, transparent: bool = False, **rules: Any) -> Any:
    """Return a block that is there, whose creation did not have to be approved."""
    block = world.order(a_version(world, *asked, transparent=transparent, **rules), {"size": "small"})
    world.finish()
    assert status_of(world.read(block)) == "SUCCEEDED"
    return block


def run_by_hand(world: BlockWorld, block: Any) -> None:
    """Start a run by hand."""
    world.api.be(PLATFORM)
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run").is_success
    world.api.be(SHOP)


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["errorCode"]


def test_exactly_the_approved_plan_is_applied(world: BlockWorld) -> None:
    block = world.order(a_version(world, "buildingBlockCreation"), {"size": "small"})
    before = status_of(world.read(block))
    plan = planned(world, CREATES, plan=b"the plan")
    waiting, nobody = world.latest_run(block), world.claim()
    during = world.read(block)["status"]

    answer = decide(world, block, comment="fine")
    after = status_of(world.read(block))
    applying = world.claimed()
    update = StatusUpdate.model_validate({"status": "SUCCEEDED", "planDigest": sha256(b"the plan").hexdigest()})
    world.db.write_now(lambda tx: world.reports.report(tx, applying.principal, applying.run_id, "runner", update))

    assert before == "PENDING"
    assert nobody is None
    assert (waiting.behavior, waiting.trigger.reason, waiting.plan_run_id) == (
        Behavior.APPLY,
        TriggerReason.PREFLIGHT_SUCCEEDED,
        plan.run_id,
    )
    assert (during["status"], during["latestRunUuid"]) == ("WAITING_FOR_APPROVAL", str(waiting.id))
    assert answer.status_code == 200, answer.text
    assert after == "PENDING"
    assert applying.run_id == waiting.id
    link: Any = applying.document["_links"]
    assert link["planArtifact"]["sha256"] == sha256(b"the plan").hexdigest()
    assert status_of(world.read(block)) == "SUCCEEDED"
    titles = [event.title for event in world.all_events()]
    assert "Building Block Run Approved" in titles


def test_a_runner_that_applied_another_plan_has_failed(world: BlockWorld) -> None:
    block = world.order(a_version(world, "buildingBlockCreation"), {"size": "small"})
    planned(world, CREATES)
    decide(world, block)
    applying = world.claimed()

    update = StatusUpdate.model_validate({"status": "SUCCEEDED", "planDigest": "0" * 64})
    world.db.write_now(lambda tx: world.reports.report(tx, applying.principal, applying.run_id, "runner", update))

    assert status_of(world.read(block)) == "FAILED"
    assert "another plan" in str(world.latest_run(block).summary)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("buildingBlockCreation", {"order"}),
        ("versionUpgrade", {"upgrade"}),
        ("userInputChanges", {"input"}),
        ("anyInputChanges", {"input", "operator"}),
        ("manualTriggers", {"manual"}),
    ],
)
def test_each_policy_is_for_its_cause(world: BlockWorld, asked: str, waits: set[str]) -> None:
    inputs = {
        "size": an_input(updateableByConsumer=True),
        "zone": an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT", isOptional=True),
    }
    version = world.define(about=policies(asked), inputs=inputs)
    block = world.order(version, {"size": "small"})
    found = {"order"} if _is_planned(world, block) else set()
    world.change(block, inputs={"size": "large"})
    found |= {"input"} if _is_planned(world, block) else set()
    world.as_admin("PUT", f"{BLOCKS}/{uuid_of(block)}", _operators(world, block))
    found |= {"operator"} if _is_planned(world, block) else set()
    run_by_hand(world, block)
    found |= {"manual"} if _is_planned(world, block) else set()
    newer = world.next_version(version)
    world.change(block, version=newer)
    found |= {"upgrade"} if _is_planned(world, block) else set()

    assert found == waits


def _operators(world: BlockWorld, block: Any) -> Any:
    return a_change(world.read(block), inputs={"zone": "north"})


def _is_planned(world: BlockWorld, block: Any) -> bool:
    """Let the next run succeed, and tell whether its plan had to be approved."""
    claimed = world.claimed()
    if claimed.behavior != "DETECT":
        world.report(claimed)
        return False
    report_plan(world, claimed, CHANGES)
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
    assert decide(world, block).status_code == 200
    world.finish()
    return True


def test_what_was_declined_is_not_applied_by_the_next_run_unseen(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)

    answer = decline(world, block)
    after = status_of(world.read(block))
    run_by_hand(world, block)

    assert answer.status_code == 200, answer.text
    assert after == "ABORTED"
    assert "too dear" in str(world.db.read_now(lambda tx: world.runs.recent(tx, block_id(block), 3))[1].summary)
    assert world.claimed().behavior == "DETECT"


def block_id(block: Any) -> Any:
    """Return the id of a block."""
    return UUID(uuid_of(block))


def test_what_a_stopped_cascade_has_held_is_not_applied_by_a_run_by_hand_unseen(world: BlockWorld) -> None:
    top = world.define("Top", inputs={"text": an_input(updateableByConsumer=True)}, outputs={"out": an_output()})
    takes = an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(top)}.out")
    refs = [{"uuid": definition_of(top), "kind": "meshBuildingBlockDefinition"}]
    under = world.define(
        "Under", about=policies("anyInputChanges"), inputs={"in": takes}, dependencyDefinitionRefs=refs
    )
    parent = world.order(top, {"text": "1"})
    world.finish({"out": a_value("1")})
    child = world.order(under, parents=[parent])
    world.finish()

    world.change(parent, inputs={"text": "2"})
    world.db.write_now(lambda tx: world.blocks.stop_cascade(tx, SHOP, UUID(uuid_of(parent)), "enough"))
    world.finish({"out": a_value("2")})
    run_by_hand(world, child)

    assert world.claimed().behavior == "DETECT"


def test_an_approval_is_bound_to_its_plan(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    first = planned(world, CHANGES)
    void = world.latest_run(block)
    world.change(block, inputs={"size": "huge"})
    second = planned(world, CHANGES)

    assert refusal(decide(world, block, plan=first.run_id)) == (409, "PlanChanged")
    world.api.be(PLATFORM)
    body = {"predecessorRunUuid": str(first.run_id)}
    late = world.api.send("POST", f"{RUNS}/{void.id}/approve", body, media=RUN.media)
    world.api.be(SHOP)
    assert refusal(late) == (400, "NotWaiting")
    assert world.db.read_now(lambda tx: world.runs.by_id(tx, void.id)).status is RunStatus.ABORTED
    assert decide(world, block, plan=second.run_id).status_code == 200
    assert refusal(decide(world, block, plan=second.run_id)) == (400, "NotWaiting")


def test_a_change_during_the_plan_is_planned_too(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    planning = world.claimed()
    world.change(block, inputs={"size": "huge"})
    report_plan(world, planning, CHANGES)

    again = world.claimed()

    assert again.behavior == "DETECT"
    assert again.inputs["size"]["value"] == "huge"
    report_plan(world, again, CHANGES)
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_what_is_saved_before_a_run_is_claimed_is_not_slipped_in(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    run_by_hand(world, block)
    world.change(block, inputs={"size": "large"})

    claimed = world.claimed()

    assert (claimed.behavior, claimed.inputs["size"]["value"]) == ("DETECT", "large")
    report_plan(world, claimed, CHANGES)
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_a_plan_without_changes_needs_no_approval(world: BlockWorld) -> None:
    block = world.order(a_version(world, "buildingBlockCreation"), {"size": "small"})
    planned(world)
    applying = world.finish()

    assert applying.behavior == "APPLY"
    assert "planArtifact" in str(applying.document["_links"])
    assert status_of(world.read(block)) == "SUCCEEDED"


def test_a_failed_plan_fails_the_block(world: BlockWorld) -> None:
    block = world.order(a_version(world, "buildingBlockCreation"), {"size": "small"})
    world.finish(status=RunStatus.FAILED)

    assert status_of(world.read(block)) == "FAILED"


def test_only_who_may_decide_is_offered_to(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)
    run = world.latest_run(block)
    reader = a_key("platform", "MANAGED_BUILDINGBLOCKRUN_LIST")

    world.api.be(PLATFORM)
    offered = world.api.ok("GET", f"{RUNS}/{run.id}", media=RUN.media)["_links"]
    listed = world.api.ok("GET", f"{RUNS}?buildingBlockUuid={uuid_of(block)}", media=RUN.media)
    world.api.be(reader)
    shown = world.api.ok("GET", f"{RUNS}/{run.id}", media=RUN.media)["_links"]
    world.api.be(SHOP)

    assert offered["approve"]["href"].endswith(f"/{run.id}/approve")
    assert offered["predecessor"]["href"].endswith(f"/{run.plan_run_id}")
    assert "abort" in offered
    assert "approve" in listed["_embedded"]["meshBuildingBlockRuns"][0]["_links"]
    assert "approve" not in listed["_embedded"]["meshBuildingBlockRuns"][1]["_links"]
    assert not {"approve", "abort"} & shown.keys()
    assert decide(world, block, who=reader).status_code == 403
    assert decide(world, block, who=SHOP).status_code == 403
    assert decide(world, block, who=OTHER).status_code == 404


def test_who_wants_a_change_never_approves_it_where_four_eyes_are_asked_for(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges", transparent=True, fourEyes=True)
    world.api.be(SHOP)
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)

    [wait] = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media="application/json")["waits"]
    assert wait["owner"] == {"kind": "WORKSPACE", "workspace": "shop"}
    assert "by people of workspace 'shop' or 'platform'" in wait["endsWhen"]
    assert refusal(decide(world, block, who=SHOP)) == (403, "FourEyes")
    assert refusal(decide(world, block, who=PLATFORM)) == (403, "FourEyes"), "a key has no eyes"
    assert decide(world, block, who=a_person("nora", PLATFORM)).status_code == 200


@pytest.mark.parametrize(
    ("change", "needed"),
    [(CREATES, 0), (CHANGES, 1), (DESTROYS, 2), (a_resource("aws_db.main", "replace"), 2)],
)
def test_the_blast_of_a_plan_says_what_an_approval_takes(world: BlockWorld, change: Any, needed: int) -> None:
    block = a_ready_block(world, "userInputChanges", transparent=True, byBlast=True)
    world.api.be(SHOP)
    world.change(block, inputs={"size": "large"})
    planned(world, change)
    people = [a_person("nora", PLATFORM), a_person("bert", PLATFORM)] if needed == 2 else [PLATFORM]
    hired(world, "nora", "bert")

    if needed == 2:
        assert refusal(decide(world, block, who=SHOP)) == (403, "FourEyes")
    for number in range(needed):
        assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
        assert decide(world, block, who=people[number]).status_code == 200

    assert world.finish().behavior == "APPLY"
    assert status_of(world.read(block)) == "SUCCEEDED"


def test_the_vote_of_somebody_who_has_lost_the_right_since_does_not_count(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges", transparent=True, byBlast=True)
    hired(world, "nora", "bert", "olga")
    world.api.be(SHOP)
    world.change(block, inputs={"size": "large"})
    planned(world, DESTROYS)
    assert decide(world, block, who=a_person("nora", PLATFORM)).status_code == 200
    world.db.write_now(lambda tx: world.services.bindings.delete(tx, ADMINISTRATOR, BindingKind.USER, "nora-platform"))

    assert decide(world, block, who=a_person("bert", PLATFORM)).status_code == 200
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
    assert decide(world, block, who=a_person("olga", PLATFORM)).status_code == 200
    assert world.finish().behavior == "APPLY"


def test_something_precious_is_destroyed_only_if_the_name_is_typed(world: BlockWorld) -> None:
    block = world.order(a_version(world, precious=["aws_d*"]), {"size": "small"})
    planned(world, CREATES)
    world.finish()
    world.change(block, inputs={"size": "large"})
    planned(world, DESTROYS, a_resource("aws_vm.web", "delete"))
    name = world.read(block)["spec"]["displayName"]

    waits = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media="application/json")["waits"]

    assert "aws_db.main" in waits[0]["message"]
    assert (waits[0]["kind"], waits[0]["owner"]) == ("APPROVAL", {"kind": "PROVIDER", "workspace": "platform"})
    assert refusal(decide(world, block)) == (400, "NameNotTyped")
    world.change(world.read(block), inputs={"size": "large"}, name="renamed")
    assert refusal(decide(world, block, buildingBlockName=name)) == (400, "NameNotTyped")
    assert decide(world, block, buildingBlockName="renamed").status_code == 200


def test_a_stale_plan_is_made_anew_and_keeps_its_approval_if_it_does_the_same(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)
    decide(world, block)
    world.report(world.claimed(), RunStatus.FAILED, message="Error: Saved plan is stale")
    planned(world, CHANGES, plan=b"the same again")
    again = world.claimed()

    assert again.behavior == "APPLY"
    world.report(again, RunStatus.FAILED, message="Error: Saved plan is stale")
    planned(world, CHANGES, DESTROYS)
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_nobody_waits_for_ever(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges", timeoutHours=2, planAgeHours=1)
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)
    run = world.latest_run(block)

    world.clock.advance(3600)
    assert refusal(decide(world, block)) == (409, "PlanTooOld")
    world.clock.advance(timedelta(hours=2).total_seconds())
    world.sweep()

    shown = world.as_admin("GET", f"{OWN_RUNS}/{run.id}", media="application/json")
    assert (shown["status"], shown["approval"]["outcome"]) == ("ABORTED", "EXPIRED")
    assert status_of(world.read(block)) == "ABORTED"


def test_the_plan_of_a_waiting_run_is_kept_however_old_it_is(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges", timeoutHours=2000)
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)

    world.clock.advance(30 * 24 * 3600)
    world.db.write_now(world.sweeper.remove_old_plans)

    assert decide(world, block).status_code == 200
    assert world.claimed().behavior == "APPLY"


def test_a_waiting_block_is_deleted_like_any_other(world: BlockWorld) -> None:
    block = a_ready_block(world, "userInputChanges")
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)

    assert world.delete(block).status_code == 202
    assert world.finish().behavior == "DESTROY"
    assert world.read(block)["status"]["status"] == "SUCCEEDED"


def test_a_definition_keeps_its_rules_when_a_client_of_the_contract_saves_it(world: BlockWorld) -> None:
    version = a_version(world, "userInputChanges", fourEyes=True)
    path = f"/api/meshobjects/meshbuildingblockdefinitions/{version['spec']['buildingBlockDefinitionRef']['uuid']}"
    media = "application/vnd.meshcloud.api.meshbuildingblockdefinition.v1-preview.hal+json"
    stored = world.as_admin("GET", path, media=media)
    sent = {"metadata": stored["metadata"], "spec": {**stored["spec"]}}
    del sent["spec"]["approvalRules"]

    kept = world.as_admin("PUT", path, sent, media=media)["spec"]
    sent["spec"]["approvalRules"] = {}
    off = world.as_admin("PUT", path, sent, media=media)["spec"]

    assert kept["approvalRules"]["fourEyes"] is True
    assert "approvalRules" not in off

    sent["spec"]["approvalRules"] = {"fourEye": True}
    refused = world.api.refused(400, "PUT", path, sent, media=media)
    assert refused["field"] == "/spec/approvalRules/fourEye"
