"""What happens at the same time, and what happens twice."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from blockyard.server.blocks.api.wire import BlockIn
from blockyard.server.blocks.model.order import BlockRequest
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal, Stale
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    BlockWorld,
    Claimed,
    a_change,
    a_secret,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR

THREADS = 6


def asked(body: Any) -> BlockRequest:
    return BlockIn.model_validate_json(json.dumps(body)).model()


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run the actions in threads of their own and return their results or refusals."""

    def attempt(action: Callable[[], object]) -> object:
        try:
            return action()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(attempt, actions))


def twice(world: BlockWorld, fn: Callable[[Transaction], Any]) -> Any:
    """Run `fn` in a transaction that is thrown away the first time, as after a clash."""
    calls = 0

    def replayed(tx: Transaction) -> Any:
        nonlocal calls
        calls += 1
        result = fn(tx)
        if calls == 1:
            raise Stale("thrown away")
        return result

    found = world.db.write_now(replayed)
    assert calls == 2
    return found


def test_replayed_use_cases_happen_once(world: BlockWorld) -> None:
    version = world.define(inputs={"name": an_input(), "token": an_input(isSensitive=True)})
    order = asked(an_order(version, {"name": "a", "token": a_secret("t0p-s3cret")}))

    view = twice(world, lambda tx: world.blocks.order(tx, ADMINISTRATOR, order))
    block = world.as_admin("GET", f"/api/meshobjects/meshbuildingblocks/{view.block.id}")
    assert world.as_admin("GET", "/api/meshobjects/meshbuildingblocks")["page"]["totalElements"] == 1
    world.finish()
    change = asked(a_change(block, inputs={"name": "b"}))
    twice(world, lambda tx: world.blocks.update(tx, ADMINISTRATOR, view.block.id, change))
    world.finish()
    twice(world, lambda tx: world.blocks.trigger_run(tx, ADMINISTRATOR, view.block.id))
    world.finish()
    twice(world, lambda tx: world.blocks.delete(tx, ADMINISTRATOR, view.block.id))

    assert world.latest_run(block).number == 4
    assert sorted(world.titles(block)) == ["Building Block Created", "Building Block Modified"]
    world.finish()
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_changes_at_the_same_time_start_one_run(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"size": an_input("INTEGER")}), {"size": 0})
    world.finish()
    block_id = UUID(uuid_of(block))
    changes = [asked(a_change(block, inputs={"size": size})) for size in range(1, THREADS + 1)]

    results = at_once(
        *(
            lambda change=change: world.db.write_now(
                lambda tx: world.blocks.update(tx, ADMINISTRATOR, block_id, change)
            )
            for change in changes
        )
    )

    assert not [result for result in results if isinstance(result, Exception)]
    assert world.latest_run(block).number == 2
    assert status_of(world.read(block)) == "PENDING"


def test_the_same_change_many_times_at_once_starts_one_run(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"size": an_input("INTEGER")}), {"size": 0})
    world.finish()
    change = asked(a_change(block, inputs={"size": 1}))

    results = at_once(
        *[lambda: world.db.write_now(lambda tx: world.blocks.update(tx, ADMINISTRATOR, UUID(uuid_of(block)), change))]
        * THREADS
    )

    assert not [result for result in results if isinstance(result, Refusal)]
    assert world.latest_run(block).number == 2


@pytest.mark.parametrize("_round", range(3))
def test_a_deletion_while_a_run_ends_leaves_one_or_the_other(world: BlockWorld, _round: int) -> None:
    block = world.order(world.define(inputs={}))
    claimed = world.claimed()
    block_id = UUID(uuid_of(block))

    results = at_once(
        lambda: world.report(claimed),
        lambda: world.db.write_now(lambda tx: world.blocks.delete(tx, ADMINISTRATOR, block_id)),
    )

    after = world.read(block)
    if isinstance(results[1], Refusal):
        assert (lifecycle_of(after), status_of(after)) == ("ACTIVE", "SUCCEEDED")
    else:
        assert (lifecycle_of(after), status_of(after)) == ("MARKED_FOR_DELETION", "PENDING")
    assert results[0] is None


@pytest.mark.parametrize("_round", range(3))
def test_a_purge_while_a_run_ends_purges(world: BlockWorld, _round: int) -> None:
    block = world.order(world.define(inputs={}))
    claimed = world.claimed()

    results = at_once(
        lambda: world.report(claimed),
        lambda: world.db.write_now(lambda tx: world.blocks.purge(tx, ADMINISTRATOR, UUID(uuid_of(block)))),
    )

    assert not [result for result in results if isinstance(result, Refusal)]
    assert lifecycle_of(world.read(block)) == "DELETED"


@pytest.mark.parametrize("_round", range(3))
def test_a_parent_is_not_deleted_while_a_child_is_ordered(world: BlockWorld, _round: int) -> None:
    network = world.define("Network", implementation=MANUAL)
    refs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}]
    server = world.define("Server", implementation=MANUAL, dependencyDefinitionRefs=refs)
    parent = world.order(network)
    order = asked(an_order(server, parents=[parent]))

    results = at_once(
        lambda: world.db.write_now(lambda tx: world.blocks.order(tx, ADMINISTRATOR, order)),
        lambda: world.db.write_now(lambda tx: world.blocks.delete(tx, ADMINISTRATOR, UUID(uuid_of(parent)))),
    )

    assert len([result for result in results if isinstance(result, Refusal)]) == 1


@pytest.mark.parametrize("_round", range(3))
def test_a_child_claimed_while_its_parent_changes_ends_with_the_new_output(world: BlockWorld, _round: int) -> None:
    network = world.define("Network", inputs={"n": an_input()}, outputs={"id": an_output()})
    source = an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id")
    refs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}]
    server = world.define("Server", inputs={"network": source}, dependencyDefinitionRefs=refs, transparent=True)
    parent = world.order(network, {"n": "a"})
    world.finish({"id": a_value("old")})
    child = world.order(server, parents=[parent])
    world.clock.advance(1)
    world.change(parent, inputs={"n": "b"})
    first, changing = world.claimed(), world.claimed()
    assert first.inputs["network"]["value"] == "old"
    world.db.write_now(lambda tx: world.reports.release(tx, first.principal, first.run_id, "restart"))

    again, _ = at_once(world.claimed, lambda: world.report(changing, outputs={"id": a_value("new")}))

    assert isinstance(again, Claimed)
    world.report(again)
    delivered = again
    if status_of(world.read(child)) == "PENDING":
        delivered = world.finish()
    assert delivered.inputs["network"]["value"] == "new"
    assert world.claim() is None
    assert status_of(world.read(child)) == "SUCCEEDED"


@pytest.mark.parametrize("_round", range(3))
def test_a_definition_is_not_deleted_while_a_block_of_it_is_ordered(world: BlockWorld, _round: int) -> None:
    version = world.define(implementation=MANUAL)
    order = asked(an_order(version))
    definition_id = DefinitionId(UUID(definition_of(version)))

    results = at_once(
        lambda: world.db.write_now(lambda tx: world.blocks.order(tx, ADMINISTRATOR, order)),
        lambda: world.db.write_now(lambda tx: world.definitions.delete(tx, ADMINISTRATOR, definition_id)),
    )

    assert len([result for result in results if isinstance(result, Refusal)]) == 1
    assert world.api.send("GET", BLOCKS).status_code == 200
