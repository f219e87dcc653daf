"""Before a block is run: who runs again because of it, and why; and that many changes are one run."""

from typing import Any

from blockyard.protocol.names import RunStatus
from blockyard.server.kit.database import Database
from tests.support.block_world import (
    BLOCKS,
    OWN,
    BlockWorld,
    Claimed,
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


def finish_all(world: BlockWorld, claimed: list[Claimed], text: str = "2") -> None:
    for one in claimed:
        world.report(one, outputs={"a": a_value(text), "b": a_value("same")})


def stop(world: BlockWorld, block: Any, reason: str = "wrong value") -> Any:
    return world.api.ok("POST", f"{OWN}/{uuid_of(block)}/cascade/stop", {"reason": reason}, media=JSON)


def resume(world: BlockWorld, block: Any) -> Any:
    return world.api.ok("POST", f"{OWN}/{uuid_of(block)}/cascade/resume", media=JSON)


def waits(world: BlockWorld, block: Any) -> list[Any]:
    """Return the sentences of what a block waits for."""
    return [one["message"] for one in world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]]


def test_a_cascade_is_stopped_by_hand_and_gone_on_with(world: BlockWorld) -> None:
    top, one, other, bottom = a_diamond(world)
    run_top(world, top, "2")
    sides = [world.claimed(), world.claimed()]

    stopped = stop(world, top)
    finish_all(world, sides)

    assert (stopped["stopped"], stopped["reason"], stopped["started"]) == (True, "BY_HAND", 2)
    assert (world.claim(), status_of(world.read(bottom))) == (None, "SUCCEEDED")
    assert "wrong value" in waits(world, bottom)[0]

    resumed = world.api.ok("POST", f"{OWN}/{uuid_of(one)}/cascade/resume", media=JSON)
    assert (resumed["stopped"], resumed["resumed"]) == (False, 1)
    assert world.finish({"a": a_value("3"), "b": a_value("same")}).inputs["in-0"]["value"] == "2"
    assert (status_of(world.read(bottom)), waits(world, bottom)) == ("SUCCEEDED", [])
    assert status_of(world.read(other)) == "SUCCEEDED"


def test_a_block_that_waits_for_its_other_parent_is_as_it_was_and_held(world: BlockWorld) -> None:
    top, _, _, bottom = a_diamond(world)
    run_top(world, top, "2")
    sides = [world.claimed(), world.claimed()]
    finish_all(world, sides[:1])
    assert status_of(world.read(bottom)) == "WAITING_FOR_DEPENDENT_INPUT"
    stop(world, top)
    finish_all(world, sides[1:])

    assert status_of(world.read(bottom)) == "SUCCEEDED"
    [sentence] = waits(world, bottom)
    assert "wrong value" in sentence
    resume(world, bottom)
    assert world.claimed().inputs["in-0"]["value"] == "2"


def test_a_stop_withdraws_what_no_runner_has_claimed_and_what_it_had_goes_on(world: BlockWorld) -> None:
    top, one, other, bottom = a_diamond(world)
    before = {uuid_of(block): block["status"]["latestRunUuid"] for block in map(world.read, (one, other))}
    run_top(world, top, "2")
    claimed = world.claimed()
    going_on, withdrawn = (
        (one, other)
        if str(world.db.read_now(lambda tx: world.runs.by_id(tx, claimed.run_id)).block_id) == uuid_of(one)
        else (other, one)
    )

    stopped = stop(world, top)
    assert (stopped["started"], world.claim()) == (1, None)
    finish_all(world, [claimed])

    assert [status_of(world.read(block)) for block in (going_on, withdrawn, bottom)] == ["SUCCEEDED"] * 3
    assert world.read(withdrawn)["status"]["latestRunUuid"] == before[uuid_of(withdrawn)]
    run = world.latest_run(withdrawn)
    assert (run.status, run.attempt, run.abort_requested_at) == (RunStatus.ABORTED, 0, None)
    assert "withdrawn" in str(run.summary)
    assert "wrong value" in waits(world, withdrawn)[0]
    shown = cascade(world, top)
    assert (shown["stopped"], shown["reason"]) == (True, "BY_HAND")
    assert "wrong value" in shown["message"]
    assert {held["uuid"] for held in shown["held"]} == {uuid_of(withdrawn), uuid_of(bottom)}

    assert resume(world, top)["resumed"] == 2
    while (more := world.claim()) is not None:
        finish_all(world, [more])
    assert (cascade(world, top)["stopped"], cascade(world, top)["held"]) == (False, [])
    assert [status_of(world.read(block)) for block in (withdrawn, bottom)] == ["SUCCEEDED", "SUCCEEDED"]


