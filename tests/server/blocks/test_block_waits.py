"""What a block, or its run, waits for, in words."""

from datetime import timedelta
from typing import Any

import pytest

from blockyard.protocol.names import RunStatus
from blockyard.server.runs.model import RunWait
from tests.support.block_world import (
    BLOCKS,
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_secret,
    a_value,
    an_input,
    an_output,
    definition_of,
    status_of,
    uuid_of,
)
from tests.support.clock import NOON


def waits_for(world: BlockWorld, block: Any) -> list[str]:
    """Return what the detail of a block says it waits for."""
    found: list[str] = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media="application/json")["waitsFor"]
    return found


def test_an_input_that_takes_the_id_of_a_tenant_is_accepted_with_a_warning_and_an_order_says_why_it_waits(
    world: BlockWorld,
) -> None:
    version = world.define(inputs={"account": an_input("STRING", "PLATFORM_TENANT_ID")})

    block = world.order(version)

    path = f"/api/blockyard/v1/definitionversions/{uuid_of(version)}/warnings"
    warnings = world.as_admin("GET", path, media="application/json")["warnings"]
    assert [(item["code"], item["field"]) for item in warnings] == [
        ("NeverHasAValue", "/spec/inputs/account/assignmentType")
    ]
    assert block["status"]["status"] == "WAITING_FOR_DEPENDENT_INPUT"
    assert world.claim() is None
    (sentence,) = waits_for(world, block)
    assert "'Account' takes the id of a tenant" in sentence


def test_a_block_names_each_thing_it_waits_for(world: BlockWorld) -> None:
    network = world.define("Network", inputs={}, outputs={"id": an_output()})
    inputs = {
        "net": an_input("STRING", "BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id"),
        "name": an_input(),
        "quota": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT"),
    }
    version = world.define("Host", inputs=inputs, dependencyDefinitionRefs=[{"uuid": definition_of(network)}])
    parent = world.order(network, name="the network")

    block = world.order(version, parents=[parent])
    before = waits_for(world, block)
    world.finish({"id": a_value("n-1")})
    after = waits_for(world, block)

    assert before == [
        "Building block 'the network' has to be ready first; now it is: creating.",
        "Somebody of the workspace has to fill in input 'Name'.",
        "The platform team has to fill in input 'Quota'.",
    ]
    assert after == before[1:]


