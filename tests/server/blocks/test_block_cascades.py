"""Before a block is run: who runs again because of it, and why; and that many changes are one run."""

from typing import Any

from blockyard.protocol.names import RunStatus
from blockyard.server.kit.database import Database
from tests.support.block_world import (
    BLOCKS,
    OWN,
    BlockWorld,
    a_value,
    an_input,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)
from tests.support.clock import FixedClock

JSON = "application/json"


def a_definition(world: BlockWorld, name: str, *takes: tuple[dict[str, Any], str]) -> Any:
    """Return a version with two outputs that takes these outputs of others."""
    inputs = {
        f"in-{at}": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(parent)}.{key}")
        for at, (parent, key) in enumerate(takes)
    }
    refs = [{"uuid": definition_of(parent), "kind": "meshBuildingBlockDefinition"} for parent, _ in takes]
    more: dict[str, Any] = {"dependencyDefinitionRefs": refs} if refs else {}
    return world.define(name, inputs=inputs, outputs={"a": an_output(), "b": an_output()}, **more)


def finish(world: BlockWorld, text: str) -> None:
    world.finish({"a": a_value(text), "b": a_value("same")})


def a_diamond(world: BlockWorld) -> tuple[Any, Any, Any, Any]:
    """Return a top, two sides that take its output, and a bottom that takes those of both sides."""
    top = a_definition(world, "Top")
    one, other = a_definition(world, "One", (top, "a")), a_definition(world, "Other", (top, "a"))
    bottom = a_definition(world, "Bottom", (one, "a"), (other, "a"))
    blocks = [world.order(top)]
    finish(world, "1")
    for side in (one, other):
        blocks.append(world.order(side, parents=[blocks[0]]))
        finish(world, "1")
    blocks.append(world.order(bottom, parents=blocks[1:3]))
    finish(world, "1")
    return blocks[0], blocks[1], blocks[2], blocks[3]


def cascade(world: BlockWorld, block: Any) -> Any:
    return world.api.send("GET", f"/api/blockyard/v1/blocks/{uuid_of(block)}/cascade").json()


def test_who_runs_again_is_shown_once_with_all_reasons(world: BlockWorld) -> None:
    top, one, other, bottom = a_diamond(world)

    shown = cascade(world, top)

    found = {item["uuid"]: item for item in shown["buildingBlocks"]}
    assert found.keys() == {uuid_of(one), uuid_of(other), uuid_of(bottom)}
    assert found[uuid_of(one)]["because"] == [
        {"buildingBlockUuid": uuid_of(top), "displayName": top["spec"]["displayName"], "outputs": ["a"]}
    ]
    assert found[uuid_of(bottom)]["depth"] == 2
    assert {why["buildingBlockUuid"] for why in found[uuid_of(bottom)]["because"]} == {uuid_of(one), uuid_of(other)}
    assert shown["isCut"] is False
    assert cascade(world, bottom)["buildingBlocks"] == []


def test_two_changed_parents_are_one_run(world: BlockWorld) -> None:
    top, one, other, bottom = a_diamond(world)
    before = world.latest_run(bottom).number
    world.api.send("POST", f"{BLOCKS}/{uuid_of(top)}/trigger-run")
    finish(world, "2")
    finish(world, "2")
    finish(world, "2")
    assert status_of(world.read(bottom)) == "PENDING"
    finish(world, "2")

    assert world.claim() is None
    assert world.latest_run(bottom).number == before + 1
    assert {status_of(world.read(block)) for block in (one, other, bottom)} == {"SUCCEEDED"}


def test_a_failure_stops_what_would_follow_it(world: BlockWorld) -> None:
    top, one, _, bottom = a_diamond(world)
    before = world.latest_run(bottom).number
    world.api.send("POST", f"{BLOCKS}/{uuid_of(one)}/trigger-run")
    world.finish({}, RunStatus.FAILED)
    assert world.claim() is None
    assert world.latest_run(bottom).number == before
    assert cascade(world, top)["buildingBlocks"]


def run_top(world: BlockWorld, top: Any, text: str) -> None:
    """Run a block again, with another output."""
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(top)}/trigger-run").is_success
    finish(world, text)


def waits(world: BlockWorld, block: Any) -> list[Any]:
    """Return the sentences of what a block waits for."""
    return [one["message"] for one in world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]]


