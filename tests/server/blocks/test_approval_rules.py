"""What rules add to approvals: who wanted it, what may be done, reminders, deputies, and what becomes of it in the end."""

from functools import partial
from typing import Any

import pytest

from blockyard.protocol.status import StatusUpdate
from blockyard.server.identity.model import NewUser, Principal
from blockyard.server.runs.model import Run
from tests.support.approvals import OWN_RUNS, a_resource, decide, hired, planned, policies
from tests.support.block_world import (
    BLOCKS,
    DEFINITIONS,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    status_of,
    uuid_of,
)
from tests.support.principals import a_person

JSON = "application/json"
CREATES, CHANGES = a_resource("aws_db.main", "create"), a_resource("aws_db.main", "update")


def a_version(world: BlockWorld, *asked: str, **rules: Any) -> Any:
    """Return the version of a definition with these policies and rules."""
    inputs = {"size": an_input(updateableByConsumer=True)}
    return world.define(about=policies(*asked, **rules), transparent=True, inputs=inputs)


def a_waiting_block(world: BlockWorld, **rules: Any) -> Any:
    """Return a block of which an input was changed, which waits for an approval."""
    block = world.order(a_version(world, "userInputChanges", **rules), {"size": "small"})
    world.finish()
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)
    return block


def a_group(world: BlockWorld, name: str, *people: str) -> None:
    """Make a group of the installation with these people."""
    for person in people:
        new = NewUser(username=person, first_name=person.title(), last_name="Doe", email=f"{person}@x.test")
        world.db.write_now(partial(world.services.users.seed, new=new, password="four random words"))
    world.db.write_now(lambda tx: world.services.groups.seed(tx, name, name.title(), people))


def detail(world: BlockWorld, run: Run) -> Any:
    """Return a run as administrators see it."""
    return world.as_admin("GET", f"{OWN_RUNS}/{run.id}", media=JSON)


def titles(world: BlockWorld, run: Run) -> list[str]:
    """Return what is told of a run."""
    return [event.title for event in world.all_events() if event.subject_id == str(run.id)]


def test_four_eyes_are_about_who_wanted_the_content(world: BlockWorld) -> None:
    sue, nora, bert = a_person("sue", SHOP), a_person("nora", SHOP), a_person("bert", SHOP)
    block = world.order(a_version(world, "userInputChanges", "manualTriggers", fourEyes=True), {"size": "small"})
    world.finish()
    world.api.be(sue)
    world.change(block, inputs={"size": "large"})
    planned(world, CHANGES)
    world.api.be(bert)
    started = world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    planned(world, CHANGES)
    approval = detail(world, world.latest_run(block))["approval"]

    assert started.is_success, started.text
    assert (approval["wantedBy"]["username"], approval["alsoWantedBy"]) == ("sue", [])
    assert decide(world, block, who=sue).json()["errorCode"] == "FourEyes"
    assert decide(world, block, who=bert).status_code == 200
    world.finish()
    world.api.be(nora)
    world.change(block, inputs={"size": "huge"})
    planned(world, CHANGES)
    assert decide(world, block, who=sue).status_code == 200


def test_a_run_by_hand_without_news_is_wanted_by_who_starts_it(world: BlockWorld) -> None:
    block = world.order(a_version(world, "manualTriggers", fourEyes=True), {"size": "small"})
    world.finish()
    bert = a_person("bert", SHOP)
    world.api.be(bert)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run").raise_for_status()
    planned(world, CHANGES)

    assert decide(world, block, who=bert).json()["errorCode"] == "FourEyes"
    assert decide(world, block, who=a_person("sue", SHOP)).status_code == 200


def test_what_an_api_key_wanted_takes_two_people_where_four_eyes_are_asked_for(world: BlockWorld) -> None:
    block = a_waiting_block(world, fourEyes=True)
    sue, nora = a_person("sue", PLATFORM), a_person("nora", PLATFORM)
    hired(world, "sue", "nora")

    assert detail(world, world.latest_run(block))["approval"]["needed"] == 2
    assert decide(world, block, who=sue).status_code == 200
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"
    assert decide(world, block, who=nora).status_code == 200
    assert world.claimed().behavior == "APPLY"


def test_an_api_key_is_none_of_several_people(world: BlockWorld) -> None:
    block = a_waiting_block(world, approvals=2)

    refused = decide(world, block)

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "PersonNeeded")


def test_people_are_reminded_once(world: BlockWorld) -> None:
    block = a_waiting_block(world, reminderHours=24)
    run = world.latest_run(block)

    for _ in range(2):
        world.sweep()
        world.clock.advance(24 * 3600)
        world.sweep()

    assert titles(world, run).count("Building Block Run Approval Reminder") == 1
    assert status_of(world.read(block)) == "WAITING_FOR_APPROVAL"