def test_a_run_that_nobody_asks_for_says_since_when_and_whom_to_tell(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    never = waits_for(world, block)
    world.finish()
    world.clock.advance(3600)
    world.order(world.define("Other", inputs={}))
    world.clock.advance(1)
    second = world.order(world.define("Third", inputs={}))

    (since,) = waits_for(world, second)
    wait = world.db.read_now(lambda tx: world.runs.wait_of(tx, world.latest_run(second)))

    assert never == ["No runner has asked for work yet; tell the operator that runner 'Shared runner' is not running."]
    assert since.startswith("No runner has asked for work since 2026-01-01 12:00 UTC; tell the operator")
    assert wait is not None
    assert (wait.message, wait.position, wait.is_unserved) == (since, 2, True)


def test_a_run_behind_others_says_its_place_and_one_that_works_waits_for_nothing(world: BlockWorld) -> None:
    blocks = []
    for name in ("One", "Two", "Three"):
        blocks.append(world.order(world.define(name, inputs={})))
        world.clock.advance(1)
    world.claimed()

    assert [waits_for(world, block) for block in blocks] == [
        [],
        ["The run is next; runner 'Shared runner' is working on another run."],
        ["The run is number 2 in the queue of runner 'Shared runner'."],
    ]


@pytest.mark.parametrize(
    ("seconds", "at_work", "due_in", "words"),
    [
        (60, 0, 0, "is next in the queue"),
        (61, 0, 0, "No runner has asked for work since 2026-01-01 11:58 UTC"),
        (61, 1, 0, "is working on another run"),
        (3600, 3, 0, "is working on 3 other runs"),
        (0, 0, 90, "is tried again at 2026-01-01 12:01:30 UTC"),
        (3600, 0, 90, "No runner has asked for work since"),
    ],
)
def test_a_busy_runner_is_not_a_stopped_one(seconds: int, at_work: int, due_in: int, words: str) -> None:
    wait = RunWait(
        runner="edge",
        runner_workspace="platform",
        since=NOON - timedelta(hours=2),
        position=1,
        asked_at=NOON - timedelta(seconds=seconds),
        at_work=at_work,
        due_at=NOON + timedelta(seconds=due_in),
        now=NOON,
    )

    assert words in wait.message


def test_a_deletion_without_destroy_workflow_is_accepted_and_fails_in_words(world: BlockWorld) -> None:
    integration = world.as_admin(
        "POST",
        "/api/meshobjects/meshintegrations",
        {
            "metadata": {"ownedByWorkspace": "platform"},
            "spec": {
                "displayName": "hub",
                "config": {
                    "type": "github",
                    "github": {
                        "owner": "team",
                        "baseUrl": "https://api.github.test",
                        "appId": "1",
                        "appPrivateKey": a_secret("pem"),
                        "runnerRef": {"uuid": "98520496-627d-43e6-82da-ce499179ff3f"},
                    },
                },
            },
        },
        media="application/vnd.meshcloud.api.meshIntegration.v1.hal+json",
    )
    workflows = {
        "repository": "r",
        "branch": "main",
        "applyWorkflow": "apply.yml",
        "integrationRef": {"uuid": uuid_of(integration)},
    }
    version = world.define(inputs={}, implementation={"type": "githubWorkflows", "githubWorkflows": workflows})
    block = world.order(version)
    world.finish()

    path = f"/api/blockyard/v1/definitionversions/{uuid_of(version)}/warnings"
    warnings = world.as_admin("GET", path, media="application/json")["warnings"]
    deletion = world.delete(block)

    assert "MissingDestroyWorkflow" in [item["code"] for item in warnings]
    assert (deletion.status_code, world.claim()) == (202, None)
    run = world.latest_run(block)
    assert run.status is RunStatus.FAILED
    assert "names no destroy workflow" in str(run.summary)


def waits_of(world: BlockWorld, block: Any) -> list[Any]:
    """Return each thing that a block waits for."""
    found: list[Any] = world.as_admin("GET", f"{OWN}/{uuid_of(block)}", media="application/json")["waits"]
    return found


def test_every_wait_says_since_when_and_at_which_place_and_what_would_end_it_and_who_can(world: BlockWorld) -> None:
    network = world.define("Network", inputs={"quota": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT")})
    version = world.define(
        "Host", inputs={"name": an_input()}, dependencyDefinitionRefs=[{"uuid": definition_of(network)}]
    )
    parent = world.order(network, name="the network")
    world.clock.advance(60)
    child = world.order(version, parents=[parent])

    [of_parent] = waits_of(world, parent)
    on_parent, on_people = waits_of(world, child)

    assert (of_parent["kind"], of_parent["since"], of_parent["owner"]) == (
        "OPERATOR_INPUT",
        "2026-01-01T12:00:00.000Z",
        {"kind": "PROVIDER", "workspace": "platform"},
    )
    assert on_parent == {
        "kind": "PARENT",
        "message": "Building block 'the network' has to be ready first; now it is: waiting for the platform team.",
        "since": "2026-01-01T12:01:00.000Z",
        "position": None,
        "endsWhen": "A run of 'the network' succeeds.",
        "until": None,
        "owner": {"kind": "PROVIDER", "workspace": "platform"},
    }
    assert (on_people["kind"], on_people["owner"]) == ("USER_INPUT", {"kind": "WORKSPACE", "workspace": "shop"})


def test_a_run_that_waits_and_one_that_is_being_stopped_and_one_behind_it_say_who_ends_that(world: BlockWorld) -> None:
    version = world.define(inputs={"size": an_input("INTEGER")})
    block = world.order(version, {"size": 1})
    world.change(block, inputs={"size": 3})
    [queued] = waits_of(world, block)  # it takes what was saved meanwhile, so there is no other one behind it
    world.claimed()
    world.change(block, inputs={"size": 2})
    [behind] = waits_of(world, block)
    run = f"/api/blockyard/v1/runs/{world.latest_run(block).id}"
    world.as_admin("POST", f"{run}/abort", media="application/json")
    [stopping] = world.as_admin("GET", run, media="application/json")["waits"]

    assert (queued["kind"], queued["position"]) == ("RUNNER", 1)
    assert queued["owner"]["kind"] == "RUNNER_OPERATOR"
    assert queued["endsWhen"] == "Runner 'Shared runner' is started and asks for work."
    assert behind["message"] == "What changed since is applied by another run after the one that is under way."
    assert (stopping["kind"], stopping["owner"]["kind"]) == ("STOP", "SYSTEM")
    assert stopping["until"] == "2026-01-01T12:05:00.000Z"


def end(world: BlockWorld, block: Any, reason: str = "no use") -> Any:
    """End what a block waits for, as whoever comes next."""
    return world.api.send("POST", f"{OWN}/{uuid_of(block)}/end", {"reason": reason}, media="application/json")


def test_a_block_whose_first_run_no_runner_ever_had_is_removed_at_once_and_one_that_may_have_made_something_is_destroyed(
    world: BlockWorld,
) -> None:
    version = world.define()
    never, begun = world.order(version), world.order(version)
    assert end(world, never).is_success
    world.claimed()
    assert end(world, begun).is_success

    for one in (never, begun):
        world.delete(one)

    states = [world.read(one)["status"]["lifecycle"]["state"] for one in (never, begun)]
    assert states == ["DELETED", "MARKED_FOR_DELETION"]
    assert world.claimed().behavior == "DESTROY"


def test_what_a_block_waits_for_can_be_ended_with_a_reason(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"name": an_input()}))
    world.api.be(PLATFORM)

    answer, again = end(world, block), end(world, block)

    assert answer.json()["status"] == "ABORTED"
    assert answer.json()["leaves"][0] == "No run was under way: nothing was made or destroyed."
    assert (again.status_code, again.json()["errorCode"]) == (409, "NothingToEnd")
    assert status_of(world.read(block)) == "ABORTED"
    assert "Building Block Wait Ended" in world.titles(block)


@pytest.mark.parametrize("destroying", [False, True])
def test_a_run_is_ended_without_its_runner_and_late_reports_change_nothing(
    world: BlockWorld, *, destroying: bool
) -> None:
    block = world.order(world.define(inputs={"size": an_input("INTEGER")}), {"size": 1})
    if destroying:
        world.finish()
        world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}")
    under_way = world.claimed()
    if not destroying:
        world.change(block, inputs={"size": 2})
    world.api.be(PLATFORM)

    told = end(world, block, "stuck").json()["leaves"]

    assert "its engine may go on until its runner notices" in told[0]
    assert ("stays marked for deletion" in told[-1]) is destroying
    assert any("no run applies them" in sentence for sentence in told) is not destroying
    world.report(under_way)
    assert (status_of(world.read(block)), world.claim()) == ("ABORTED", None)
    run = world.latest_run(block)
    assert (run.status, run.summary) == (RunStatus.ABORTED, "ended: stuck")


