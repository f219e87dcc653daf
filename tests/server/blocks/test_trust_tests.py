"""Trust tests of blocks: a run that tries its identity in the clouds, and disturbs nothing."""

from typing import Any

import pytest

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.version import MAINTENANCE, TRUST_TESTS
from tests.support.block_world import OTHER, OWN, PLATFORM, SHOP, BlockWorld, status_of, uuid_of
from tests.support.principals import a_key

JSON = "application/json"


def an_applied_block(world: BlockWorld, **definition: Any) -> Any:
    block = world.order(world.define(inputs={}, **definition))
    world.finish()
    return block


def send(world: BlockWorld, block: Any, what: str = "trust-test") -> Any:
    return world.api.send("POST", f"{OWN}/{uuid_of(block)}/{what}", media=JSON)


@pytest.mark.parametrize("end", [RunStatus.SUCCEEDED, RunStatus.FAILED])
def test_a_trust_test_disturbs_neither_block_nor_plan(world: BlockWorld, end: RunStatus) -> None:
    block = an_applied_block(world)
    send(world, block, "detect")
    world.finish()
    before = world.read(block)["status"]

    started = send(world, block)
    world.protocol = MAINTENANCE
    assert world.claim() is None  # this runner knows no such runs
    world.protocol = TRUST_TESTS
    claimed = world.claimed()
    world.report(claimed, end)

    document: Any = claimed.document
    assert (started.status_code, started.json()["runUuid"]) == (202, str(claimed.run_id))
    assert document["spec"]["trustTest"] is True
    assert claimed.behavior == Behavior.DETECT
    assert world.read(block)["status"] == before
    shown = world.api.ok("GET", f"/api/blockyard/v1/runs/{claimed.run_id}", media=JSON)
    assert (shown["task"]["kind"], shown["status"]) == ("TRUST_TEST", end)


def test_runs_that_test_nothing_say_nothing_of_it(world: BlockWorld) -> None:
    world.order(world.define(inputs={}))

    document: Any = world.claimed().document
    assert "trustTest" not in document["spec"]


@pytest.mark.one_database
def test_who_may_run_a_block_may_test_its_trust(world: BlockWorld) -> None:
    block = an_applied_block(world, run_transparency=False)

    for principal, status in ((OTHER, 404), (SHOP, 403), (PLATFORM, 202)):
        world.api.be(principal)
        assert send(world, block).status_code == status
    assert send(world, block).json()["errorCode"] == "RunUnfinished"
    assert status_of(world.read(block)) == "SUCCEEDED"


def test_the_inventory_says_where_an_identity_is_used_and_who_can_change_it(world: BlockWorld) -> None:
    role = {
        "displayName": "Role",
        "type": "STRING",
        "assignmentType": "STATIC",
        "isEnvironment": True,
        "argument": "arn:aws:iam::111122223333:role/buckets",
    }
    version = world.define(inputs={"AWS_ROLE_ARN": role})
    blocks = [world.order(version) for _ in range(2)]

    def listed() -> Any:
        return world.api.ok("GET", "/api/blockyard/v1/identities", media=JSON)["_embedded"]["identities"]

    [one] = listed()
    assert one["buildingBlocks"] == 2
    assert {place["buildingBlockUuid"] for place in one["places"]} == {uuid_of(block) for block in blocks}
    assert {place["workspaceIdentifier"] for place in one["places"]} == {"shop"}
    assert one["editors"] == []
    world.api.be(a_key("platform", "BUILDINGBLOCKDEFINITION_LIST"))
    [one] = listed()
    assert (one["buildingBlocks"], one["places"]) == (2, None)
