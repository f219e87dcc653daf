"""Before a block is run: who runs again because of it, and why; and that many changes are one run."""

from typing import Any

from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    BLOCKS,
    BlockWorld,
    a_value,
    an_input,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)


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
