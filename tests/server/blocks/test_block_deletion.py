"""Deleting and purging blocks."""

from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.kinds import BLOCK_V1, DEFINITION
from blockyard.protocol.names import RunStatus
from blockyard.server.tofu_state.store import StateStore
from tests.support.block_world import (
    BLOCKS,
    DEFINITIONS,
    MANUAL,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_change,
    an_input,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_key


def a_done_block(world: BlockWorld, **spec: Any) -> Any:
    block = world.order(world.define(**({"inputs": {}} | spec)))
    world.finish()
    return world.read(block)


def write_state(world: BlockWorld, block: Any) -> None:
    """Give a block a state of its engine."""
    body = {"version": 4, "serial": 1, "lineage": "l-1", "terraform_version": "1.11.4", "outputs": {}}
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(block)}"
    world.api.send("POST", path, body, media="application/json").raise_for_status()


def has_state(world: BlockWorld, block: Any) -> bool:
    return world.db.read_now(lambda tx: StateStore(tx).current(UUID(uuid_of(block)))) is not None


def state_of(world: BlockWorld, block: Any) -> tuple[str, str, bool]:
    document = world.read(block)
    return lifecycle_of(document), status_of(document), document["status"]["forcePurge"]


def test_a_deletion_destroys_first_and_then_the_block_is_gone(world: BlockWorld) -> None:
    block = a_done_block(world)
    write_state(world, block)

    answer = world.delete(block)

    assert (answer.status_code, answer.text) == (202, "")
    assert state_of(world, block) == ("MARKED_FOR_DELETION", "PENDING", False)
    claimed = world.claimed()
    assert claimed.behavior == "DESTROY"
    assert has_state(world, block)
    world.report(claimed)
    assert state_of(world, block) == ("DELETED", "SUCCEEDED", False)
    assert not has_state(world, block)
    assert world.as_admin("GET", BLOCKS)["page"]["totalElements"] == 0
    assert "Building Block Deleted" in world.titles(block)


def a_failed_deletion(world: BlockWorld, **spec: Any) -> tuple[Any, Any]:
    """Return a block whose deletion failed, and the version after its own."""
    version = world.define(inputs={}, **spec)
    block = world.order(version)
    world.finish()
    world.delete(block)
    world.finish(status=RunStatus.FAILED)
    return world.read(block), world.next_version(version)


def test_a_block_whose_deletion_failed_is_destroyed_with_the_version_it_is_changed_to(world: BlockWorld) -> None:
    block, newer = a_failed_deletion(world)

    world.change(block, version=newer)
    claimed = world.claimed()
    version = world.latest_run(block).target.version_number
    world.report(claimed)

    assert (claimed.behavior, version) == ("DESTROY", 2)
    assert state_of(world, block) == ("DELETED", "SUCCEEDED", False)


def test_a_change_of_version_waits_for_the_run_that_destroys_and_says_so(world: BlockWorld) -> None:
    block, newer = a_failed_deletion(world)
    world.delete(block)

    answer = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, version=newer))

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "NotUpgradeable")
    assert answer.json()["remedy"].startswith("Wait for the end of the run: if the deletion fails")
    world.finish(status=RunStatus.FAILED)
    assert world.change(world.read(block), version=newer)["status"]["status"] == "PENDING"


def test_repeating_a_deletion_changes_nothing(world: BlockWorld) -> None:
    block = a_done_block(world)

    assert [world.delete(block).status_code for _ in range(2)] == [202, 202]
    assert world.latest_run(block).number == 2
    world.finish()
    assert world.delete(block).status_code == 202
    assert world.latest_run(block).number == 2
    assert world.claim() is None


def test_a_failed_deletion_can_be_repeated(world: BlockWorld) -> None:
    block = a_done_block(world)
    write_state(world, block)
    world.delete(block)

    world.finish(status=RunStatus.FAILED)

    assert state_of(world, block) == ("MARKED_FOR_DELETION", "FAILED", False)
    assert has_state(world, block)
    world.delete(block)
    assert state_of(world, block) == ("MARKED_FOR_DELETION", "PENDING", False)
    world.finish()
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_a_block_on_its_way_out_is_destroyed_by_runs_by_hand_and_by_new_inputs(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"name": an_input()}), {"name": "a"})
    world.finish()
    world.delete(block)
    world.finish(status=RunStatus.FAILED)

    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    assert world.finish(status=RunStatus.FAILED).behavior == "DESTROY"

    assert status_of(world.change(block, inputs={"name": "b"})) == "PENDING"
    claimed = world.finish()
    assert (claimed.behavior, claimed.inputs["name"]["value"]) == ("DESTROY", "b")
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_a_block_with_a_run_under_way_is_not_deleted(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))

    assert world.api.refused(409, "DELETE", f"{BLOCKS}/{uuid_of(block)}")["errorCode"] == "RunUnfinished"
    assert lifecycle_of(world.read(block)) == "ACTIVE"


