"""A block with many children: a transaction comes to some of them, the others have their turn one after another."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.blocks.service import waking, withdrawing
from blockyard.server.blocks.store.turns import turns
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
from tests.support.brakes import lift, stop

JSON = "application/json"


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "AT_ONCE", 2)
    monkeypatch.setattr(withdrawing, "AT_ONCE", 2)


class Gone(Exception):
    """The server died."""


def below(world: BlockWorld, name: str, *parents: Any) -> Any:
    """Return a version of blocks that take an output of each parent."""
    ids = [definition_of(parent) for parent in parents]
    inputs = {
        f"in-{at}": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{id_}.out") for at, id_ in enumerate(ids)
    }
    refs = [{"uuid": id_, "kind": "meshBuildingBlockDefinition"} for id_ in ids]
    return world.define(name, inputs=inputs, outputs={"out": an_output()}, dependencyDefinitionRefs=refs)


def a_family(world: BlockWorld, children: int) -> tuple[Any, list[Any]]:
    """Return a block and its children, all of which have run."""
    top = world.define("Top", outputs={"out": an_output()})
    child = below(world, "Below", top)
    root = world.order(top)
    world.finish({"out": a_value("1")})
    ordered = [world.order(child, parents=[root]) for _ in range(children)]
    finish_all(world)
    return root, ordered


def run(world: BlockWorld, block: Any, text: str = "2") -> None:
    """Run a block again, to its end."""
    trigger(world, block)
    world.finish({"out": a_value(text)})


def trigger(world: BlockWorld, block: Any) -> None:
    assert world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run").is_success


def finish_all(world: BlockWorld) -> None:
    while (claimed := world.claim()) is not None:
        world.report(claimed, outputs={"out": a_value("1")})


def a_round(world: BlockWorld) -> int:
    return world.db.write_now(world.blocks.hooks.take_turns)


def statuses(world: BlockWorld, blocks: list[Any]) -> list[str]:
    return sorted(status_of(world.read(block)) for block in blocks)


def left(world: BlockWorld) -> int:
    counted = select(func.count()).select_from(turns)
    return world.db.read_now(lambda tx: int(str(tx.execute(counted).scalar_one())))


def runs_of(world: BlockWorld, blocks: list[Any]) -> list[int]:
    return sorted(world.latest_run(block).number for block in blocks)


def test_some_children_begin_with_the_end_of_their_parent_and_the_others_in_their_turn(world: BlockWorld) -> None:
    root, children = a_family(world, 5)

    run(world, root)

    assert statuses(world, children) == ["PENDING"] * 2 + ["SUCCEEDED"] * 3
    assert (a_round(world), statuses(world, children)) == (2, ["PENDING"] * 4 + ["SUCCEEDED"])
    assert (a_round(world), a_round(world), left(world)) == (1, 0, 0)
    finish_all(world)
    assert runs_of(world, children) == [2] * 5


def test_a_server_that_dies_between_two_turns_leaves_the_rest_to_another_one_and_nothing_is_done_twice(
    world: BlockWorld,
) -> None:
    root, children = a_family(world, 5)
    run(world, root)

    def dies(tx: Any) -> None:
        world.blocks.hooks.take_turns(tx)
        raise Gone

    with pytest.raises(Gone):
        world.db.write_now(dies)

    assert (statuses(world, children), left(world)) == (["PENDING"] * 2 + ["SUCCEEDED"] * 3, 3)
    while a_round(world):
        pass
    finish_all(world)
    assert runs_of(world, children) == [2] * 5


def test_who_runs_before_its_turn_takes_what_is_new_and_has_no_turn_any_more(world: BlockWorld) -> None:
    root, children = a_family(world, 4)
    run(world, root)
    trigger(world, next(child for child in children if status_of(world.read(child)) == "SUCCEEDED"))
    finish_all(world)

    while a_round(world):
        pass
    finish_all(world)

    assert runs_of(world, children) == [2] * 4


def test_a_run_that_waits_applies_nothing_unseen_that_the_turn_of_its_block_would_bring(
    world: BlockWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = world.define("Top", outputs={"out": an_output()})
    taken = an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(top)}.out")
    below_top = world.define(
        "Below",
        inputs={"in": taken},
        dependencyDefinitionRefs=[{"uuid": definition_of(top), "kind": "meshBuildingBlockDefinition"}],
        about={"approvalPolicies": {"anyInputChanges": True}},
    )
    root = world.order(top)
    world.finish({"out": a_value("1")})
    child = world.order(below_top, parents=[root])
    finish_all(world)
    brake = stop(world, "DEFINITION", definition_of(below_top))
    trigger(world, child)
    with monkeypatch.context() as nobody_at_once:
        nobody_at_once.setattr(waking, "AT_ONCE", 0)
        run(world, root)
    lift(world, brake)

    assert (left(world), world.latest_run(child).behavior) == (1, Behavior.APPLY)
    assert world.claim() is None
    assert world.latest_run(child).status is RunStatus.FAILED
    assert a_round(world) == 1
    assert world.claimed().behavior == "DETECT"


def test_what_a_parent_gives_meanwhile_comes_in_a_turn_of_its_own(world: BlockWorld) -> None:
    root, children = a_family(world, 4)
    run(world, root)
    finish_all(world)
    run(world, root, "3")

    while a_round(world):
        pass
    taken = []
    while (claimed := world.claim()) is not None:
        taken.append(claimed.inputs["in-0"]["value"])
        world.report(claimed, outputs={"out": a_value("1")})

    assert taken == ["3"] * 4
    assert runs_of(world, children) == [2, 2, 3, 3]


def test_a_stop_holds_those_whose_turn_has_not_come_and_going_on_comes_to_them(world: BlockWorld) -> None:
    root, children = a_family(world, 5)
    run(world, root)
    own = f"{OWN}/{uuid_of(root)}/cascade"

    world.api.ok("POST", f"{own}/stop", {"reason": "wrong value"}, media=JSON)
    while a_round(world):
        pass

    assert (statuses(world, children), world.claim()) == (["SUCCEEDED"] * 5, None)
    assert len(world.api.ok("GET", own, media=JSON)["held"]) == 5
    assert world.api.ok("POST", f"{own}/resume", media=JSON)["resumed"] == 5
    assert statuses(world, children) == ["PENDING"] * 2 + ["SUCCEEDED"] * 3
    held = next(child for child in children if status_of(world.read(child)) == "SUCCEEDED")
    [wait] = world.as_admin("GET", f"{OWN}/{uuid_of(held)}", media=JSON)["waits"]
    assert ("some at a time" in wait["message"], wait["owner"]["kind"]) == (True, "SYSTEM")
    while a_round(world):
        pass
    finish_all(world)
    assert runs_of(world, children) == [2, 2, 2, 3, 3]
    assert world.api.ok("GET", own, media=JSON)["held"] == []


@pytest.mark.parametrize("at_once", [2, 9])
def test_a_child_that_is_older_than_its_other_parent_runs_once(
    world: BlockWorld, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    top = world.define("Top", outputs={"out": an_output()})
    middle, low = below(world, "Middle", top), below(world, "Low", top)
    root = world.order(top)
    world.finish({"out": a_value("1")})
    bottom = world.order(low, parents=[root])
    side = world.order(middle, parents=[root])
    others = [world.order(middle, parents=[root]) for _ in range(2)]
    finish_all(world)
    ids = [definition_of(top), definition_of(middle)]
    newer = world.next_version(
        low,
        inputs={
            f"in-{at}": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{id_}.out")
            for at, id_ in enumerate(ids)
        },
        dependencyDefinitionRefs=[{"uuid": id_, "kind": "meshBuildingBlockDefinition"} for id_ in ids],
    )
    world.change(bottom, version=newer, parents=[root, side])
    finish_all(world)
    before = world.latest_run(bottom).number
    monkeypatch.setattr(waking, "AT_ONCE", at_once)

    run(world, root)
    while a_round(world):
        pass
    while (claimed := world.claim()) is not None:
        world.report(claimed, outputs={"out": a_value("2")})

    assert world.latest_run(bottom).number == before + 1
    assert statuses(world, [side, bottom, *others]) == ["SUCCEEDED"] * 4


def test_who_waits_for_its_turn_is_not_planned_and_ending_its_wait_takes_the_turn(world: BlockWorld) -> None:
    top = world.define("Top", outputs={"out": an_output()})
    child = below(world, "Below", top)
    root = world.order(top)
    children = [world.order(child, parents=[root]) for _ in range(4)]
    world.finish({"out": a_value("1")})
    waiting = [one for one in children if status_of(world.read(one)) == "WAITING_FOR_DEPENDENT_INPUT"]

    planned = world.api.send("POST", f"{OWN}/{uuid_of(waiting[0])}/detect", media=JSON)
    world.api.ok("POST", f"{OWN}/{uuid_of(waiting[1])}/end", {"reason": "not needed"}, media=JSON)
    while a_round(world):
        pass

    assert (len(waiting), planned.status_code, planned.json()["errorCode"]) == (2, 409, "BlockWaits")
    assert statuses(world, children) == ["ABORTED"] + ["PENDING"] * 3


def test_two_servers_that_take_turns_at_once_come_to_each_block_once(world: BlockWorld) -> None:
    root, children = a_family(world, 8)
    run(world, root)

    with ThreadPoolExecutor(2) as pool:
        taken = sum(pool.map(lambda _: a_round(world) + a_round(world), range(2)))

    assert (taken, left(world), statuses(world, children)) == (6, 0, ["PENDING"] * 8)
    finish_all(world)
    assert runs_of(world, children) == [2] * 8


def test_a_stop_takes_back_some_runs_at_once_and_the_others_in_turns_also_after_a_server_died(
    world: BlockWorld,
) -> None:
    root, children = a_family(world, 7)
    run(world, root)
    while a_round(world):
        pass
    assert world.api.send("POST", f"{OWN}/{uuid_of(root)}/cascade/stop", {"reason": "no"}, media=JSON).is_success
    assert statuses(world, children) == ["PENDING"] * 5 + ["SUCCEEDED"] * 2

    def dying(tx: Any) -> None:
        world.blocks.hooks.go_on_stopping(tx)
        raise Gone

    with pytest.raises(Gone):
        world.db.write_now(dying)
    assert statuses(world, children) == ["PENDING"] * 5 + ["SUCCEEDED"] * 2
    while world.db.write_now(world.blocks.hooks.go_on_stopping):
        pass

    assert statuses(world, children) == ["SUCCEEDED"] * 7
    assert world.claim() is None
    shown = world.api.ok("GET", f"{OWN}/{uuid_of(root)}/cascade", media=JSON)
    assert len(shown["held"]) == 7


def test_who_goes_on_with_a_cascade_whose_stop_is_under_way_keeps_what_was_not_taken_back(world: BlockWorld) -> None:
    root, children = a_family(world, 5)
    run(world, root)
    while a_round(world):
        pass
    world.api.ok("POST", f"{OWN}/{uuid_of(root)}/cascade/stop", {"reason": "no"}, media=JSON)

    world.api.ok("POST", f"{OWN}/{uuid_of(root)}/cascade/resume", media=JSON)

    assert not world.db.write_now(world.blocks.hooks.go_on_stopping)
    assert statuses(world, children) == ["PENDING"] * 5
