"""Many blocks at once: run, upgrade, delete, purge, with a result for each; done by a loop of the server, on any replica."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.service.bulk import LEASE, LOOK_AGAIN
from blockyard.server.identity.model import AccessLevel, ApiKeyId, Principal
from blockyard.server.identity.permissions import ADMIN, PLAIN, everywhere
from blockyard.server.kit.database import Database
from tests.support.block_world import (
    OTHER,
    BlockWorld,
    a_value,
    an_input,
    an_output,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.bulk_jobs import JOBS, a_stored_key, rounds
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld
from tests.support.principals import ADMINISTRATOR

JSON = "application/json"


@pytest.fixture
def world(world: BlockWorld) -> BlockWorld:
    """A control plane whose provider has a key that is stored: the server asks for its rights when it goes on."""
    world.api.be(a_stored_key(world, "admin", everywhere=True))
    return world


def make(world: BlockWorld, action: str, *blocks: Any, **body: Any) -> Any:
    """Make a job for these blocks."""
    chosen: JsonObject = {"buildingBlockUuids": [uuid_of(block) for block in blocks]} if blocks else {}
    return world.api.ok("POST", JOBS, {"action": action, **chosen, **body}, media=JSON)


def start(world: BlockWorld, job: Any) -> Any:
    """Start a job."""
    return world.api.ok("POST", f"{JOBS}/{job['uuid']}/start", media=JSON)


def go_on(world: BlockWorld, job: Any) -> Any:
    """Start a job unless it is, let the server do what it can do now, and return how far the job is."""
    start(world, job)
    world.clock.advance(LOOK_AGAIN.total_seconds())
    rounds(world)
    return world.api.ok("GET", f"{JOBS}/{job['uuid']}", media=JSON)


def a_child_older_than_its_parent(world: BlockWorld) -> tuple[Any, Any]:
    """Return a block that took a parent with a newer version, and that parent, which was ordered after it."""
    top = world.define("Top", outputs={"out": an_output()})
    plain = world.define("Below")
    child = world.order(plain)
    world.finish()
    world.clock.advance(1)
    parent = world.order(top)
    world.finish({"out": a_value("1")})
    id_ = definition_of(top)
    newer = world.next_version(
        plain,
        inputs={"in": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{id_}.out")},
        dependencyDefinitionRefs=[{"uuid": id_, "kind": "meshBuildingBlockDefinition"}],
    )
    world.change(child, version=newer, parents=[parent])
    world.finish()
    return child, parent


def test_parents_run_before_children_that_are_older(world: BlockWorld) -> None:
    child, parent = a_child_older_than_its_parent(world)

    job = go_on(world, make(world, "RUN", child, parent))

    assert (job["over"], job["counts"]["DONE"]) == (True, 2)
    assert (status_of(world.read(parent)), status_of(world.read(child))) == ("PENDING", "WAITING_FOR_DEPENDENT_INPUT")
    before = world.latest_run(child).number
    world.finish({"out": a_value("2")})
    assert world.finish().inputs["in"]["value"] == "2"
    assert (world.claim(), world.latest_run(child).number) == (None, before + 1)


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


def test_a_deletion_that_can_be_taken_back_says_so(world: BlockWorld) -> None:
    version = world.define(inputs={})
    path = f"/api/blockyard/v1/definitions/{definition_of(version)}/lifetimes"
    world.as_admin("PUT", path, {"undoMinutes": 30, "maximumDays": None}, media=JSON)
    job = make(world, "DELETE", *several(world, 1, version))
    go_on(world, job)
    [row] = world.api.ok("GET", f"{JOBS}/{job['uuid']}/blocks", media=JSON)["_embedded"]["bulkJobBlocks"]
    assert "after 30 minutes, unless the deletion is taken back" in row["message"]


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


def test_a_stopped_job_leaves_the_rest_until_it_is_started_again(world: BlockWorld) -> None:
    blocks = several(world, 2)
    job = make(world, "PURGE", *blocks)
    start(world, job)

    stopped = world.api.ok("POST", f"{JOBS}/{job['uuid']}/stop", media=JSON)
    rounds(world)

    assert (stopped["counts"]["STOPPED"], stopped["state"], stopped["over"]) == (2, "STOPPED", True)
    assert [status_of(world.read(block)) for block in blocks] == ["SUCCEEDED", "SUCCEEDED"]
    assert (go_on(world, job)["state"], codes(world, job)) == ("OVER", ["GONE", "GONE"])


def test_nothing_is_done_before_a_job_is_started_and_nobody_has_to_ask_again(world: BlockWorld) -> None:
    [block] = several(world, 1)
    job = make(world, "RUN", block)
    rounds(world)
    assert (job["state"], world.claim()) == ("HELD", None)

    assert start(world, job)["state"] == "UNDER_WAY"
    rounds(world)

    assert world.latest_run(block).number == 2
    listed = world.api.ok("GET", JOBS, media=JSON)["_embedded"]["bulkJobs"]
    assert [(one["uuid"], one["state"]) for one in listed] == [(job["uuid"], "OVER")]
    titles = {event.title for event in world.all_events() if event.subject_kind == "bulkJob"}
    assert titles == {"Bulk Job Started", "Bulk Job Ended"}


def test_a_replica_that_dies_in_the_middle_leaves_the_rest_to_another_one_and_nothing_is_done_twice(
    world: BlockWorld,
) -> None:
    blocks = several(world, 3)
    job = make(world, "RUN", *blocks)
    start(world, job)
    bulk = world.services.bulk
    [taken] = world.db.write_now(bulk.take_due)
    rows = world.db.read_now(lambda tx: bulk.open_rows(tx, taken))
    world.db.write_now(lambda tx: bulk.settle(tx, taken, rows[0]))

    rounds(world)  # the lease is that of the dead one
    assert [world.latest_run(block).number for block in blocks] == [2, 1, 1]
    world.clock.advance(LEASE.total_seconds())
    rounds(world)
    world.db.write_now(lambda tx: bulk.settle(tx, taken, rows[1]))  # it was not dead after all
    world.db.write_now(lambda tx: bulk.give_back(tx, taken, may_go_on=True))

    assert [world.latest_run(block).number for block in blocks] == [2, 2, 2]
    assert [event.title for event in world.all_events()].count("Bulk Job Ended") == 1


def test_a_lease_is_short_and_renewed_while_rows_are_settled_or_refused(world: BlockWorld) -> None:
    blocks = several(world, 3)
    start(world, make(world, "RUN", *blocks))
    bulk = world.services.bulk
    [taken] = world.db.write_now(bulk.take_due)
    first, second, _ = world.db.read_now(lambda tx: bulk.open_rows(tx, taken))

    assert LEASE.total_seconds() <= 10
    for does in (lambda tx: bulk.settle(tx, taken, first), lambda tx: bulk.refused(tx, taken, second, None)):
        world.clock.advance(LEASE.total_seconds() * 0.9)
        world.db.write_now(does)
    world.clock.advance(LEASE.total_seconds() * 0.9)
    assert world.db.write_now(bulk.take_due) == []
    world.clock.advance(LEASE.total_seconds() * 0.1)
    assert world.db.write_now(bulk.take_due) == [taken]


def test_two_replicas_never_take_a_job_at_the_same_time(world: BlockWorld) -> None:
    [block] = several(world, 1)
    start(world, make(world, "RUN", block))
    barrier = Barrier(2)

    def take() -> int:
        barrier.wait()
        return len(world.db.write_now(world.services.bulk.take_due))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(one.result() for one in [pool.submit(take) for _ in range(2)]) == [0, 1]


def test_two_replicas_that_settle_the_same_row_do_it_once(world: BlockWorld) -> None:
    [block] = several(world, 1)
    start(world, make(world, "RUN", block))
    bulk = world.services.bulk
    [taken] = world.db.write_now(bulk.take_due)
    [row] = world.db.read_now(lambda tx: bulk.open_rows(tx, taken))
    barrier = Barrier(2)

    def settle() -> None:
        barrier.wait()
        world.db.write_now(lambda tx: bulk.settle(tx, taken, row))

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(settle) for _ in range(2)]:
            one.result()
    assert world.latest_run(block).number == 2


def test_rights_count_at_the_moment_of_each_block_and_jobs_are_known_to_their_makers_only(world: BlockWorld) -> None:
    [block] = several(world, 1)
    world.api.be(a_stored_key(world, "shop"))
    job = make(world, "PURGE", block)

    assert go_on(world, job)["counts"]["REFUSED"] == 1
    assert codes(world, job) == ["MissingPermission"]
    world.api.be(OTHER)
    for method, path in (("GET", ""), ("GET", "/blocks"), ("POST", "/start"), ("POST", "/stop")):
        assert world.api.send(method, f"{JOBS}/{job['uuid']}{path}", media=JSON).status_code == 404
    assert world.api.ok("GET", JOBS, media=JSON)["page"]["totalElements"] == 0
    body: JsonObject = {"action": "RUN", "buildingBlockUuids": [uuid_of(block)]}
    refused = world.api.refused(404, "POST", JOBS, body)
    assert (refused["errorCode"], refused["field"]) == ("BlockNotFound", "/buildingBlockUuids/0")


def test_who_has_no_rights_any_more_does_nothing_any_more(world: BlockWorld) -> None:
    [block] = several(world, 1)
    maker = a_stored_key(world, "platform")
    world.api.be(maker)
    job = make(world, "RUN", block)
    start(world, job)
    assert maker.key is not None
    key_id = ApiKeyId(maker.key)
    world.db.write_now(lambda tx: world.services.api_keys.delete(tx, ADMINISTRATOR, key_id))

    rounds(world)

    assert (codes(world, job), world.latest_run(block).number) == (["MakerGone"], 1)


def test_a_job_of_a_person_has_the_rights_that_they_have_then(database: Database, clock: FixedClock) -> None:
    world = PageWorld(database, clock)
    user = world.add("sam")
    blocks = several(world, 2, world.define(inputs={}, transparent=True))
    world.api.be(
        Principal(author=user.author, everywhere=everywhere(ADMIN), grants={"shop": PLAIN})
    )  # at the time of the request
    job = make(world, "PURGE", blocks[0])
    run = make(world, "RUN", blocks[1])

    assert (go_on(world, job)["state"], codes(world, job)) == ("OVER", ["MissingPermission"])
    go_on(world, run)
    assert codes(world, run) == ["STARTED"]

    later = make(world, "RUN", blocks[0])
    world.db.write_now(lambda tx: world.services.users.lock(tx, ADMINISTRATOR, user.id, disabled=True))
    go_on(world, later)
    assert codes(world, later) == ["MakerGone"]


def test_a_job_does_nothing_that_the_program_which_started_it_could_not_do(
    database: Database, clock: FixedClock
) -> None:
    world = PageWorld(database, clock)
    user = world.add("sam")
    [block] = several(world, 1)
    whole = Principal(author=user.author, grants={"shop": PLAIN})
    elsewhere = Principal(author=user.author, grants={"other": PLAIN})
    world.api.be(whole)
    job = make(world, "DELETE", block)
    world.api.be(whole.limited(AccessLevel.WRITE, None, everywhere=True))
    assert world.api.send("POST", f"{JOBS}/{job['uuid']}/start", media=JSON).status_code == 403

    world.api.be(elsewhere)
    go_on(world, job)
    assert codes(world, job) == ["BlockNotFound"]


def test_jobs_that_are_over_or_never_started_are_removed_after_the_time_of_the_setting(world: BlockWorld) -> None:
    blocks = several(world, 1)
    over, held, waiting = (make(world, "PURGE", *blocks) for _ in range(3))
    go_on(world, over)
    world.clock.advance(30 * 86400 + 1)
    start(world, waiting)

    world.db.write_now(world.services.bulk.remove_old)

    found = [world.api.send("GET", f"{JOBS}/{job['uuid']}", media=JSON).status_code for job in (over, held, waiting)]
    assert found == [404, 404, 200]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "RUN"}, "NothingChosen"),
        ({"action": "RUN", "buildingBlockUuids": []}, "WrongNumber"),
        ({"action": "RUN", "filter": {}, "buildingBlockUuids": []}, "NothingChosen"),
        ({"action": "DELETE", "filter": {}}, "EverythingChosen"),
        ({"action": "DELETE", "filter": {"status": None, "deleted": False}}, "EverythingChosen"),
        ({"action": "RUN", "filter": {"status": "FAILED"}}, "WrongNumber"),
        ({"action": "BURN", "filter": {}}, "InvalidRequest"),
        ({"action": "DELETE", "filter": {"state": "FAILED"}}, "InvalidRequest"),
    ],
)
@pytest.mark.one_database
def test_a_job_needs_blocks(world: BlockWorld, body: Any, code: str) -> None:
    assert world.api.refused(400, "POST", JOBS, body)["errorCode"] == code
