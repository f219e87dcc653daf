"""Claiming runs over HTTP: who, what, in which order, and what the answer says. Source: runner.md 1.4, 1.5."""

import asyncio
import threading
from collections import Counter
from uuid import uuid4

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.live import HEARTBEAT_SECONDS
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.protocol.run import RunDocument
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId
from blockyard.server.runs.model import Claimer
from blockyard.server.runs.service import Claim
from tests.support.principals import ADMINISTRATOR
from tests.support.run_world import CLAIM, PLATFORM_RUNNER, RunWorld, a_target
from tests.support.runner_keys import a_runner_key
from tests.support.waiting import until_somebody_listens
from tests.support.world import BASE_URL

pytestmark = pytest.mark.anyio


async def test_a_claim_answers_the_run_document_with_its_token(world: RunWorld) -> None:
    run = world.request()

    answer = await world.claim(own=False)

    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/vnd.meshcloud.api.meshBuildingBlockRun.v1.hal+json")
    document = RunDocument.model_validate(answer.json())
    assert document.metadata.uuid == str(run.id)
    assert document.status is RunStatus.IN_PROGRESS
    assert document.spec.run_token is not None
    assert document.spec.run_number == 1
    assert document.spec.trigger is not None
    assert document.spec.trigger.author is not None
    assert document.spec.trigger.author.username == "ada"
    links = answer.json()["_links"]
    assert links["updateSource"] == {
        "href": f"{BASE_URL}/api/meshobjects/meshbuildingblockruns/{run.id}/status/source/{{sourceId}}",
        "templated": True,
    }
    assert set(links) == {"self", "registerSource", "updateSource", "meshstackBaseUrl", "tfStateLock"}
    assert "blockyard-protocol" not in answer.headers


async def test_the_endpoint_is_a_system_input_unless_the_definition_has_one_of_that_name(world: RunWorld) -> None:
    world.request()
    (given,) = (await world.claim()).json()["spec"]["buildingBlock"]["spec"]["inputs"]
    own: JsonObject = {
        "key": "MESHSTACK_ENDPOINT",
        "value": "x",
        "type": "STRING",
        "isSensitive": False,
        "isEnvironment": True,
    }
    world.content.inputs.append(own)
    world.request()

    inputs = (await world.claim()).json()["spec"]["buildingBlock"]["spec"]["inputs"]

    assert given == {**own, "value": BASE_URL}
    assert inputs == [own]


async def test_a_github_run_gets_its_token_as_a_sealed_input(world: RunWorld) -> None:
    world.content.implementation = {
        "type": "GITHUB_WORKFLOW",
        "owner": "acme",
        "appId": "1",
        "appPem": "sealed",
        "repository": "modules",
        "branch": "main",
        "applyWorkflow": "apply.yml",
    }
    run = world.request(a_target(implementation=ImplementationType.GITHUB_WORKFLOW, hand_over=True))

    spec = (await world.claim()).json()["spec"]

    (token,) = [item for item in spec["buildingBlock"]["spec"]["inputs"] if item["key"] == "MESHSTACK_RUN_TOKEN"]
    assert token["isSensitive"]
    assert a_runner_key().open(token["value"]) == spec["runToken"]
    async with world.client("platform") as client:
        read = await client.get(f"/api/meshobjects/meshbuildingblockruns/{run.id}")
    assert "MESHSTACK_RUN_TOKEN" not in read.text
    assert spec["runToken"] not in read.text


async def test_our_protocol_is_answered_with_our_links(world: RunWorld) -> None:
    run = world.request()

    answer = await world.claim(own=True)

    assert answer.headers["blockyard-protocol"] == "5"
    links = RunDocument.model_validate(answer.json()).links
    assert links.log is not None
    assert links.log.href == f"{BASE_URL}/api/blockyard/v1/runs/{run.id}/log"
    assert links.heartbeat is not None
    assert links.release is not None
    assert world.context.limits.own_lease.total_seconds() > HEARTBEAT_SECONDS


async def test_an_empty_queue_is_404_with_a_code_of_its_own(world: RunWorld) -> None:
    empty, unknown = await world.claim(), await world.claim(RunnerId(uuid4()))

    assert (empty.status_code, empty.json()["errorCode"]) == (404, "NoRunAvailable")
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "UnknownRunner")
    assert empty.headers["blockyard-protocol"] == "5"


@pytest.mark.parametrize(
    ("runner", "key", "status"),
    [
        (PLATFORM_RUNNER, "platform", 201),
        (PLATFORM_RUNNER, "admin", 403),
        (PLATFORM_RUNNER, "other", 403),
        (SHARED_RUNNER, "platform", 403),
        (SHARED_RUNNER, "admin", 201),
        (PLATFORM_RUNNER, "nobody", 401),
    ],
)
async def test_a_key_of_the_runners_owner_claims(world: RunWorld, runner: RunnerId, key: str, status: int) -> None:
    world.request(a_target(runner_id=runner))

    assert (await world.claim(runner, key=key)).status_code == status


async def test_a_run_token_cannot_claim(world: RunWorld) -> None:
    world.request()
    token = (await world.claim()).json()["spec"]["runToken"]
    world.request()

    answer = await world.claim(key=token)

    assert (answer.status_code, answer.json()["errorCode"]) == (403, "RunTokenCannotClaim")


