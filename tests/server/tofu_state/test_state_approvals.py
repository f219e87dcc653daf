"""What a state may lose only after somebody has said yes: work on it, and other states in its place."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.version import MAINTENANCE
from blockyard.server.kit.database import Database
from tests.server.blocks.test_destructions import DATABASE, MACHINE, a_block, refusal, with_rules, write_state
from tests.server.tofu_state.test_state_work import REASON, end_plan, send, versions
from tests.support.approvals import decide, decline, hired
from tests.support.block_world import PLATFORM, BlockWorld, uuid_of
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR, a_person

JSON = "application/json"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces, a shared runner that knows maintenance, and all services."""
    made = BlockWorld(database, clock)
    made.protocol = MAINTENANCE
    return made


def guarded(world: BlockWorld, **rules: Any) -> Any:
    """Return a block whose first state has a machine, and whose second one a database as well, which is precious."""
    block = a_block(world, MACHINE)
    write_state(world, block, MACHINE, DATABASE, serial=2)
    with_rules(world, block, **(rules or {"precious": ["aws_db*"]}))
    world.api.be(PLATFORM)
    world.clock.advance(seconds=60)
    return block


def asked(world: BlockWorld, block: Any, command: str, *arguments: str) -> Any:
    """Ask for work on the state of a block."""
    body: JsonObject = {"command": command, "arguments": [*arguments], "reason": "a test"}
    return send(world, block, "maintenance", body)


def test_nothing_precious_is_taken_out_of_a_state_before_somebody_says_yes(world: BlockWorld) -> None:
    block = guarded(world)
    assert asked(world, block, "STATE_RM", DATABASE).status_code == 202
    run, name = world.latest_run(block), block["spec"]["displayName"]

    nobody = world.claim()
    unnamed = decide(world, block, plan=run.id)
    approved = decide(world, block, plan=run.id, buildingBlockName=name)

    assert (nobody, run.awaits_approval) == (None, True)
    assert refusal(unnamed) == (400, "NameNotTyped")
    assert approved.status_code == 200, approved.text
    assert world.claimed().run_id == run.id


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("command", "arguments", "waits"),
    [
        ("STATE_RM", [MACHINE, 'aws_db.main["a"]'], True),
        ("STATE_MV", [DATABASE, "aws_vm.other"], True),
        ("STATE_MV", [MACHINE, "aws_db.other"], True),
        ("IMPORT", ["module.a[0].aws_db.other", "id-1"], True),
        ("TAINT", [DATABASE], True),
        ("STATE_RM", [MACHINE], False),
        ("TAINT", [MACHINE], False),
    ],
)
def test_only_work_on_what_is_precious_waits(
    world: BlockWorld, command: str, arguments: list[str], *, waits: bool
) -> None:
    block = guarded(world)

    assert asked(world, block, command, *arguments).status_code == 202
    assert world.latest_run(block).awaits_approval is waits


def test_where_destruction_takes_two_others_so_does_any_work_on_a_state(world: BlockWorld) -> None:
    block = guarded(world, byBlast=True)
    hired(world, "nora", "bert")
    asked(world, block, "STATE_RM", MACHINE)
    run = world.latest_run(block)

    own = decide(world, block, plan=run.id)
    for person in ("nora", "bert"):
        assert world.claim() is None
        assert decide(world, block, who=a_person(person, PLATFORM), plan=run.id).status_code == 200

    assert refusal(own) == (403, "FourEyes")
    assert world.claimed().run_id == run.id


def test_work_that_was_declined_is_not_done_and_changes_nothing_else(world: BlockWorld) -> None:
    block = guarded(world)
    before = world.read(block)["status"]
    asked(world, block, "STATE_RM", DATABASE)

    assert decline(world, block).status_code == 200

    assert (world.claim(), world.latest_run(block).status) == (None, RunStatus.ABORTED)
    assert world.read(block)["status"]["status"] == before["status"]


def test_work_is_approved_for_the_state_that_was_there(world: BlockWorld) -> None:
    block = guarded(world)
    asked(world, block, "STATE_RM", DATABASE)
    run, name = world.latest_run(block), block["spec"]["displayName"]
    decide(world, block, plan=run.id, buildingBlockName=name)
    write_state(world, block, MACHINE, DATABASE, "aws_db.second", serial=3)

    assert world.claim() is None
    assert world.latest_run(block).status is RunStatus.FAILED
    assert "nothing was changed" in (world.latest_run(block).summary or "")


def test_no_other_state_takes_the_place_of_one_with_something_precious(world: BlockWorld) -> None:
    block = guarded(world)
    world.api.be(ADMINISTRATOR)
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(block)}"
    lacking: JsonObject = {"version": 4, "serial": 3, "lineage": "l-1", "resources": []}

    restored = send(world, block, "versions/1/restore")
    deleted, written = world.api.send("DELETE", path, media=JSON), world.api.send("POST", path, lacking, media=JSON)

    assert [refusal(one) for one in (restored, deleted, written)] == [(409, "ApprovalNeeded")] * 3
    assert versions(world, block)[0]["number"] == 2
    write_state(world, block, DATABASE, serial=3)  # whoever keeps what is precious may write


def test_a_restore_that_forgets_something_precious_waits_and_swaps_nothing_before_it_begins(world: BlockWorld) -> None:
    block = guarded(world)
    send(world, block, "versions/1/plan-restore")
    end_plan(world, world.claimed(), changes=False)

    restored = send(world, block, "versions/1/apply-restore", REASON).json()
    run, waiting = world.latest_run(block), versions(world, block)
    nobody, declined = world.claim(), decline(world, block)

    assert (restored["runUuid"], restored["version"]) == (str(run.id), None)
    assert (run.awaits_approval, waiting[0]["number"], nobody) == (True, 2, None)
    assert declined.status_code == 200
    assert versions(world, block)[0]["number"] == 2
