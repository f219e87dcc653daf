"""Saved plans: from a DETECT run to the run that applies it. Source: runner.md 1.9."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.server.runs.model import RunId, TriggerReason
from tests.support.principals import a_key
from tests.support.run_world import ADA, RUNS, STATE, RunWorld, Worker, a_target, a_worker
from tests.support.world import BASE_URL

pytestmark = pytest.mark.anyio

PLAN = b"PK\x03\x04 a plan with secret values"
TARGET = a_target()


@pytest.fixture
async def planned(world: RunWorld) -> Worker:
    """A finished DETECT run with a plan."""
    world.request(TARGET, Behavior.DETECT)
    worker = await a_worker(world)
    await worker.report(status="SUCCEEDED", artifact=b64encode(PLAN).decode(), changesDetected=True)
    return worker


async def read(
    world: RunWorld, run_id: object, key: str, accept: str = "application/octet-stream"
) -> tuple[int, bytes]:
    """Read the plan of a run."""
    async with world.client(key) as client:
        answer = await client.get(f"{RUNS}/{run_id}/planartifact", headers={"Accept": accept})
    return answer.status_code, answer.content


def inputs_of(document: Any) -> dict[str, Json]:
    """Return the inputs of a claimed run by their names."""
    return {item["key"]: item for item in document["spec"]["buildingBlock"]["spec"]["inputs"]}


async def test_the_run_that_applies_the_plan_gets_its_link_and_the_plan(world: RunWorld, planned: Worker) -> None:
    world.content.plan_run_id = world.run(planned.run_id).id
    run = world.request(TARGET)
    claimed = (await world.claim()).json()
    token = claimed["spec"]["runToken"]

    assert claimed["_links"]["planArtifact"]["href"].endswith(f"/{planned.run_id}/planartifact")
    assert await read(world, planned.run_id, token) == (200, PLAN)
    assert (await read(world, planned.run_id, token, accept="text/html"))[0] == 406
    assert world.run(run.id).plan_run_id == planned.run_id
    await Worker(world, run.id, token).report(status="SUCCEEDED")
    assert (await read(world, planned.run_id, token))[0] == 403


async def test_an_official_runner_is_told_where_the_state_of_a_plan_is(world: RunWorld, planned: Worker) -> None:
    """Plans of our runner hold no address."""
    world.content.plan_run_id = world.run(planned.run_id).id
    world.request(TARGET)
    official = (await world.claim(own=False)).json()
    world.content.plan_run_id = None
    world.request()
    fresh = (await world.claim(own=False)).json()

    address = f"{BASE_URL}{STATE}/shop/buildingBlock/{TARGET.block_id}"
    assert inputs_of(official)["TF_HTTP_ADDRESS"] == {
        "key": "TF_HTTP_ADDRESS",
        "value": address,
        "type": "STRING",
        "isSensitive": False,
        "isEnvironment": True,
    }
    assert "TF_HTTP_ADDRESS" not in inputs_of(fresh)


@pytest.mark.parametrize("own", [True, False])
async def test_only_a_state_that_is_kept_here_has_an_address_here(
    world: RunWorld, planned: Worker, *, own: bool
) -> None:
    world.content.plan_run_id = world.run(planned.run_id).id
    world.content.implementation["useMeshHttpBackendFallback"] = own
    world.request(TARGET)

    assert "TF_HTTP_ADDRESS" not in inputs_of((await world.claim(own=own)).json())


async def upload(worker: Worker, plan: bytes, media: str = "application/octet-stream") -> httpx2.Response:
    """Send a plan as newer runners do."""
    async with worker.world.client(worker.token) as client:
        path = f"{RUNS}/{worker.run_id}/plan-artifact"
        return await client.put(path, content=plan, headers={"Content-Type": media})


async def test_a_plan_is_uploaded_where_the_claim_says_before_the_last_report(world: RunWorld) -> None:
    world.request(TARGET, Behavior.DETECT)
    claimed = (await world.claim(own=False)).json()
    worker = Worker(world, UUID(claimed["metadata"]["uuid"]), claimed["spec"]["runToken"])

    assert claimed["_links"]["planArtifactUpload"]["href"] == f"{BASE_URL}{RUNS}/{worker.run_id}/plan-artifact"
    first, second = await upload(worker, b"old"), await upload(worker, PLAN)
    assert (first.status_code, second.status_code, second.content) == (204, 204, b"")
    assert (await upload(worker, PLAN, "application/json")).status_code == 415
    await worker.report(status="SUCCEEDED", changesDetected=True)
    late = await upload(worker, b"late")
    assert (late.status_code, late.json()["errorCode"]) == (409, "AttemptSuperseded")
    assert await download(world, worker.run_id, "platform") == (200, PLAN)


async def test_only_whoever_works_on_a_dry_run_uploads_its_plan(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)

    applying = await upload(worker, PLAN)
    foreign = await upload(Worker(world, worker.run_id, "other"), PLAN)

    assert (applying.status_code, applying.json()["errorCode"]) == (409, "NoDetectRun")
    assert foreign.status_code == 404


async def download(world: RunWorld, run_id: object, key: str) -> tuple[int, bytes | str]:
    """Read a plan as tools do; of a refusal its code."""
    async with world.client(key) as client:
        answer = await client.get(f"{RUNS}/{run_id}/plan-artifact", headers={"Accept": "application/octet-stream"})
    return answer.status_code, answer.content if answer.is_success else answer.json()["errorCode"]


@pytest.mark.parametrize(
    ("codes", "transparent", "expected"),
    [
        (("MANAGED_BUILDINGBLOCKRUN_LIST", "MANAGED_TFSTATE_LIST"), False, (200, PLAN)),
        (("MANAGED_BUILDINGBLOCKRUN_LIST",), False, (403, "MissingPermission")),
        (("MANAGED_TFSTATE_LIST",), False, (404, "RunUnknown")),
    ],
)
async def test_a_plan_is_read_by_those_who_may_read_run_and_state(
    world: RunWorld, planned: Worker, codes: tuple[str, ...], *, transparent: bool, expected: tuple[int, bytes | str]
) -> None:
    world.content.transparent = transparent
    world.keys["reader"] = a_key("platform", *codes)

    assert await download(world, planned.run_id, "reader") == expected


async def test_consumers_read_a_plan_only_where_runs_are_transparent(world: RunWorld, planned: Worker) -> None:
    assert await download(world, planned.run_id, "shop") == (403, "RunNotTransparent")
    world.content.transparent = True
    assert await download(world, planned.run_id, "shop") == (200, PLAN)
    world.keys["shop"] = a_key("shop", "BUILDINGBLOCK_LIST")
    assert await download(world, planned.run_id, "shop") == (403, "MissingPermission")
    assert await download(world, planned.run_id, "other") == (404, "RunUnknown")


async def test_a_run_that_applies_a_plan_names_the_dry_run_before_it(world: RunWorld, planned: Worker) -> None:
    block = world.run(planned.run_id).target
    run = world.db.write_now(
        lambda tx: world.runs.request(
            tx,
            ADA,
            block=block,
            behavior=Behavior.APPLY,
            reason=TriggerReason.PREFLIGHT_SUCCEEDED,
            plan_run_id=RunId(planned.run_id),
        )
    )
    async with world.client("platform") as client:
        read = (await client.get(f"{RUNS}/{run.id}")).json()
        listed = (await client.get(RUNS, params={"buildingBlockUuid": str(block.block_id)})).json()

    expected = {"href": f"{BASE_URL}{RUNS}/{planned.run_id}"}
    assert read["_links"]["predecessor"] == expected
    applying, planning = listed["_embedded"]["meshBuildingBlockRuns"]
    assert applying["_links"]["predecessor"] == expected
    assert "predecessor" not in planning["_links"]


@pytest.mark.parametrize(
    ("implementation", "keeps"), [(ImplementationType.TERRAFORM, True), (ImplementationType.GITHUB_WORKFLOW, False)]
)
async def test_a_runner_is_told_where_the_lock_of_the_state_is(
    world: RunWorld, implementation: ImplementationType, *, keeps: bool
) -> None:
    target = a_target(implementation=implementation)
    world.request(target)
    claimed = (await world.claim()).json()

    lock = {"href": f"{BASE_URL}{STATE}/shop/buildingBlock/{target.block_id}/lock"}
    assert claimed["_links"].get("tfStateLock") == (lock if keeps else None)
    assert "planArtifactUpload" not in claimed["_links"]


async def test_nobody_else_gets_the_plan(world: RunWorld, planned: Worker) -> None:
    world.request(TARGET)
    unrelated = await a_worker(world)

    statuses = {
        key: (await read(world, planned.run_id, key))[0] for key in (unrelated.token, "admin", "platform", "nobody")
    }

    assert list(statuses.values()) == [403, 403, 403, 401]


async def test_a_plan_is_stored_encrypted_and_for_a_week(world: RunWorld, planned: Worker) -> None:
    with world.db.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT data FROM run_artifacts").scalar_one()
    assert b"secret values" not in bytes(stored)
    world.content.plan_run_id = world.run(planned.run_id).id
    world.clock.advance(7 * 24 * 3600 + 1)

    assert world.db.write_now(world.sweeper.remove_old_plans) == 1
    world.request(TARGET)
    worker = await a_worker(world)
    assert (await read(world, planned.run_id, worker.token))[0] == 404


async def test_only_a_detect_run_leaves_a_plan(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)
    await worker.report(status="SUCCEEDED", artifact=b64encode(PLAN).decode())

    assert world.run(worker.run_id).status is RunStatus.SUCCEEDED
    with world.db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM run_artifacts").scalar_one() == 0
