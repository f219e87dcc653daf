"""Who reads and changes what of a run; every endpoint with own and foreign principals. Source: concepts.md 11.4."""

from dataclasses import replace
from uuid import uuid4

import pytest

from blockyard.protocol.kinds import RUN
from tests.support.principals import a_key
from tests.support.run_world import OWN, PLATFORM_RUNNER, RUNS, RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio

READS = [
    ("admin", False, 200, 200, 200),
    ("platform", False, 200, 200, 200),
    ("shop", False, 403, 403, 200),
    ("shop", True, 200, 200, 200),
    ("reader", True, 200, 200, 200),
    ("reader", False, 403, 403, 200),
    ("stranger", True, 404, 404, 404),
    ("other", False, 404, 404, 404),
    ("other", True, 404, 404, 404),
    ("nobody", True, 401, 401, 401),
]


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """A runner that reported something."""
    world.keys["reader"] = a_key("shop", "BUILDINGBLOCK_LIST")
    world.keys["stranger"] = a_key("shop", "PROJECT_LIST")
    world.request()
    worker = await a_worker(world)
    await worker.report(steps=[{"id": "work", "systemMessage": "log"}])
    return worker


@pytest.mark.parametrize(("key", "transparent", "run", "logs", "detail"), READS)
async def test_reading_a_run(
    world: RunWorld, worker: Worker, *, key: str, transparent: bool, run: int, logs: int, detail: int
) -> None:
    world.content.transparent = transparent
    async with world.client(key) as client:
        answers = [
            await client.get(f"{RUNS}/{worker.run_id}"),
            await client.get(f"{RUNS}/{worker.run_id}/logs"),
            await client.get(f"{OWN}/{worker.run_id}"),
            await client.get(f"{OWN}/{worker.run_id}/log", params={"step": "work"}),
        ]

    assert [answer.status_code for answer in answers] == [run, logs, detail, logs]
    if detail == 200:
        shown = answers[2].json()
        assert shown["access"] == ("FULL" if logs == 200 else "MESSAGES")
        assert bool(shown["attempts"]) is bool(shown["sources"]) is (logs == 200)


WRITES = [
    ("POST", RUNS, "/status/source", {"source": {"id": "x"}, "steps": []}),
    ("PATCH", RUNS, "/status/source/x", {"status": "IN_PROGRESS"}),
    ("POST", OWN, "/heartbeat", None),
    ("POST", OWN, "/log?step=work&offset=0", None),
    ("POST", OWN, "/release", None),
]


@pytest.mark.parametrize(("method", "base", "path", "body"), WRITES)
@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("token", 200),
        ("platform", 200),
        ("admin", 200),
        ("foreign", 403),
        ("shop", 403),
        ("other", 404),
        ("nobody", 401),
    ],
)
@pytest.mark.one_database
async def test_reporting_on_a_run(
    world: RunWorld,
    worker: Worker,
    *,
    method: str,
    base: str,
    path: str,
    body: dict[str, object] | None,
    key: str,
    status: int,
) -> None:
    world.request(a_target(runner_id=PLATFORM_RUNNER))
    foreign = await a_worker(world, runner_id=PLATFORM_RUNNER)
    shown = {"token": worker.token, "foreign": foreign.token}.get(key, key)
    async with world.client(shown) as client:
        if body is None:
            answer = await client.request(method, f"{base}/{worker.run_id}{path}")
        else:
            media = {"Content-Type": RUN.media}
            answer = await client.request(method, f"{base}/{worker.run_id}{path}", json=body, headers=media)

    assert answer.status_code == status, answer.text


async def test_the_owner_of_the_runner_reports_and_reads_too(world: RunWorld) -> None:
    run = world.request()
    await a_worker(world)
    world.keys["runner-owner"] = a_key("admin", "MANAGED_BUILDINGBLOCKRUN_LIST", "MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE")

    async with world.client("runner-owner") as client:
        read = await client.get(f"{RUNS}/{run.id}")
        written = await Worker(world, run.id, "runner-owner").report(status="IN_PROGRESS")

    assert (read.status_code, written.status_code) == (200, 200)


async def test_the_document_for_readers_has_no_token_and_tells_where_the_logs_are(
    world: RunWorld, worker: Worker
) -> None:
    async with world.client("platform") as client:
        document = (await client.get(f"{RUNS}/{worker.run_id}")).json()

    assert "runToken" not in document["spec"]
    assert worker.token not in str(document)
    assert document["_links"]["downloadLogs"]["href"].endswith(f"{worker.run_id}/logs")
    assert document["status"] == "IN_PROGRESS"


async def test_a_run_that_nobody_claimed_can_be_read(world: RunWorld) -> None:
    run = world.request()

    async with world.client("platform") as client:
        answer = await client.get(f"{RUNS}/{run.id}")

    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING")


async def test_a_run_token_reads_its_run_until_two_minutes_after_the_end(world: RunWorld, worker: Worker) -> None:
    await worker.report(status="SUCCEEDED")
    async with world.client(worker.token) as client:
        soon = await client.get(f"{RUNS}/{worker.run_id}")
        world.clock.advance(121)
        late = await client.get(f"{RUNS}/{worker.run_id}")
        foreign = await client.get(f"{RUNS}/{world.request().id}")

    assert soon.status_code == 200
    assert (late.status_code, late.json()["errorCode"]) == (403, "RunTokenExpired")
    assert (foreign.status_code, foreign.json()["errorCode"]) == (403, "ForeignRunToken")


