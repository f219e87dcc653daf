"""Parents and children: who may be whose, who waits for whom, and what a new output sets off."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import VERSION
from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    VERSIONS,
    BlockWorld,
    a_change,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)


def a_network(world: BlockWorld, **spec: Any) -> JsonObject:
    outputs = {"id": an_output(), "size": an_output("INTEGER")}
    return world.define("Network", outputs=outputs, inputs={"name": an_input(updateableByConsumer=True)}, **spec)


def a_server(
    world: BlockWorld,
    *networks: JsonObject,
    name: str = "Server",
    implementation: JsonObject | None = None,
    **more: JsonObject,
) -> JsonObject:
    inputs = {"network": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(networks[0])}.id")}
    refs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"} for network in networks]
    given: dict[str, Any] = (
        {"outputs": {"ip": an_output()}} if implementation is None else {"implementation": implementation}
    )
    return world.define(name, inputs=inputs | more, dependencyDefinitionRefs=refs, **given)


def outputs(id_: str, size: int = 1) -> dict[str, JsonObject]:
    return {"id": a_value(id_), "size": a_value(size, "INTEGER")}


def test_a_child_waits_until_its_parent_succeeded_and_takes_its_output(world: BlockWorld) -> None:
    network = a_network(world)
    server = a_server(world, network)
    parent = world.order(network, {"name": "n"})

    child = world.order(server, parents=[parent])

    assert status_of(child) == "WAITING_FOR_DEPENDENT_INPUT"
    assert child["spec"]["parentBuildingBlockRefs"] == [{"uuid": uuid_of(parent), "kind": "meshBuildingBlock"}]
    assert child["spec"]["parentBuildingBlocks"] == [
        {"buildingBlockUuid": uuid_of(parent), "definitionUuid": definition_of(network)}
    ]
    assert child["spec"]["inputs"]["network"]["value"] is None
    world.finish(outputs("net-1"))
    assert status_of(world.read(child)) == "PENDING"
    assert world.latest_run(child).trigger.reason == "PARENT_RUN_SUCCEEDED"
    claimed = world.claimed()
    assert claimed.inputs["network"]["value"] == "net-1"
    spec: Any = claimed.document["spec"]
    assert spec["buildingBlock"]["spec"]["parentBuildingBlocks"] == child["spec"]["parentBuildingBlocks"]
    assert world.read(child)["spec"]["inputs"]["network"]["value"] == "net-1"


def test_a_child_of_a_finished_parent_runs_at_once(world: BlockWorld) -> None:
    network = a_network(world)
    server = a_server(world, network)
    parent = world.order(network, {"name": "n"})
    world.finish(outputs("net-1"))

    assert status_of(world.order(server, parents=[parent])) == "PENDING"


def a_pair(world: BlockWorld) -> tuple[Any, Any]:
    network = a_network(world)
    server = a_server(world, network)
    parent = world.order(network, {"name": "n"})
    world.finish(outputs("net-1"))
    child = world.order(server, parents=[parent])
    world.finish({"ip": a_value("10.0.0.1")})
    return world.read(parent), world.read(child)


def test_a_new_output_runs_the_children_that_consume_it(world: BlockWorld) -> None:
    parent, child = a_pair(world)

    world.change(parent, inputs={"name": "m"})
    world.finish(outputs("net-2"))

    assert status_of(world.read(child)) == "PENDING"
    assert world.latest_run(child).trigger.reason == "DEPENDENCY_OUTPUT_CHANGED"
    assert world.claimed().inputs["network"]["value"] == "net-2"


@pytest.mark.parametrize("size", [1, 2])
def test_the_same_output_and_one_that_nobody_consumes_run_nothing(world: BlockWorld, size: int) -> None:
    parent, child = a_pair(world)

    world.change(parent, inputs={"name": "m"})
    world.finish(outputs("net-1", size))

    assert world.read(child) == child
    assert world.claim() is None


def test_a_failing_parent_leaves_its_children_where_they_are(world: BlockWorld) -> None:
    parent, child = a_pair(world)

    world.change(parent, inputs={"name": "m"})
    world.finish(outputs("net-2"), RunStatus.FAILED)

    assert world.read(child) == child


def test_a_child_whose_run_is_under_way_runs_again_afterwards(world: BlockWorld) -> None:
    parent, child = a_pair(world)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(child)}/trigger-run")
    under_way = world.claimed()
    world.change(parent, inputs={"name": "m"})
    world.finish(outputs("net-2"))
    assert world.db.write_now(world.blocks.hooks.start_due) == 0

    world.report(under_way, outputs={"ip": a_value("10.0.0.1")})

    assert status_of(world.read(child)) == "PENDING"
    assert world.claimed().inputs["network"]["value"] == "net-2"
    assert world.db.write_now(world.blocks.hooks.start_due) == 0


def test_a_child_whose_run_is_not_claimed_yet_runs_once_with_the_new_output(world: BlockWorld) -> None:
    parent, child = a_pair(world)
    world.change(parent, inputs={"name": "m"})
    changing = world.claimed()
    world.api.send("POST", f"{BLOCKS}/{uuid_of(child)}/trigger-run")
    assert status_of(world.read(child)) == "WAITING_FOR_DEPENDENT_INPUT"

    world.report(changing, outputs=outputs("net-2"))

    assert world.claimed().inputs["network"]["value"] == "net-2"
    world.report(changing)
    assert world.db.write_now(world.blocks.hooks.start_due) == 0


@pytest.mark.parametrize("again", [RunStatus.SUCCEEDED, RunStatus.FAILED])
def test_children_of_a_parent_that_runs_again_at_once_run_after_it(world: BlockWorld, again: RunStatus) -> None:
    parent, child = a_pair(world)
    world.change(parent, inputs={"name": "m"})
    under_way = world.claimed()
    world.change(parent, inputs={"name": "o"})

    world.report(under_way, outputs=outputs("net-2"))
    between = world.read(child)
    world.finish(outputs("net-3"), again)

    assert status_of(between) == "WAITING_FOR_DEPENDENT_INPUT"
    if again is RunStatus.FAILED:
        assert (status_of(world.read(child)), world.claim()) == ("WAITING_FOR_DEPENDENT_INPUT", None)
        world.change(parent, inputs={"name": "p"})
        world.finish(outputs("net-3"))
    assert world.finish({"ip": a_value("10.0.0.1")}).inputs["network"]["value"] == "net-3"
    assert (status_of(world.read(child)), world.claim()) == ("SUCCEEDED", None)


def test_children_of_manual_blocks_follow_at_once(world: BlockWorld) -> None:
    network = world.define("Network", implementation=MANUAL, inputs={"id": an_input()})
    server = world.define(
        "Server",
        implementation=MANUAL,
        inputs={"network": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id")},
        dependencyDefinitionRefs=[{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}],
    )
    parent = world.order(network, {})
    child = world.order(server, parents=[parent])
    assert status_of(child) == "WAITING_FOR_DEPENDENT_INPUT"

    world.change(parent, inputs={"id": "a"})
    assert world.read(child)["status"]["outputs"]["network"]["value"] == "a"
    world.change(parent, inputs={"id": "b"})

    assert world.read(child)["status"]["outputs"]["network"]["value"] == "b"
    assert status_of(world.read(child)) == "SUCCEEDED"


def test_a_child_of_a_manual_block_and_of_its_child_follows_both(world: BlockWorld) -> None:
    top = world.define("Top", implementation=MANUAL, inputs={"id": an_input(updateableByConsumer=True)})
    middle = a_server(world, top, name="Middle", implementation=MANUAL)
    taken = {"middle": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(middle)}.network")}
    bottom = a_server(world, top, middle, name="Bottom", implementation=MANUAL, **taken)
    first = world.order(top, {"id": "1"})
    second = world.order(middle, parents=[first])
    world.clock.advance(1)  # so that the second is run again before the third
    third = world.order(bottom, parents=[first, second])

    world.change(first, inputs={"id": "2"})

    third = world.read(third)
    assert {key: item["value"] for key, item in third["status"]["outputs"].items()} == {"network": "2", "middle": "2"}
    assert status_of(third) == "SUCCEEDED"


def test_a_parent_with_children_is_neither_deleted_nor_purged(world: BlockWorld) -> None:
    parent, child = a_pair(world)

    for path in (uuid_of(parent), f"{uuid_of(parent)}/purge"):
        error = world.api.refused(409, "DELETE", f"{BLOCKS}/{path}")
        assert error["errorCode"] == "HasChildren"
        assert uuid_of(child) in error["message"]
    assert error["remedy"] == "Delete those building blocks first."
    world.delete(child)
    error = world.api.refused(409, "DELETE", f"{BLOCKS}/{uuid_of(parent)}")
    assert (error["errorCode"], error["remedy"]) == ("HasChildren", "They are being deleted: wait until they are gone.")
    world.finish()
    assert world.delete(parent).status_code == 202
    world.finish()
    assert lifecycle_of(world.read(parent)) == "DELETED"


def test_parents_must_be_living_blocks_of_the_same_workspace_one_for_each_dependency(world: BlockWorld) -> None:
    network = a_network(world)
    server = a_server(world, network)
    first, second = (world.order(network, {"name": "n"}) for _ in range(2))
    elsewhere = world.order(network, {"name": "n"}, workspace="other")
    gone = world.order(network, {})
    world.delete(gone)

    for parents, code, field in (
        ([], "ParentMissing", "/spec/parentBuildingBlockRefs"),
        ([elsewhere], "InvalidParent", "/spec/parentBuildingBlockRefs/0"),
        ([gone], "InvalidParent", "/spec/parentBuildingBlockRefs/0"),
        ([first, second], "InvalidParent", "/spec/parentBuildingBlockRefs/1"),
    ):
        error = world.api.refused(400, "POST", BLOCKS, an_order(server, parents=parents))
        assert (error["errorCode"], error["field"]) == (code, field)
        assert error["remedy"]


def test_any_block_of_the_workspace_may_be_a_parent_without_being_a_dependency(world: BlockWorld) -> None:
    definition = world.define("Team", implementation=MANUAL, inputs={"size": an_input(updateableByConsumer=True)})
    mother, father = (world.order(definition, {"size": "1"}) for _ in range(2))

    child = world.order(definition, {"size": "2"}, parents=[mother, father])

    assert status_of(child) == "SUCCEEDED"
    assert [ref["uuid"] for ref in world.read(child)["spec"]["parentBuildingBlockRefs"]] == [
        uuid_of(mother),
        uuid_of(father),
    ]
    assert world.api.refused(409, "DELETE", f"{BLOCKS}/{uuid_of(father)}")["errorCode"] == "HasChildren"
    upgraded = world.change(child, version=world.next_version(definition, implementation=MANUAL))
    assert upgraded["spec"]["parentBuildingBlockRefs"] == child["spec"]["parentBuildingBlockRefs"]


def test_a_child_waits_for_parents_that_provide_it_nothing(world: BlockWorld) -> None:
    parent = world.order(world.define("Network", inputs={}))
    child = world.order(world.define("Server", implementation=MANUAL, inputs={}), parents=[parent])
    assert status_of(child) == "WAITING_FOR_DEPENDENT_INPUT"

    world.finish()

    assert status_of(world.read(child)) == "SUCCEEDED"


def test_the_deprecated_spelling_of_parents_is_enough(world: BlockWorld) -> None:
    network = a_network(world)
    parent = world.order(network, {"name": "n"})
    order: Any = an_order(a_server(world, network), parents=[parent])
    del order["spec"]["parentBuildingBlockRefs"]

    child = world.api.ok("POST", BLOCKS, order)

    assert child["spec"]["parentBuildingBlockRefs"] == [{"uuid": uuid_of(parent), "kind": "meshBuildingBlock"}]


def test_parents_change_only_together_with_the_version(world: BlockWorld) -> None:
    network = a_network(world)
    first = a_server(world, network)
    one, two = (world.order(network, {"name": "n"}) for _ in range(2))
    for _ in range(2):
        world.finish(outputs("net"))
    child = world.order(first, parents=[one])
    world.finish({"ip": a_value("x")})
    path = f"{BLOCKS}/{uuid_of(child)}"
    assert world.api.refused(400, "PUT", path, a_change(child, parents=[two]))["errorCode"] == "ParentsImmutable"
    second = world.next_version(first)

    upgraded = world.change(world.read(child), version=second, parents=[two])

    assert upgraded["spec"]["parentBuildingBlockRefs"] == [{"uuid": uuid_of(two), "kind": "meshBuildingBlock"}]
    assert world.delete(one).status_code == 202


def test_an_upgrade_to_a_version_without_dependencies_drops_the_parents(world: BlockWorld) -> None:
    parent, child = a_pair(world)
    first_version = child["spec"]["buildingBlockDefinitionVersionRef"]["uuid"]
    document = world.as_admin(
        "GET",
        f"{VERSIONS}/{first_version}",
        media=VERSION.media,
    )
    second = world.next_version(document, inputs={}, dependencyDefinitionRefs=[])
    body: Any = a_change(child, version=second)
    del body["spec"]["parentBuildingBlockRefs"]

    upgraded = world.api.ok("PUT", f"{BLOCKS}/{uuid_of(child)}", body)

    assert upgraded["spec"]["parentBuildingBlockRefs"] == []
    world.finish({"ip": a_value("x")})
    assert world.delete(parent).status_code == 202


def test_a_parent_output_that_does_not_fit_is_waited_for(world: BlockWorld) -> None:
    network = a_network(world)
    server = a_server(world, network)
    parent = world.order(network, {"name": "n"})
    child = world.order(server, parents=[parent])

    world.finish({"id": a_value(None, isSensitive=True), "size": a_value(1, "INTEGER")})

    assert status_of(world.read(parent)) == "SUCCEEDED"
    assert status_of(world.read(child)) == "WAITING_FOR_DEPENDENT_INPUT"