def test_deputies_decide_once_their_time_has_come_as_far_as_they_see_the_plan(world: BlockWorld) -> None:
    a_group(world, "deputies", "dora", "stranger")
    block = a_waiting_block(world, deputyGroup="deputies", deputyHours=48)
    reader = frozenset({"BUILDINGBLOCK_LIST"})
    dora = a_person("dora", with_codes(reader))
    early = decide(world, block, who=dora)
    waits = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
    world.clock.advance(48 * 3600)
    world.api.be(dora)
    shown = world.api.ok("GET", f"{OWN_RUNS}/{world.latest_run(block).id}", media=JSON)

    assert early.status_code == 403
    assert "people of group 'deputies' may decide as well" in waits[0]["message"]
    assert shown["mayApprove"] is True
    assert decide(world, block, who=a_person("other", with_codes(reader))).status_code == 403
    assert decide(world, block, who=a_person("stranger", with_codes(frozenset()))).status_code == 404
    assert decide(world, block, who=dora).status_code == 200


def with_codes(codes: frozenset[str]) -> Any:
    """Return somebody of the shop who may do just that."""
    return Principal(author=SHOP.author, grants={"shop": codes})


def test_what_is_not_decided_in_time_may_wait_on_and_says_so_each_time(world: BlockWorld) -> None:
    block = a_waiting_block(world, timeoutHours=2, timeoutResult="WAIT")
    run = world.latest_run(block)

    for _ in range(2):
        world.clock.advance(2 * 3600)
        world.sweep()

    assert titles(world, run).count("Building Block Run Approval Overdue") == 2
    assert decide(world, block).status_code == 200
    assert world.finish().behavior == "APPLY"


def test_an_upgrade_whose_runs_may_do_more_takes_as_much_as_one_that_destroys(world: BlockWorld) -> None:
    version = a_version(world, "versionUpgrade", byBlast=True)
    block = world.order(version, {"size": "small"})
    world.finish()
    same = world.next_version(version, permissions=[])
    world.change(block, version=same)
    planned(world, CREATES)
    world.finish()
    more = world.next_version(same, permissions=["TENANT_LIST"])

    world.change(world.read(block), version=more)
    planned(world, CREATES)
    approval = detail(world, world.latest_run(block))["approval"]

    assert (approval["needed"], approval["fourEyes"]) == (2, True)
    assert approval["reasons"] == ["Its runs may do more than before: TENANT_LIST."]


def test_precious_resources_may_be_among_what_a_plan_does_not_list(world: BlockWorld) -> None:
    block = world.order(a_version(world, precious=["aws_db*"]), {"size": "small"})
    planned(world, CREATES)
    world.finish()
    world.change(block, inputs={"size": "large"})
    claimed = world.claimed()
    counted = {"resources": [], "counts": {"delete": 1}, "leftOut": 1, "digest": "0" * 64}
    report_counts(world, claimed, counted)

    approval = detail(world, world.latest_run(block))["approval"]
    assert (approval["typesName"], approval["reasons"]) == (True, ["Not all that it destroys or replaces is known."])


def report_counts(world: BlockWorld, claimed: Any, changes: Any) -> None:
    """Report a dry run whose changes are counted only."""
    told = {"status": "SUCCEEDED", "artifact": "cGxhbg==", "changesDetected": True, "planChanges": changes}
    update = StatusUpdate.model_validate(told)
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))


@pytest.mark.parametrize(
    ("rules", "code", "member"),
    [
        ({"deputyGroup": "nobody", "deputyHours": 2}, "GroupUnknown", "deputyGroup"),
        ({"deputyGroup": "nobody"}, "BadApprovalRules", "deputyHours"),
        ({"deputyHours": 2}, "BadApprovalRules", "deputyGroup"),
        ({"reminderHours": 168}, "BadApprovalRules", "reminderHours"),
        ({"timeoutResult": "APPROVE"}, "InvalidRequest", "timeoutResult"),
    ],
)
@pytest.mark.one_database
def test_rules_that_cannot_be_followed_are_refused(world: BlockWorld, rules: Any, code: str, member: str) -> None:
    definition = {
        "metadata": {"ownedByWorkspace": "platform", "tags": {}},
        "spec": {
            "displayName": "Bucket",
            "description": "useful",
            "targetType": "WORKSPACE_LEVEL",
            **policies(**rules),
        },
    }
    media = "application/vnd.meshcloud.api.meshbuildingblockdefinition.v1-preview.hal+json"
    world.api.be(PLATFORM)
    answer = world.api.send("POST", DEFINITIONS, definition, media=media)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    assert member in answer.text