async def test_unknown_runs_are_404_and_bad_ids_400(world: RunWorld) -> None:
    async with world.client("admin") as client:
        for path in ("", "/logs"):
            assert (await client.get(f"{RUNS}/{uuid4()}{path}")).status_code == 404
            assert (await client.get(f"{RUNS}/no-uuid{path}")).status_code == 400
        for path in ("", "/log?step=x", "/events"):
            answer = await client.get(f"{OWN}/{uuid4()}{path}", headers={"Accept": "application/json"})
            assert answer.status_code == 404, answer.text


async def test_the_logs_of_a_run_without_steps_are_empty_and_come_as_plain_json_too(world: RunWorld) -> None:
    run = world.request()
    async with world.client("platform") as client:
        answer = await client.get(f"{RUNS}/{run.id}/logs", headers={"Accept": "application/json"})
        html = await client.get(f"{RUNS}/{run.id}/logs", headers={"Accept": "text/html"})

    assert answer.json() == {"steps": []}
    assert answer.headers["content-type"] == "application/json"
    assert html.status_code == 406


@pytest.mark.parametrize(
    ("key", "transparent", "seen"),
    [
        ("admin", False, 3),
        ("platform", False, 3),
        ("shop", True, 3),
        ("shop", False, 0),
        ("other", True, 0),
    ],
)
async def test_the_runs_of_a_block(world: RunWorld, *, key: str, transparent: bool, seen: int) -> None:
    world.content.transparent = transparent
    target = a_target()
    for _ in range(3):
        world.request(target)
        await (await a_worker(world)).report(status="SUCCEEDED")
        world.clock.advance(1)
    world.request()

    async with world.client(key) as client:
        answer = await client.get(RUNS, params={"buildingBlockUuid": str(target.block_id), "size": "2"})

    page = answer.json()
    assert page["page"]["totalElements"] == seen
    numbers = [item["spec"]["runNumber"] for item in page["_embedded"]["meshBuildingBlockRuns"]]
    assert numbers == ([3, 2] if seen else [])
    if seen:
        newest = page["_embedded"]["meshBuildingBlockRuns"][0]
        assert newest["_links"].keys() == {"self", "downloadLogs"}
        assert newest["metadata"]["createdAt"] == newest["metadata"]["createdOn"] == "2026-01-01T12:00:02Z"


async def test_a_run_has_a_link_to_abort_it_only_for_those_who_may_and_while_it_goes_on(world: RunWorld) -> None:
    run = world.request()
    world.keys["reader"] = a_key("platform", "MANAGED_BUILDINGBLOCKRUN_LIST")

    async def links(key: str) -> list[bool]:
        async with world.client(key) as client:
            read = (await client.get(f"{RUNS}/{run.id}")).json()
            [listed] = (await client.get(RUNS)).json()["_embedded"]["meshBuildingBlockRuns"]
        return ["abort" in document["_links"] for document in (read, listed)]

    assert await links("platform") == [True, True]
    assert await links("reader") == [False, False]
    await (await a_worker(world)).report(status="SUCCEEDED")
    assert await links("platform") == [False, False]


async def test_the_document_of_a_run_tells_when_it_was_made_in_both_spellings(world: RunWorld, worker: Worker) -> None:
    async with world.client("platform") as client:
        metadata = (await client.get(f"{RUNS}/{worker.run_id}")).json()["metadata"]

    assert metadata["createdAt"] == metadata["createdOn"] == "2026-01-01T12:00:00Z"


async def test_lists_without_a_block_show_what_the_platform_team_may_see(world: RunWorld) -> None:
    world.request()
    world.content.transparent = True
    async with world.client("platform") as client:
        mine = (await client.get(RUNS, params={"workspaceIdentifier": "shop"})).json()
        none = (await client.get(RUNS, params={"workspaceIdentifier": "nowhere"})).json()
        unknown = (await client.get(RUNS, params={"buildingBlockUuid": str(uuid4())})).json()
        bad = await client.get(RUNS, params={"buildingBlockUuid": "no-uuid"})
    async with world.client("shop") as client:
        theirs = (await client.get(RUNS)).json()

    assert [page["page"]["totalElements"] for page in (mine, none, unknown, theirs)] == [1, 0, 0, 0]
    assert unknown["_embedded"] == {"meshBuildingBlockRuns": []}
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        ("admin", ["own", "elsewhere"]),
        ("platform", ["own", "elsewhere"]),
        ("shop", ["own"]),
        ("other", ["elsewhere"]),
        ("reader", ["own"]),
    ],
)
async def test_people_list_the_runs_whose_status_they_may_see(world: RunWorld, key: str, seen: list[str]) -> None:
    world.keys["reader"] = a_key("shop", "BUILDINGBLOCK_LIST")
    runs = {"own": world.request()}
    world.clock.advance(1)
    runs["elsewhere"] = world.request(replace(a_target(), workspace="other"))

    async with world.client(key) as client:
        answer = await client.get(OWN)
        narrowed = await client.get(OWN, params={"workspaceIdentifier": "shop", "status": "PENDING"})
        nothing = await client.get(OWN, params={"status": "FAILED"})

    listed = [item["metadata"]["uuid"] for item in answer.json()["_embedded"]["meshBuildingBlockRuns"]]
    assert listed == [str(runs[name].id) for name in reversed(seen)]
    assert answer.json()["page"]["totalElements"] == len(seen)
    found = [item["metadata"]["uuid"] for item in narrowed.json()["_embedded"]["meshBuildingBlockRuns"]]
    assert found == [str(runs["own"].id)] * ("own" in seen)
    assert nothing.json()["page"]["totalElements"] == 0


@pytest.mark.parametrize(("key", "status"), [("stranger", 403), ("token", 403), ("nobody", 401)])
async def test_who_may_see_no_run_is_told_so(world: RunWorld, worker: Worker, key: str, status: int) -> None:
    async with world.client(worker.token if key == "token" else key) as client:
        assert (await client.get(OWN)).status_code == status
