"""The key of one runner against its siblings, and the token of one run against its: who may do what where."""

import json
from uuid import UUID

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.kinds import RUN
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId
from tests.support.principals import a_key
from tests.support.run_world import OWN, PLATFORM_RUNNER, RUNS, STATE, RunWorld, Worker, a_target

pytestmark = pytest.mark.anyio

SECOND = RunnerId(UUID("10000000-0000-4000-8000-000000000002"))
"""Another runner of the platform team."""

FOREIGN = RunnerId(UUID("10000000-0000-4000-8000-000000000003"))
"""A runner of workspace other."""

RUNNERS = {"shared": SHARED_RUNNER, "platform": PLATFORM_RUNNER, "second": SECOND, "foreign": FOREIGN}
OWNERS = {"shared": "admin", "platform": "platform", "second": "platform", "foreign": "other"}

REQUESTS: dict[str, tuple[str, str, Json]] = {
    "register": ("POST", f"{RUNS}/{{run}}/status/source", {"source": {"id": "x"}, "steps": []}),
    "report": ("PATCH", f"{RUNS}/{{run}}/status/source/x", {"status": "IN_PROGRESS"}),
    "heartbeat": ("POST", f"{OWN}/{{run}}/heartbeat", None),
    "log": ("POST", f"{OWN}/{{run}}/log?step=work&offset=0", None),
    "document": ("GET", f"{RUNS}/{{run}}", None),
    "logs": ("GET", f"{RUNS}/{{run}}/logs", None),
    "detail": ("GET", f"{OWN}/{{run}}", None),
    "events": ("GET", f"{OWN}/{{run}}/log?step=work", None),
    "release": ("POST", f"{OWN}/{{run}}/release", {"reason": "none"}),
}
NEVER: dict[str, tuple[str, str, Json]] = {
    "state": ("GET", f"{STATE}/shop/buildingBlock/{{block}}", None),
    "write state": ("POST", f"{STATE}/shop/buildingBlock/{{block}}", {"version": 4, "serial": 1, "lineage": "l"}),
    "versions": ("GET", "/api/blockyard/v1/blocks/{block}/state/versions", None),
    "abort": ("POST", f"{OWN}/{{run}}/abort", None),
}
"""What no key of a runner may do, not even for its own."""


def a_runners_key(name: str) -> Principal:
    """Return the own key of a runner."""
    author = Author(type="ApiKey", identifier=f"key-of-{name}", display_name=f"key of {name}")
    return Principal(author=author, grants={OWNERS[name]: frozenset()}, runner=RUNNERS[name])


@pytest.fixture
async def workers(world: RunWorld) -> dict[str, Worker]:
    """One run in the hands of each runner, and one that waits for it."""
    world.seed_runner(SECOND)
    world.seed_runner(FOREIGN, "other")
    for name in RUNNERS:
        world.keys[f"key of {name}"] = a_runners_key(name)
    found: dict[str, Worker] = {}
    for name, runner in RUNNERS.items():
        world.request(a_target(runner_id=runner))
        answer = await world.claim(runner, key=f"key of {name}")
        assert answer.status_code == 201, answer.text
        document = answer.json()
        found[name] = Worker(world, UUID(document["metadata"]["uuid"]), document["spec"]["runToken"])
        await found[name].register("work")
        world.request(a_target(runner_id=runner))
    return found


async def send(world: RunWorld, token: str, worker: Worker, request: tuple[str, str, Json]) -> httpx2.Response:
    method, path, body = request
    place = path.format(run=worker.run_id, block=world.run(worker.run_id).block_id)
    async with world.client(token) as client:
        if body is None:
            return await client.request(method, place)
        media = RUN.media if place.startswith(RUNS) else "application/json"
        return await client.request(method, place, content=json.dumps(body), headers={"Content-Type": media})


@pytest.mark.parametrize("holder", RUNNERS)
async def test_a_runners_key_works_for_this_runner_and_no_other(
    world: RunWorld, workers: dict[str, Worker], holder: str
) -> None:
    key = f"key of {holder}"
    done = {
        (runner, name): (await send(world, key, worker, request)).status_code
        for runner, worker in workers.items()
        for name, request in REQUESTS.items()
    }
    never = {
        (runner, name): (await send(world, key, worker, request)).status_code
        for runner, worker in workers.items()
        for name, request in NEVER.items()
    }
    claims = {runner: (await world.claim(RUNNERS[runner], key=key)).status_code for runner in RUNNERS}

    assert done == {(runner, name): 200 if runner == holder else 404 for runner in RUNNERS for name in REQUESTS}
    assert set(never.values()) <= {403, 404}
    assert claims == {runner: 201 if runner == holder else 403 for runner in RUNNERS}


@pytest.mark.parametrize("holder", RUNNERS)
async def test_a_runs_token_works_for_this_run_and_no_other(
    world: RunWorld, workers: dict[str, Worker], holder: str
) -> None:
    token = workers[holder].token
    done = {
        (runner, name): (await send(world, token, worker, request)).status_code
        for runner, worker in workers.items()
        for name, request in REQUESTS.items()
    }

    assert done == {(runner, name): 200 if runner == holder else 403 for runner in RUNNERS for name in REQUESTS}
    assert {(await world.claim(RUNNERS[runner], key=token)).status_code for runner in RUNNERS} == {403}


@pytest.mark.parametrize(
    ("workspace", "codes", "claims"),
    [
        ("platform", ["MANAGED_BUILDINGBLOCKRUN_SAVE"], {"platform", "second"}),
        ("other", ["MANAGED_BUILDINGBLOCKRUN_SAVE"], {"foreign"}),
        ("admin", ["ADM_BUILDINGBLOCKRUN_SAVE"], {"shared"}),
        ("platform", ["ADM_BUILDINGBLOCKRUN_SAVE"], {"platform", "second"}),
        ("platform", ["MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE", "MANAGED_BUILDINGBLOCKRUN_LIST"], set()),
    ],
)
async def test_a_key_with_the_public_permissions_claims_for_runners_of_its_workspace_only(
    world: RunWorld, workers: dict[str, Worker], workspace: str, codes: list[str], claims: set[str]
) -> None:
    assert workers
    world.keys["unbound"] = a_key(workspace, *codes)

    answers = {runner: await world.claim(RUNNERS[runner], key="unbound", own=False) for runner in RUNNERS}

    assert {runner for runner, answer in answers.items() if answer.status_code == 201} == claims
    assert {answer.status_code for runner, answer in answers.items() if runner not in claims} <= {403}
