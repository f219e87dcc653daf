"""What runs have made, for those who decide how a failed first order goes on."""

import json
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.kit.database import Database
from blockyard.server.tofu_state.content import seal_state
from blockyard.server.tofu_state.resources import resources_in
from blockyard.server.tofu_state.service import StateAddress
from tests.support.block_world import (
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    an_output,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.clock import FixedClock

JSON = "application/json"
STATE: JsonObject = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 1,
    "lineage": "one",
    "outputs": {"secret": {"value": "hunter2", "type": "string"}},
    "resources": [
        {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {}}]},
        {"mode": "managed", "type": "aws_bucket", "name": "main", "instances": [{"attributes": {"id": "hunter2"}}]},
        {
            "module": "module.net",
            "mode": "managed",
            "type": "aws_subnet",
            "name": "zone",
            "instances": [{"index_key": 0}, {"index_key": "b"}],
        },
    ],
}


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces, a shared runner and all services."""
    return BlockWorld(database, clock)


def failed_order(world: BlockWorld, version: Any, **more: Any) -> Any:
    """Order a block whose first run writes a state and fails."""
    block = world.order(version, **more)
    claimed = world.claimed()
    state = world.services.state
    new = seal_state(world.services.master_key, UUID(uuid_of(block)), json.dumps(STATE).encode(), None)
    address = StateAddress(None, UUID(uuid_of(block)))
    world.db.write_now(lambda tx: state.write(tx, claimed.principal, address, new, None))
    world.report(claimed, RunStatus.FAILED)
    return block


def remains(world: BlockWorld, block: Any) -> Any:
    """Return what is told of a block."""
    return world.api.ok("GET", f"{OWN}/{uuid_of(block)}/remains", media=JSON)


def test_a_failed_first_order_offers_three_ways_and_lists_what_exists(world: BlockWorld) -> None:
    block = failed_order(world, world.define(inputs={}, transparent=True))
    world.api.be(SHOP)

    found = remains(world, block)

    assert (found["offers"], found["removal"], found["count"]) == (["CHANGE", "RETRY", "REMOVE"], "destroys", 3)
    assert [(one["type"], one["address"]) for one in found["resources"]] == [
        ("aws_bucket", "aws_bucket.main"),
        ("aws_subnet", "module.net.aws_subnet.zone[0]"),
        ("aws_subnet", 'module.net.aws_subnet.zone["b"]'),
    ]
    assert "hunter2" not in str(found)


def test_who_may_not_read_runs_is_told_types_only_and_others_nothing(world: BlockWorld) -> None:
    block = failed_order(world, world.define(inputs={}))
    world.api.be(SHOP)
    found = remains(world, block)
    assert (found["offers"], {one["address"] for one in found["resources"]}) == (["CHANGE", "REMOVE"], {None})

    world.api.be(PLATFORM)
    assert remains(world, block)["resources"][0]["address"] == "aws_bucket.main"
    world.api.be(OTHER)
    assert world.api.send("GET", f"{OWN}/{uuid_of(block)}/remains", media=JSON).status_code == 404


def test_each_offer_goes_on_and_no_child_starts_until_a_run_succeeded(world: BlockWorld) -> None:
    network = world.define("Network", inputs={"size": an_input("INTEGER", updateableByConsumer=True, defaultValue=1)})
    host = world.define("Host", inputs={}, dependencyDefinitionRefs=[{"uuid": definition_of(network)}])
    changed, retried, removed = (failed_order(world, network) for _ in range(3))
    child = world.order(host, parents=[changed])
    assert status_of(child) == "WAITING_FOR_DEPENDENT_INPUT"

    world.change(world.read(changed), inputs={"size": 2})
    assert world.finish().inputs["size"]["value"] == 2
    assert status_of(world.read(child)) == "PENDING"
    world.finish()

    assert world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(retried)}/trigger-run").is_success
    world.finish()
    assert (status_of(world.read(retried)), remains(world, retried)["offers"]) == ("SUCCEEDED", [])

    world.delete(removed)
    assert world.finish().behavior == "DESTROY"
    assert lifecycle_of(world.read(removed)) == "DELETED"


def test_a_block_that_came_to_be_has_no_such_offers_when_a_later_run_fails(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}, outputs={"a": an_output(isOptional=True)}))
    world.finish()
    assert world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run").is_success
    world.finish(status=RunStatus.FAILED)

    assert (remains(world, block)["offers"], remains(world, block)["resources"]) == ([], [])


@pytest.mark.one_database
@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"encrypted_data": "x"}'])
def test_a_state_that_only_its_engine_reads_is_not_guessed_at(body: bytes) -> None:
    assert resources_in(body) is None


@pytest.mark.one_database
@pytest.mark.parametrize(
    "resources", [None, 1, [None, {}], [{"mode": "managed", "instances": 3}], [{"mode": "managed", "type": "x"}]]
)
def test_a_damaged_state_has_nothing(resources: Any) -> None:
    assert resources_in(json.dumps({"resources": resources}).encode()) == []
