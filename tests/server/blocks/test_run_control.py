"""Who sees what of a run, and starts one by hand: the table of the contract, cell by cell. Source: concepts.md 11.4."""

from dataclasses import replace

import pytest

from blockyard.protocol.kinds import RUN
from blockyard.server.identity.model import Principal
from tests.support.block_world import BLOCKS, PLATFORM, SHOP, BlockWorld, an_input, uuid_of
from tests.support.principals import ADMINISTRATOR, a_key

JSON = "application/json"
RUNS = "/api/meshobjects/meshbuildingblockruns"
OWN_RUNS = "/api/blockyard/v1/runs"

BOTH = replace(PLATFORM, grants={**PLATFORM.grants, **SHOP.grants})
"""Who provides, and looks from the workspace that ordered."""

READER = a_key("shop", "BUILDINGBLOCK_LIST")

TABLE: list[tuple[str, Principal, bool, bool, bool, bool]] = [
    # who, principal, runs are transparent; user message, log and inputs, start by hand
    ("consumer", SHOP, False, True, False, False),
    ("consumer", SHOP, True, True, True, True),
    ("consumer who only reads", READER, False, True, False, False),
    ("consumer who only reads", READER, True, True, True, False),
    ("provider", PLATFORM, False, True, True, True),
    ("provider", PLATFORM, True, True, True, True),
    ("provider from the workspace area", BOTH, False, True, True, True),
    ("admin", ADMINISTRATOR, False, True, True, True),
    ("admin", ADMINISTRATOR, True, True, True, True),
]


@pytest.mark.parametrize(("who", "principal", "transparent", "message", "log", "start"), TABLE)
def test_each_cell_of_run_control(
    world: BlockWorld, *, who: str, principal: Principal, transparent: bool, message: bool, log: bool, start: bool
) -> None:
    version = world.define(inputs={"size": an_input("INTEGER")}, transparent=transparent)
    block = world.order(version, {"size": 7})
    claimed = world.claimed()
    world.report(claimed, message="told to people")
    world.api.be(principal)

    detail = world.api.ok("GET", f"{OWN_RUNS}/{claimed.run_id}", media=JSON)
    whole = world.api.send("GET", f"{RUNS}/{claimed.run_id}", media=RUN.media)
    logs = world.api.send("GET", f"{RUNS}/{claimed.run_id}/logs", media=RUN.media)
    text = world.api.send("GET", f"{OWN_RUNS}/{claimed.run_id}/log?step=apply", media=JSON)
    trigger = world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")

    told = [step["userMessage"] for step in detail["steps"]]
    assert (told == ["told to people"]) is message, who
    assert ("log: told" in str(detail)) is False, "the log is no part of the detail"
    assert {whole.is_success, logs.is_success, text.is_success} == {log}, who
    assert ("7" in str(whole.json().get("spec"))) is log, who
    assert trigger.is_success is start, who


@pytest.mark.one_database
def test_consumers_may_start_a_run_indirectly_by_changing_inputs(world: BlockWorld) -> None:
    version = world.define(inputs={"size": an_input("INTEGER", updateableByConsumer=True)})
    block = world.order(version, {"size": 7})
    world.finish()
    world.api.be(SHOP)

    world.change(world.read(block), inputs={"size": 8})

    assert world.claimed().inputs["size"]["value"] == 8