def test_a_block_that_never_ran_and_a_manual_one_are_gone_at_once(world: BlockWorld) -> None:
    waiting = world.order(world.define(inputs={"name": an_input()}))
    manual = world.order(world.define(implementation=MANUAL))

    for block in (waiting, manual):
        assert world.delete(block).status_code == 202
        assert lifecycle_of(world.read(block)) == "DELETED"
    assert world.claim() is None


def test_a_definition_may_say_that_resources_stay(world: BlockWorld) -> None:
    version = world.define(deletionMode="PURGE", inputs={})
    block = world.order(version)
    write_state(world, block)

    world.delete(block)

    assert state_of(world, block)[::2] == ("DELETED", True)
    assert world.claim() is None
    assert has_state(world, block)


def test_a_purge_aborts_the_run_and_forgets_the_block(world: BlockWorld) -> None:
    waiting, running = world.order(world.define(inputs={})), world.order(world.define(inputs={}))
    blocks = (waiting, running)
    for block in blocks:
        write_state(world, block)
    claimed = world.claimed()
    assert claimed.document["spec"]

    for block in blocks:
        assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}/purge").status_code == 202
        assert state_of(world, block)[::2] == ("DELETED", True)
        assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}/purge").status_code == 202
    assert world.claim() is None
    world.report(claimed)
    assert all(lifecycle_of(world.read(block)) == "DELETED" for block in blocks)
    assert all(has_state(world, block) for block in blocks)


def test_only_the_provider_and_administrators_purge(world: BlockWorld) -> None:
    for principal in (PLATFORM, a_key("other", "ADM_BUILDINGBLOCK_DELETE")):
        path = f"{BLOCKS}/{uuid_of(a_done_block(world))}/purge"
        for refused in (SHOP, a_key("platform", "MANAGED_BUILDINGBLOCK_LIST")):
            world.api.be(refused)
            error = world.api.refused(403, "DELETE", path)
            assert error["errorCode"] == "MissingPermission"
            assert error["message"].endswith("ADM_BUILDINGBLOCK_DELETE is needed")
        world.api.be(principal)
        assert world.api.send("DELETE", path).status_code == 202
        world.api.be(ADMINISTRATOR)


@pytest.mark.parametrize(
    ("codes", "workspace", "status"),
    [
        (["BUILDINGBLOCK_DELETE"], "shop", 202),
        (["BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE"], "shop", 403),
        (["MANAGED_BUILDINGBLOCK_SAVE"], "platform", 202),
        (["MANAGED_BUILDINGBLOCK_LIST"], "platform", 403),
        (["BUILDINGBLOCK_DELETE"], "platform", 404),
        (["ADM_BUILDINGBLOCK_SAVE"], "admin", 403),
        (["ADM_BUILDINGBLOCK_DELETE"], "admin", 202),
    ],
)
@pytest.mark.one_database
def test_who_may_delete(world: BlockWorld, codes: list[str], workspace: str, status: int) -> None:
    block = a_done_block(world)
    world.api.be(a_key(workspace, *codes))

    assert world.delete(block).status_code == status


def test_either_media_type_deletes(world: BlockWorld) -> None:
    block = a_done_block(world)

    assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}", media="text/html").status_code == 406
    assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}", media=BLOCK_V1.media).status_code == 202


def test_deleting_the_definition_removes_its_deleted_blocks_for_good(world: BlockWorld) -> None:
    block = a_done_block(world)
    world.delete(block)
    world.finish()
    version_id = block["spec"]["buildingBlockDefinitionVersionRef"]["uuid"]
    assert lifecycle_of(world.read(block)) == "DELETED"
    definition = str(world.stored(block).definition_id)

    assert world.api.send("DELETE", f"{DEFINITIONS}/{definition}", media=DEFINITION.media).is_success

    assert world.api.send("GET", f"{BLOCKS}/{uuid_of(block)}").status_code == 404
    assert version_id
    assert world.db.read_now(lambda tx: world.runs.latest(tx, UUID(uuid_of(block)))) is None


def test_what_is_left_of_a_definition_goes_without_a_block_that_was_ordered_just_now(world: BlockWorld) -> None:
    version = world.define(implementation=MANUAL)
    gone, ordered = world.order(version), world.order(version)
    world.delete(gone)
    definition_id = world.stored(ordered).definition_id

    world.db.write_now(lambda tx: world.usage.forget(tx, definition_id))

    assert world.api.send("GET", f"{BLOCKS}/{uuid_of(gone)}").status_code == 404
    assert status_of(world.read(ordered)) == "SUCCEEDED"
    assert world.latest_run(ordered).block_id == world.stored(ordered).id


def test_a_definition_with_blocks_is_not_deleted(world: BlockWorld) -> None:
    version = world.define(inputs={})
    block = world.order(version)
    world.api.be(ADMINISTRATOR)

    answer = world.api.send("DELETE", f"{DEFINITIONS}/{definition_of(version)}", media=DEFINITION.media)

    assert answer.status_code == 409
    assert f"'my block' ({uuid_of(block)}) in workspace 'shop'" in answer.json()["message"]