def test_a_failed_block_whose_run_is_withdrawn_stays_failed(world: BlockWorld) -> None:
    top, one, _, _ = a_diamond(world)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(one)}/trigger-run")
    world.finish(status=RunStatus.FAILED)
    for text in ("2", "3"):  # the second time the run before is a withdrawn one
        run_top(world, top, text)
        stop(world, top)
        assert (status_of(world.read(one)), world.claim()) == ("FAILED", None)


def test_a_stop_leaves_what_people_want_too(world: BlockWorld) -> None:
    top, one, other, _ = a_diamond(world)
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(top)}/trigger-run").is_success
    claimed = world.claimed()
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(one)}/trigger-run").is_success
    finish_all(world, [claimed])

    stop(world, top)

    assert [status_of(world.read(side)) for side in (one, other)] == ["PENDING", "SUCCEEDED"]
    assert world.claimed().inputs["in-0"]["value"] == "2"
    assert waits(world, one) == []


def test_a_run_that_is_due_after_another_one_is_withdrawn_too(world: BlockWorld) -> None:
    top, one, _, _ = a_diamond(world)
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(one)}/trigger-run").is_success
    under_way = world.claimed()
    run_top(world, top, "2")
    stop(world, top)
    finish_all(world, [under_way], "1")

    assert (world.claim(), status_of(world.read(one))) == (None, "SUCCEEDED")
    assert "wrong value" in waits(world, one)[0]


def test_a_child_that_waits_for_a_block_whose_run_is_withdrawn_waits_no_more(world: BlockWorld) -> None:
    top = a_definition(world, "Top")
    middle = a_definition(world, "Middle", (top, "a"))
    low = a_definition(world, "Low", (middle, "a"))
    first = world.order(top)
    finish(world, "1")
    second = world.order(middle, parents=[first])
    finish(world, "1")
    run_top(world, first, "2")
    third = world.order(low, parents=[second])
    assert status_of(world.read(third)) == "WAITING_FOR_DEPENDENT_INPUT"

    stop(world, first)

    finish(world, "1")
    assert status_of(world.read(third)) == "SUCCEEDED"


def test_a_run_by_hand_ends_what_a_stopped_cascade_holds(world: BlockWorld) -> None:
    top, one, other, _ = a_diamond(world)
    run_top(world, top, "2")
    stop(world, top)
    assert [status_of(world.read(side)) for side in (one, other)] == ["SUCCEEDED", "SUCCEEDED"]
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
    assert {status_of(world.read(side)) for side in (one, other)} == {"FAILED", "SUCCEEDED"}
    assert world.claim() is None
    assert len(cascade(world, top)["held"]) == 1


def test_a_cascade_goes_no_further_than_the_limit(database: Database, clock: FixedClock) -> None:
    world = BlockWorld(database, clock, cascade_limit=1)
    top, one, other, _ = a_diamond(world)
    assert str(cascade(world, top)["warning"]).startswith("One cascade may run 1 building block again")
    assert cascade(world, one)["warning"] is None

    run_top(world, top, "2")

    assert [status_of(world.read(side)) for side in (one, other)] == ["SUCCEEDED", "SUCCEEDED"]
    assert all("no cascade may run more" in waits(world, side)[0] for side in (one, other))
    resume(world, one)
    assert [status_of(world.read(side)) for side in (one, other)] == ["PENDING", "PENDING"]


def test_nothing_is_stopped_where_nothing_ran(world: BlockWorld) -> None:
    version = world.define(inputs={"need": an_input()})
    block = world.order(version)

    for verb, body, code in (("stop", {"reason": "x"}, "NothingToStop"), ("resume", None, "NothingStopped")):
        answer = world.api.send("POST", f"{OWN}/{uuid_of(block)}/cascade/{verb}", body, media=JSON)
        assert (answer.status_code, answer.json()["errorCode"]) == (409, code)


def test_a_cascade_is_forgotten_once_nothing_can_follow_and_it_is_old(world: BlockWorld) -> None:
    top, _, _, _ = a_diamond(world)

    def forgotten() -> int:
        world.clock.advance(31 * 24 * 3600)
        return world.db.write_now(world.blocks.hooks.remove_cascades)

    run_top(world, top, "2")
    assert forgotten() == 0
    stop(world, top)
    assert forgotten() == 0
    resume(world, top)
    while (more := world.claim()) is not None:
        finish_all(world, [more])
    assert world.db.write_now(world.blocks.hooks.remove_cascades) == 0

    assert (forgotten(), cascade(world, top)["stopped"]) == (1, False)