def test_a_cascade_is_stopped_by_hand_and_gone_on_with(world: BlockWorld) -> None:
    top, one, other, bottom = a_diamond(world)
    run_top(world, top, "2")

    stopped = world.api.ok("POST", f"{OWN}/{uuid_of(top)}/cascade/stop", {"reason": "wrong value"}, media=JSON)
    finish(world, "2")
    finish(world, "2")

    assert (stopped["stopped"], stopped["reason"], stopped["started"]) == (True, "BY_HAND", 2)
    assert (world.claim(), status_of(world.read(bottom))) == (None, "SUCCEEDED")
    assert "wrong value" in waits(world, bottom)[0]

    resumed = world.api.ok("POST", f"{OWN}/{uuid_of(one)}/cascade/resume", media=JSON)
    assert (resumed["stopped"], resumed["resumed"]) == (False, 1)
    assert world.finish({"a": a_value("3"), "b": a_value("same")}).inputs["in-0"]["value"] == "2"
    assert (status_of(world.read(bottom)), waits(world, bottom)) == ("SUCCEEDED", [])
    assert status_of(world.read(other)) == "SUCCEEDED"


def test_a_block_that_waits_for_its_other_parent_says_that_a_stop_holds_it(world: BlockWorld) -> None:
    top, _, _, bottom = a_diamond(world)
    run_top(world, top, "2")
    finish(world, "2")
    assert status_of(world.read(bottom)) == "WAITING_FOR_DEPENDENT_INPUT"
    world.api.ok("POST", f"{OWN}/{uuid_of(top)}/cascade/stop", {"reason": "wrong value"}, media=JSON)
    finish(world, "2")

    assert status_of(world.read(bottom)) == "WAITING_FOR_DEPENDENT_INPUT"
    [sentence] = waits(world, bottom)
    assert "wrong value" in sentence
    world.api.ok("POST", f"{OWN}/{uuid_of(bottom)}/cascade/resume", media=JSON)
    assert world.claimed().inputs["in-0"]["value"] == "2"


def test_a_run_by_hand_ends_what_a_stopped_cascade_holds(world: BlockWorld) -> None:
    top, one, other, _ = a_diamond(world)
    run_top(world, top, "2")
    world.api.ok("POST", f"{OWN}/{uuid_of(top)}/cascade/stop", {"reason": "no"}, media=JSON)
    for _ in range(2):
        finish(world, "1")  # as before: the bottom takes nothing new
    run_top(world, top, "3")

    assert [status_of(world.read(side)) for side in (one, other)] == ["PENDING", "PENDING"]


def test_the_first_failure_stops_a_cascade_where_the_installation_wants_that(
    database: Database, clock: FixedClock
) -> None:
    world = BlockWorld(database, clock, cascade_stops_at_failure=True)
    top, one, other, _ = a_diamond(world)
    run_top(world, top, "2")

    world.finish(status=RunStatus.FAILED)

    stopped = world.api.ok("POST", f"{OWN}/{uuid_of(top)}/cascade/stop", {"reason": "again"}, media=JSON)
    assert (stopped["reason"], stopped["stopped"]) == ("FAILED", True)
    assert {status_of(world.read(side)) for side in (one, other)} == {"FAILED", "PENDING"}


def test_a_cascade_goes_no_further_than_the_limit(database: Database, clock: FixedClock) -> None:
    world = BlockWorld(database, clock, cascade_limit=1)
    top, one, other, _ = a_diamond(world)

    run_top(world, top, "2")

    states = {status_of(world.read(side)): side for side in (one, other)}
    assert states.keys() == {"PENDING", "SUCCEEDED"}
    held = states["SUCCEEDED"]
    assert "no cascade may run more" in waits(world, held)[0]
    world.api.ok("POST", f"{OWN}/{uuid_of(held)}/cascade/resume", media=JSON)
    assert status_of(world.read(held)) == "PENDING"


def test_nothing_is_stopped_where_nothing_ran(world: BlockWorld) -> None:
    version = world.define(inputs={"need": an_input()})
    block = world.order(version)

    for verb, body, code in (("stop", {"reason": "x"}, "NothingToStop"), ("resume", None, "NothingStopped")):
        answer = world.api.send("POST", f"{OWN}/{uuid_of(block)}/cascade/{verb}", body, media=JSON)
        assert (answer.status_code, answer.json()["errorCode"]) == (409, code)
