"""No state without a timer and an owner: each state of blocks and their runs, who ends it, and by when. Source: concepts.md 10, 11."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.model.block import RUNNING, WAITING, BlockStatus, Lifecycle
from blockyard.server.runs.model import WaitOwner
from tests.support.approvals import a_resource, planned, policies
from tests.support.block_world import (
    BLOCKS,
    OWN,
    PLATFORM,
    BlockWorld,
    an_input,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR

JSON = "application/json"
CEILING_SECONDS = 3 * 3600 + 1
RUNS = "/api/meshobjects/meshbuildingblockruns"


def waits_for_user(world: BlockWorld) -> Any:
    return world.order(world.define(inputs={"size": an_input()}))


def waits_for_operator(world: BlockWorld) -> Any:
    return world.order(world.define(inputs={"size": an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT")}))


def waits_for_parent(world: BlockWorld) -> Any:
    parent = world.define("Parent", inputs={"size": an_input()})
    child = world.define("Child", inputs={}, dependencyDefinitionRefs=[{"uuid": definition_of(parent)}])
    return world.order(child, parents=[world.order(parent)])


def waits_for_approval(world: BlockWorld) -> Any:
    block = world.order(world.define(about=policies("buildingBlockCreation"), inputs={}))
    planned(world, a_resource("aws_db.main", "create"))
    return block


def pending(world: BlockWorld) -> Any:
    return world.order(world.define(inputs={}))


def in_progress(world: BlockWorld) -> Any:
    block = pending(world)
    world.claimed()
    return block


def stopping(world: BlockWorld) -> Any:
    block = in_progress(world)
    answer = world.api.send("POST", f"{RUNS}/{world.latest_run(block).id}/abort", media=RUN.media)
    assert answer.is_success, answer.text
    return block


def tried_again(world: BlockWorld) -> Any:
    block = pending(world)
    claimed = world.claimed()
    world.report(claimed, RunStatus.FAILED, message="Error: 503 Service Unavailable")
    return block


def succeeded(world: BlockWorld) -> Any:
    block = pending(world)
    world.finish()
    return block


def failed(world: BlockWorld) -> Any:
    block = pending(world)
    world.finish(status=RunStatus.FAILED)
    return block


def aborted(world: BlockWorld) -> Any:
    block = pending(world)
    world.finish(status=RunStatus.ABORTED)
    return block


def leaving(world: BlockWorld) -> Any:
    block = succeeded(world)
    assert world.delete(block).is_success
    return block


def leaving_in_progress(world: BlockWorld) -> Any:
    block = leaving(world)
    world.claimed()
    return block


def leaving_failed(world: BlockWorld) -> Any:
    block = leaving(world)
    world.finish(status=RunStatus.FAILED)
    return block


def leaving_aborted(world: BlockWorld) -> Any:
    block = leaving(world)
    world.finish(status=RunStatus.ABORTED)
    return block


def gone(world: BlockWorld) -> Any:
    block = leaving(world)
    world.finish()
    return block


@dataclass(frozen=True)
class Row:
    """A state, how it comes about, and whose turn it is (None: nobody's, it is an end)."""

    status: BlockStatus
    lifecycle: Lifecycle
    made: Callable[[BlockWorld], Any]
    owner: WaitOwner | None = None
    by_seconds: float | None = None
    """It is over by itself after so long, whoever does nothing; None where people end it."""


ACTIVE, MARKED, DELETED = Lifecycle.ACTIVE, Lifecycle.MARKED_FOR_DELETION, Lifecycle.DELETED
OPERATED = WaitOwner.RUNNER_OPERATOR
STATES: Mapping[str, Row] = {
    "waits for a parent": Row(BlockStatus.WAITING_FOR_DEPENDENT_INPUT, ACTIVE, waits_for_parent, WaitOwner.WORKSPACE),
    "waits for operators": Row(BlockStatus.WAITING_FOR_OPERATOR_INPUT, ACTIVE, waits_for_operator, WaitOwner.PROVIDER),
    "waits for consumers": Row(BlockStatus.WAITING_FOR_USER_INPUT, ACTIVE, waits_for_user, WaitOwner.WORKSPACE),
    "waits for an approval": Row(
        BlockStatus.WAITING_FOR_APPROVAL, ACTIVE, waits_for_approval, WaitOwner.PROVIDER, by_seconds=7 * 24 * 3600
    ),
    "no runner asks": Row(BlockStatus.PENDING, ACTIVE, pending, OPERATED),
    "is tried again": Row(BlockStatus.PENDING, ACTIVE, tried_again, WaitOwner.SYSTEM),
    "is executed": Row(BlockStatus.IN_PROGRESS, ACTIVE, in_progress, by_seconds=CEILING_SECONDS),
    "is being stopped": Row(BlockStatus.IN_PROGRESS, ACTIVE, stopping, WaitOwner.SYSTEM, by_seconds=301),
    "succeeded": Row(BlockStatus.SUCCEEDED, ACTIVE, succeeded),
    "failed": Row(BlockStatus.FAILED, ACTIVE, failed),
    "aborted": Row(BlockStatus.ABORTED, ACTIVE, aborted),
    "waits to be destroyed": Row(BlockStatus.PENDING, MARKED, leaving, WaitOwner.SYSTEM),
    "is destroyed": Row(BlockStatus.IN_PROGRESS, MARKED, leaving_in_progress, by_seconds=CEILING_SECONDS),
    "could not be destroyed": Row(BlockStatus.FAILED, MARKED, leaving_failed),
    "was not destroyed": Row(BlockStatus.ABORTED, MARKED, leaving_aborted),
    "is gone": Row(BlockStatus.SUCCEEDED, DELETED, gone),
}


@pytest.mark.one_database
def test_every_state_is_in_the_table() -> None:
    assert {row.status for row in STATES.values()} == {*BlockStatus}
    assert {row.lifecycle for row in STATES.values()} == {*Lifecycle}
    assert {row.status.value for row in STATES.values()} >= {status.value for status in RunStatus}
    assert {row.lifecycle for row in STATES.values() if row.status in RUNNING} == {ACTIVE, MARKED}


@pytest.mark.parametrize("name", STATES)
def test_each_state_has_who_ends_it_and_by_when(world: BlockWorld, name: str) -> None:
    row = STATES[name]
    block = row.made(world)
    read = world.read(block)
    assert (status_of(read), lifecycle_of(read)) == (row.status.value, row.lifecycle.value)

    waits = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
    assert [wait["owner"]["kind"] for wait in waits] == ([] if row.owner is None else [row.owner.value])
    for wait in waits:
        assert wait["message"]
        assert wait["endsWhen"]
        assert wait["since"] or row.lifecycle is MARKED
        assert wait["owner"]["workspace"] is not None or row.owner is WaitOwner.SYSTEM

    _ends_by_itself(world, block, row)
    _is_ended(world, block, row)


def _ends_by_itself(world: BlockWorld, block: Any, row: Row) -> None:
    """Let time pass where a timer ends a state, or hands it to whoever has to act."""
    if row.by_seconds is not None:
        attempt = world.latest_run(block).attempt
        world.clock.advance(row.by_seconds)
        world.sweep()
        run = world.latest_run(block)
        assert run.is_final or (run.status, run.attempt) == (RunStatus.PENDING, attempt)
    elif row.owner is WaitOwner.SYSTEM:
        world.clock.advance(24 * 3600)
        [wait] = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media=JSON)["waits"]
        assert wait["owner"]["kind"] == OPERATED.value, "nobody has asked for work for a day"


def _is_ended(world: BlockWorld, block: Any, row: Row) -> None:
    """Let who operates a block end what it waits for; an end needs none, and a deletion that failed is repeated."""
    world.api.be(PLATFORM)
    answer = world.api.send("POST", f"{OWN}/{uuid_of(block)}/end", {"reason": "old"}, media=JSON)
    is_open = status_of(world.read(block)) == "ABORTED" and answer.is_success
    world.api.be(ADMINISTRATOR)
    if row.status in RUNNING | WAITING:
        assert is_open or world.latest_run(block).is_final
    else:
        assert answer.json()["errorCode"] == "NothingToEnd"
    if row.lifecycle is MARKED:
        assert world.delete(block).is_success
        assert status_of(world.read(block)) == "PENDING"
    elif row.lifecycle is ACTIVE and row.status not in WAITING:
        assert world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run").is_success