def test_only_the_platform_team_and_administrators_end_waits(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"name": an_input()}, transparent=True))

    for principal, status in ((SHOP, 403), (OTHER, 404)):
        world.api.be(principal)
        assert end(world, block).status_code == status
    world.api.be(PLATFORM)
    assert end(world, block, "").status_code == 400


@pytest.mark.parametrize("by", ["a person", "a parent"])
def test_what_is_due_behind_a_dry_run_begins_when_that_is_ended(world: BlockWorld, by: str) -> None:
    network = world.define("Network", inputs={}, outputs={"id": an_output()})
    inputs = {
        "net": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id"),
        "size": an_input("INTEGER"),
    }
    version = world.define("Host", inputs=inputs, dependencyDefinitionRefs=[{"uuid": definition_of(network)}])
    parent = world.order(network)
    world.finish({"id": a_value("n-1")})
    block = world.order(version, {"size": 1}, parents=[parent])
    world.finish()
    world.as_admin("POST", f"{OWN}/{uuid_of(block)}/detect", media="application/json")
    dry_run = world.claimed()
    if by == "a person":
        world.change(block, inputs={"size": 2})
    else:
        world.api.send("POST", f"{BLOCKS}/{uuid_of(parent)}/trigger-run")
        world.finish({"id": a_value("n-2")})
    world.api.be(PLATFORM)

    told = end(world, block, "hangs").json()

    assert told["status"] == "PENDING"
    assert "Another run was due: it begins now." in told["leaves"]
    world.report(dry_run)
    due = world.claimed()
    assert (due.behavior, due.inputs["size"]["value"], due.inputs["net"]["value"]) == (
        ("APPLY", 2, "n-1") if by == "a person" else ("APPLY", 1, "n-2")
    )
