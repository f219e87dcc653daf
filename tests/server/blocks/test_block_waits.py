"""What a block, or its run, waits for, in words."""

from datetime import timedelta
from typing import Any

import pytest

from blockyard.protocol.names import RunStatus
from blockyard.server.runs.model import RunWait
from tests.support.block_world import OWN, BlockWorld, a_secret, a_value, an_input, an_output, definition_of, uuid_of
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
