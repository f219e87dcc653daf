"""Many blocks at once: run, upgrade, delete, purge, with a result for each; stopped and gone on with."""

from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    OTHER,
    PLATFORM,
    SHOP,
    BlockWorld,
    an_input,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)

JOBS = "/api/blockyard/v1/bulk-jobs"
JSON = "application/json"


def make(world: BlockWorld, action: str, *blocks: Any, **body: Any) -> Any:
    """Make a job for these blocks."""
    chosen: JsonObject = {"buildingBlockUuids": [uuid_of(block) for block in blocks]} if blocks else {}
    return world.api.ok("POST", JOBS, {"action": action, **chosen, **body}, media=JSON)


def go_on(world: BlockWorld, job: Any) -> Any:
    """Let a job do what it can do now."""
    return world.api.ok("POST", f"{JOBS}/{job['uuid']}/continue", media=JSON)


def codes(world: BlockWorld, job: Any) -> list[Any]:
    """Return what came of each block."""
    listed = world.api.ok("GET", f"{JOBS}/{job['uuid']}/blocks", media=JSON)
    return [row["code"] for row in listed["_embedded"]["bulkJobBlocks"]]


def several(world: BlockWorld, count: int, version: Any = None, **more: Any) -> list[Any]:
    """Order blocks and let their runs succeed."""
    version = version or world.define(inputs={})
    blocks = [world.order(version, **more) for _ in range(count)]
    for _ in blocks:
        world.finish()
    return blocks


def test_many_blocks_are_run_and_each_has_its_result(world: BlockWorld) -> None:
    first, second, third = several(world, 3)
    world.api.be(PLATFORM)
    job = make(world, "RUN", first, second, third)
    assert (job["counts"]["OPEN"], job["over"], world.claim()) == (3, False, None)
    world.api.send("POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(second)}/trigger-run")

    done = go_on(world, job)

    assert (done["counts"]["DONE"], done["counts"]["REFUSED"], done["over"]) == (2, 1, True)
    assert codes(world, job) == ["STARTED", "RunUnfinished", "STARTED"]


def test_an_upgrade_of_all_that_match_keeps_values_and_leaves_those_alone_that_need_an_answer(
    world: BlockWorld,
) -> None:
    version = world.define(inputs={"size": an_input("INTEGER"), "more": an_input(isOptional=True)})
    plain, rich = world.order(version, {"size": 1}), world.order(version, {"size": 2, "more": "x"})
    for _ in range(2):
        world.finish()
    newer = world.next_version(version, inputs={"size": an_input("INTEGER"), "more": an_input()})
    fresh = world.order(newer, {"size": 3, "more": "y"})
    world.finish()

    job = make(world, "UPGRADE", filter={"definitionUuid": definition_of(version)})
    go_on(world, job)

    rows = world.api.ok("GET", f"{JOBS}/{job['uuid']}/blocks", media=JSON)["_embedded"]["bulkJobBlocks"]
    assert {row["buildingBlockUuid"]: row["code"] for row in rows} == {
        uuid_of(plain): "NeedsAnswer",
        uuid_of(rich): "UPGRADED",
        uuid_of(fresh): "UP_TO_DATE",
    }
    assert world.read(plain)["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == uuid_of(version)
    assert {key: item["value"] for key, item in world.claimed().inputs.items()} == {"size": 2, "more": "x"}


def test_parents_are_deleted_after_their_children(world: BlockWorld) -> None:
    network = world.define("Network", inputs={})
    host = world.define("Host", inputs={}, dependencyDefinitionRefs=[{"uuid": definition_of(network)}])
    [parent] = several(world, 1, network)
    [child] = several(world, 1, host, parents=[parent])
    job = make(world, "DELETE", parent, child)

    assert go_on(world, job)["counts"]["OPEN"] == 1
    assert go_on(world, job)["counts"]["OPEN"] == 1
    world.finish()
    assert go_on(world, job)["over"] is True
    world.finish()

    assert [lifecycle_of(world.read(block)) for block in (parent, child)] == ["DELETED", "DELETED"]
    assert codes(world, job) == ["STARTED", "STARTED"]


def test_a_parent_whose_child_cannot_be_destroyed_is_refused_by_name(world: BlockWorld) -> None:
    network = world.define("Network", inputs={})
    host = world.define("Host", inputs={}, dependencyDefinitionRefs=[{"uuid": definition_of(network)}])
    [parent] = several(world, 1, network)
    [child] = several(world, 1, host, parents=[parent])
    job = make(world, "DELETE", parent, child)
    go_on(world, job)
    world.finish(status=RunStatus.FAILED)

    go_on(world, job)

    assert codes(world, job) == ["HasChildren", "STARTED"]


def test_a_stopped_job_leaves_the_rest(world: BlockWorld) -> None:
    blocks = several(world, 2)
    job = make(world, "PURGE", *blocks)

    stopped = world.api.ok("POST", f"{JOBS}/{job['uuid']}/stop", media=JSON)

    assert (stopped["counts"]["STOPPED"], stopped["over"]) == (2, True)
    assert go_on(world, job)["counts"]["DONE"] == 0
    assert [status_of(world.read(block)) for block in blocks] == ["SUCCEEDED", "SUCCEEDED"]


def test_going_on_twice_does_nothing_twice(world: BlockWorld) -> None:
    [block] = several(world, 1)
    job = make(world, "RUN", block)
    principal = world.api.principal
    open_job, [row] = world.db.read_now(lambda tx: world.services.bulk.open_rows(tx, principal, UUID(job["uuid"])))

    for _ in range(2):
        world.db.write_now(lambda tx: world.services.bulk.settle(tx, principal, open_job, row))

    assert world.latest_run(block).number == 2


def test_rights_count_at_the_moment_of_each_block_and_jobs_are_known_to_their_makers_only(world: BlockWorld) -> None:
    [block] = several(world, 1)
    world.api.be(SHOP)
    job = make(world, "PURGE", block)

    assert go_on(world, job)["counts"]["REFUSED"] == 1
    world.api.be(OTHER)
    for method, path in (("GET", ""), ("GET", "/blocks"), ("POST", "/continue"), ("POST", "/stop")):
        assert world.api.send(method, f"{JOBS}/{job['uuid']}{path}", media=JSON).status_code == 404
    body: JsonObject = {"action": "RUN", "buildingBlockUuids": [uuid_of(block)]}
    refused = world.api.refused(404, "POST", JOBS, body)
    assert (refused["errorCode"], refused["field"]) == ("BlockNotFound", "/buildingBlockUuids/0")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "RUN"}, "NothingChosen"),
        ({"action": "RUN", "buildingBlockUuids": []}, "WrongNumber"),
        ({"action": "RUN", "filter": {}, "buildingBlockUuids": []}, "NothingChosen"),
        ({"action": "RUN", "filter": {"status": "FAILED"}}, "WrongNumber"),
        ({"action": "BURN", "filter": {}}, "InvalidRequest"),
    ],
)
def test_a_job_needs_blocks(world: BlockWorld, body: Any, code: str) -> None:
    assert world.api.refused(400, "POST", JOBS, body)["errorCode"] == code
