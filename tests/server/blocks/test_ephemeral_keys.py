"""The API key of a run: how it comes, what it may do, and when it is over."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RunStatus
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.runners.model import SHARED_RUNNER
from tests.support.approvals import RUNS, a_resource, decide, planned, policies
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    SHOP,
    BlockWorld,
    Claimed,
    a_secret,
    an_input,
    an_order,
    dump,
    status_of,
    uuid_of,
)
from tests.support.http import client_for, run_aside
from tests.support.world import BASE_URL

NESTED = ("BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE", "BUILDINGBLOCK_DELETE")
JSON = "application/json"


def composed(world: BlockWorld, permissions: Sequence[str] = NESTED, **more: Any) -> tuple[Any, str, Claimed]:
    """Order a block of the shop whose version has permissions; return it, the key of its first run, and that run."""
    version = world.define("Starter kit", permissions=[*permissions])
    world.api.be(SHOP)
    block = world.order(version, name="kit", **more)
    claimed = world.claimed()
    key = world.key_of(claimed)
    assert key is not None
    return block, key, claimed


def is_over(world: BlockWorld, key: str) -> bool:
    """Tell whether a key is refused."""
    try:
        world.holder(key)
    except Unauthenticated as refusal:
        return refusal.code == "RunKeyEnded"
    return False


def asked(world: BlockWorld, key: str, path: str) -> int:
    """Return the status of what a client gets that sends the key as it is."""

    async def ask() -> int:
        async with client_for(world.whole.app, BASE_URL) as client:
            return (await client.get(path, headers={"Authorization": f"Bearer {key}"})).status_code

    return run_aside(ask())


def test_a_run_gets_a_key_with_the_permissions_of_its_version_in_the_workspace_of_its_block(world: BlockWorld) -> None:
    block, key, claimed = composed(world)

    who = world.holder(key)

    assert who.grants == {"shop": frozenset(NESTED)}
    assert not who.everywhere
    assert who.author.serves == claimed.run_id
    assert str(who.block) == uuid_of(block)
    assert asked(world, key, f"/api/blockyard/v1/blocks/{uuid_of(block)}") == 200
    assert asked(world, key, "/api/meshobjects/meshprojects") == 403


def test_a_version_without_permissions_gives_no_key_and_neither_does_a_manual_one(world: BlockWorld) -> None:
    version = world.define("Bucket")
    manual = world.define("By hand", implementation=MANUAL, permissions=[*NESTED])
    world.api.be(SHOP)
    world.order(version)
    by_hand = world.order(manual)

    assert world.key_of(world.claimed()) is None
    assert status_of(by_hand) == "SUCCEEDED"
    assert world.claim() is None


def test_an_input_of_that_name_is_left_as_the_definition_has_it(world: BlockWorld) -> None:
    own = an_input(assignment="STATIC", isSensitive=True, isEnvironment=True, argument=a_secret("of its own"))
    version = world.define("Bucket", permissions=[*NESTED], inputs={"MESHSTACK_API_TOKEN": own})
    world.api.be(SHOP)
    world.order(version)

    items: Any = world.claimed().document["spec"]

    given = [one for one in items["buildingBlock"]["spec"]["inputs"] if one["key"] == "MESHSTACK_API_TOKEN"]
    assert len(given) == 1


@pytest.mark.parametrize("end", ["SUCCEEDED", "FAILED", "abort", "ceiling", "six hours", "lost", "by force"])
def test_a_key_ends_with_its_attempt(world: BlockWorld, end: str) -> None:
    block, key, claimed = composed(world)
    assert not is_over(world, key)

    if end in {"SUCCEEDED", "FAILED"}:
        world.report(claimed, RunStatus(end))
    elif end == "abort":
        world.as_admin("POST", f"{RUNS}/{claimed.run_id}/abort", media=RUN.media)
        assert not is_over(world, key)  # its engine is asked to end in order
        world.report(claimed, RunStatus.ABORTED)
    elif end == "by force":
        world.as_admin("POST", f"/api/blockyard/v1/blocks/{uuid_of(block)}/end", {"reason": "it hangs"}, media=JSON)
    elif end == "lost":
        world.clock.advance(3600)
        world.sweep()
        assert world.claim() is not None
    else:
        world.clock.advance(3 * 3600 + 60 if end == "ceiling" else 6 * 3600)
        if end == "ceiling":
            world.sweep()

    assert is_over(world, key)
    assert asked(world, key, "/api/blockyard/v1/blocks") == 401


def test_a_claim_that_nobody_received_leaves_no_key_and_the_next_attempt_has_another(world: BlockWorld) -> None:
    _, key, _ = composed(world)
    world.clock.advance(16)
    world.sweep()

    assert is_over(world, key)
    claimed = world.claimed()
    again = world.key_of(claimed)
    assert again not in {None, key}
    assert not is_over(world, str(again))


def test_the_key_of_a_lost_attempt_is_good_until_another_one_is_claimed(world: BlockWorld) -> None:
    _, key, claimed = composed(world)
    world.report(claimed, RunStatus.IN_PROGRESS)
    world.clock.advance(40)
    world.sweep()
    assert not is_over(world, key)  # its runner may only have been started again: see decision 18

    assert world.claim() is not None

    assert is_over(world, key)


def test_a_key_stands_nowhere_in_clear_and_is_not_listed_or_counted_with_the_keys_of_the_workspace(
    world: BlockWorld,
) -> None:
    block, key, claimed = composed(world)

    listed = world.as_admin("GET", "/api/blockyard/v1/workspaces/shop/apikeys", media=JSON)
    read = world.as_admin("GET", f"{RUNS}/{claimed.run_id}", media=RUN.media)

    assert key not in json.dumps([listed, read]) + dump(world.db)
    assert "bykey" not in json.dumps([listed, read])
    assert uuid_of(block) not in json.dumps(listed)


def test_what_a_run_makes_says_which_building_block_made_it_and_serves_the_run(world: BlockWorld) -> None:
    block, key, claimed = composed(world)
    leaf = world.define("Leaf")
    world.api.be(world.holder(key))

    nested = world.order(leaf, name="leaf")

    stored = world.stored(nested)
    assert (stored.author.type, stored.author.identifier) == ("ApiKey", f"block-{uuid_of(block)}")
    assert stored.author.display_name == "building block 'kit'"
    assert str(stored.author.block) == uuid_of(block)
    assert stored.serves == claimed.run_id
    made = next(event for event in world.all_events() if event.subject_id == uuid_of(nested))
    assert made.author.display_name == "building block 'kit'"


def test_a_run_approves_and_claims_nothing_and_makes_no_bulk_jobs(world: BlockWorld) -> None:
    _, key, _ = composed(world, [*NESTED, "MANAGED_BUILDINGBLOCKRUN_SAVE"])
    leaf = world.define("Leaf", about=policies("buildingBlockCreation"), transparent=True)
    world.api.be(SHOP)
    waiting = world.order(leaf)
    planned(world, a_resource("aws_db.main", "create"))
    run = world.holder(key)

    refused = decide(world, waiting, who=run)

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "RunTokenCannotApprove")
    world.api.be(run)
    path = f"{RUNS}/create?forRunnerUuid={SHARED_RUNNER}"
    assert world.api.refused(403, "POST", path, media=RUN.media)["errorCode"] == "RunTokenCannotClaim"
    body = {"action": "RUN", "buildingBlockUuids": [uuid_of(waiting)]}
    assert world.api.refused(403, "POST", "/api/blockyard/v1/bulk-jobs", body, media=JSON)["errorCode"]
    assert decide(world, waiting, who=SHOP).is_success


@pytest.mark.parametrize("workspace", ["shop", "platform", "other"])
def test_a_key_reaches_its_workspace_and_no_other(world: BlockWorld, workspace: str) -> None:
    _, key, _ = composed(world)
    version = world.define("Bucket")
    world.api.be(world.holder(key))

    answer = world.api.send("POST", BLOCKS, an_order(version, workspace=workspace))

    assert answer.status_code == (201 if workspace == "shop" else 403), answer.text


def test_a_key_does_not_read_the_run_it_is_of(world: BlockWorld) -> None:
    _, key, claimed = composed(world)
    world.api.be(world.holder(key))

    world.api.refused(403, "GET", f"{RUNS}/{claimed.run_id}", media=RUN.media)
    report = world.api.send(
        "PATCH", f"{RUNS}/{claimed.run_id}/status/source/runner", {"status": "SUCCEEDED"}, media=RUN.media
    )
    assert report.status_code == 403
