"""Optional and hidden inputs of blocks: who waits for them, what runs get, and when that is decided anew."""

from typing import Any

from tests.support.block_world import MANUAL, OWN, BlockWorld, an_input, status_of, uuid_of

EXTRA = "input.wants_extra"
INPUTS: Any = {
    "wants_extra": an_input("BOOLEAN", updateableByConsumer=True),
    "extra": an_input(condition=EXTRA),
    "level": an_input("INTEGER", condition="input.extra == 'much'", defaultValue=3),
    "note": an_input(isOptional=True, updateableByConsumer=True),
}


def test_what_is_optional_or_hidden_is_not_waited_for_and_no_run_gets_it(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), {"wants_extra": False})

    claimed = world.claimed()

    assert {key: item["value"] for key, item in claimed.inputs.items()} == {"wants_extra": False}
    assert {key: item["value"] for key, item in block["spec"]["inputs"].items()} == {
        "wants_extra": False,
        "extra": None,
        "level": None,
        "note": None,
    }


def test_a_required_input_is_waited_for_once_it_is_no_longer_hidden(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), {"wants_extra": False})
    world.finish()

    world.change(world.read(block), inputs={"wants_extra": True})
    waiting = world.read(block)
    world.change(waiting, inputs={"extra": "much"})
    claimed = world.claimed()

    assert status_of(waiting) == "WAITING_FOR_USER_INPUT"
    assert {key: item["value"] for key, item in claimed.inputs.items()} == {
        "wants_extra": True,
        "extra": "much",
        "level": 3,
    }


def test_a_value_that_becomes_hidden_is_kept_and_shown_but_not_sent(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), {"wants_extra": True, "extra": "much"})
    world.finish()

    changed = world.change(world.read(block), inputs={"wants_extra": False})
    claimed = world.claimed()

    assert changed["spec"]["inputs"]["extra"]["value"] == "much"
    assert {key: item["value"] for key, item in claimed.inputs.items()} == {"wants_extra": False}
    detail = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media="application/json")
    hidden = {item["key"]: item["isHidden"] for item in detail["inputs"]}
    assert hidden == {"wants_extra": False, "extra": True, "level": True, "note": False}
    assert not any(item["required"] for item in detail["inputs"] if item["key"] in {"extra", "note"})


def test_an_optional_value_can_be_taken_back(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), {"wants_extra": False, "note": "hello"})
    first = world.claimed()
    world.report(first)

    world.change(world.read(block), inputs={"note": None})
    second = world.claimed()

    assert first.inputs["note"]["value"] == "hello"
    assert "note" not in second.inputs


def test_conditions_of_a_draft_are_looked_at_again_when_a_run_starts(world: BlockWorld) -> None:
    draft = world.define(inputs=INPUTS, released=False)
    block = world.order(draft, {"wants_extra": False})
    world.finish()

    always = {**INPUTS, "extra": an_input(condition="!input.wants_extra")}
    world.edit(draft, released=False, inputs=always)
    world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run")

    assert status_of(world.read(block)) == "WAITING_FOR_USER_INPUT"
    assert world.claim() is None


def test_a_hidden_input_of_manual_work_is_no_output(world: BlockWorld) -> None:
    inputs = {"flag": an_input("BOOLEAN"), "extra": an_input(condition="input.flag")}

    block = world.order(world.define(implementation=MANUAL, inputs=inputs), {"flag": False})

    assert status_of(block) == "SUCCEEDED"
    assert set(block["status"]["outputs"]) == {"flag"}


def test_a_name_says_nothing_of_a_hidden_input(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS)

    block = world.order(version, {"wants_extra": False, "extra": "much"}, name="block {{extra}}")

    assert world.stored(block).name == "block {{extra}}"