async def test_the_oldest_run_comes_first_and_only_what_the_runner_executes(world: RunWorld) -> None:
    manual = world.request(a_target(implementation=ImplementationType.MANUAL))
    world.clock.advance(1)
    first = world.request()
    world.clock.advance(1)
    second = world.request(behavior=Behavior.DESTROY)
    foreign = world.request(a_target(runner_id=PLATFORM_RUNNER))

    claimed = [
        (await world.claim(implementationType="TERRAFORM")).json()["metadata"]["uuid"],
        (await world.claim(implementationType="TERRAFORM")).json()["metadata"]["uuid"],
    ]
    nothing = await world.claim(implementationType="GITLAB_PIPELINE")
    world.content.implementation = {"type": "MANUAL"}
    rest = await world.claim()

    assert claimed == [str(first.id), str(second.id)]
    assert nothing.status_code == 404
    assert rest.json()["metadata"]["uuid"] == str(manual.id)
    assert world.run(foreign.id).status is RunStatus.PENDING


async def test_a_claim_is_the_runners_sign_of_life_even_when_nothing_waits(world: RunWorld) -> None:
    await world.claim()

    runner = world.db.read_now(lambda tx: world.runners.get_by_id(tx, SHARED_RUNNER))
    assert runner.last_seen_at == world.clock()


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "query/forRunnerUuid"),
        ({"forRunnerUuid": "no-uuid"}, "query/forRunnerUuid"),
        ({"forRunnerUuid": str(SHARED_RUNNER), "implementationType": "COBOL"}, "query/implementationType"),
    ],
)
@pytest.mark.one_database
async def test_bad_claims_are_refused(world: RunWorld, parameters: dict[str, str], field: str) -> None:
    async with world.client("admin") as client:
        answer = await client.post(CLAIM, params=parameters)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_claim_needs_the_media_type_but_no_body(world: RunWorld) -> None:
    media = "application/vnd.meshcloud.api.meshbuildingblockrun.v1.hal+json; charset=utf-8"
    async with world.client("admin") as client:
        parameters = {"forRunnerUuid": str(SHARED_RUNNER)}
        empty = await client.post(CLAIM, params=parameters, headers={"Accept": media, "Content-Type": media})
        wrong = await client.post(CLAIM, params=parameters, headers={"Accept": "text/html"})

    assert empty.status_code == 404
    assert wrong.status_code == 406


async def test_a_run_that_cannot_be_described_fails_with_the_reason_and_the_next_one_is_handed_out(
    world: RunWorld,
) -> None:
    broken = world.request()
    good = world.content.implementation
    world.content.implementation = {"type": "TERRAFORM"}

    nothing = await world.claim()

    assert nothing.status_code == 404
    failed = world.run(broken.id)
    assert failed.status is RunStatus.FAILED
    assert failed.summary is not None
    assert "terraformVersion" in failed.summary
    world.content.implementation = good
    world.request()
    assert (await world.claim()).status_code == 201


async def test_a_refusal_of_the_content_fails_the_run_with_its_sentence(world: RunWorld) -> None:
    run = world.request()
    world.content.refusal = Invalid("input 'size' has no value any more", remedy="Enter it.")

    await world.claim()

    async with world.client("platform") as client:
        logs = (await client.get(f"/api/meshobjects/meshbuildingblockruns/{run.id}/logs")).json()
    assert logs["steps"] == [
        {
            "displayName": "Prepare the run",
            "status": "FAILED",
            "userMessage": "input 'size' has no value any more",
            "systemMessage": None,
        }
    ]
    assert world.listener.finished[0][0] is RunStatus.FAILED


async def test_a_defect_in_one_document_does_not_hold_up_the_runs_behind_it(world: RunWorld) -> None:
    broken = world.request()
    world.clock.advance(1)
    world.content.refusal = KeyError("spec")
    assert (await world.claim()).status_code == 404
    world.content.refusal = None
    world.request()

    assert (await world.claim()).status_code == 201
    assert world.run(broken.id).status is RunStatus.FAILED


async def test_a_waiting_claim_is_answered_as_soon_as_a_run_is_requested(world: RunWorld) -> None:
    async with world.client("admin", own=True) as client:
        waiting = asyncio.create_task(
            client.post(CLAIM, params={"forRunnerUuid": str(SHARED_RUNNER)}, headers={"Prefer": "wait=20"})
        )
        await until_somebody_listens(world.db.signals)
        run = await asyncio.to_thread(world.request)
        answer = await asyncio.wait_for(waiting, 15)

    assert answer.json()["metadata"]["uuid"] == str(run.id)


async def test_a_claim_waits_only_for_those_who_speak_our_protocol(world: RunWorld) -> None:
    async with world.client("admin") as client:
        answer = await asyncio.wait_for(
            client.post(CLAIM, params={"forRunnerUuid": str(SHARED_RUNNER)}, headers={"Prefer": "wait=20"}), 15
        )

    assert answer.status_code == 404


def test_many_claimers_get_every_run_once(world: RunWorld) -> None:
    runs = [world.request().id for _ in range(24)]
    delivered: Counter[str] = Counter()
    lock = threading.Lock()

    def work() -> None:
        claim = Claim(runner_id=SHARED_RUNNER, claimer=Claimer.BLOCKYARD)
        while True:
            claimed = world.db.write_now(lambda tx: world.claims.claim(tx, ADMINISTRATOR, claim))
            if claimed.document is None:
                return
            document = RunDocument.model_validate(claimed.document)
            with lock:
                delivered[document.metadata.uuid] += 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert delivered == Counter(str(run_id) for run_id in runs)
    assert {world.run(run_id).attempt for run_id in runs} == {1}


def test_of_two_requests_for_one_block_at_the_same_time_one_is_refused(world: RunWorld) -> None:
    target = a_target()
    results: list[str] = []

    def ask() -> None:
        try:
            world.request(target)
            results.append("requested")
        except Conflict as refusal:
            results.append(refusal.code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["RunUnfinished"] * 3 + ["requested"]
