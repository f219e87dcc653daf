"""Live updates: server-sent events and their long-poll twin, over a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypedDict

import httpx2
import pytest

from tests.support.clock import FixedClock
from tests.support.http_server import Served, served
from tests.support.run_world import OWN, RunWorld, Worker, a_worker
from tests.support.waiting import until, until_somebody_listens

pytestmark = pytest.mark.anyio


class Frame(TypedDict):
    """A server-sent event."""

    id: str | None
    event: str
    data: dict[str, Any]


@pytest.fixture
def server(world: RunWorld) -> Iterator[Served]:
    """The routes behind a real socket."""
    with served(world.app) as running:
        yield running


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """Our runner with one step."""
    world.request()
    worker = await a_worker(world)
    await worker.register("work")
    return worker


async def frames(lines: AsyncIterator[str]) -> AsyncIterator[Frame]:
    """Yield the events of a stream."""
    found: dict[str, str] = {}
    async for line in lines:
        if not line and found:
            yield {"id": found.get("id"), "event": found["event"], "data": json.loads(found["data"])}
            found = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value


async def watch(
    server: Served, run_id: object, key: str = "platform", last: str | None = None, seen: list[Frame] | None = None
) -> list[Frame]:
    """Follow a run to its end; `seen` gets each event as it comes."""
    seen = [] if seen is None else seen
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {key}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=10) as client,
        client.stream("GET", f"{OWN}/{run_id}/events", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for frame in frames(answer.aiter_lines()):
            seen.append(frame)
    return seen


async def test_a_viewer_sees_everything_as_it_happens_and_the_stream_ends_with_the_run(
    world: RunWorld, server: Served, worker: Worker
) -> None:
    watching = asyncio.create_task(watch(server, worker.run_id))
    await until_somebody_listens(world.db.signals)
    await worker.report(status="IN_PROGRESS", steps=[{"id": "work", "status": "IN_PROGRESS"}])
    await worker.log("work", 0, b"hello ")
    await worker.log("work", 6, b"world\n")
    await worker.report(status="SUCCEEDED", steps=[{"id": "work", "status": "SUCCEEDED"}])

    seen = await asyncio.wait_for(watching, 15)

    text = "".join(str(frame["data"]["text"]) for frame in seen if frame["event"] == "log")
    assert text == "hello world\n"
    assert seen[-1]["event"] == "status"
    assert seen[-1]["data"]["run"]["status"] == "SUCCEEDED"
    ids = [int(frame["id"]) for frame in seen if frame["id"] is not None]
    assert ids == sorted(set(ids))
    assert world.db.signals._waiting == {}


async def test_a_stream_ends_with_the_credential_of_its_viewer(world: RunWorld, server: Served, worker: Worker) -> None:
    seen: list[Frame] = []
    watching = asyncio.create_task(watch(server, worker.run_id, seen=seen))
    await worker.log("work", 0, b"before\n")
    await until(lambda: any(frame["event"] == "log" for frame in seen))
    world.keys["taken"] = world.keys.pop("platform")
    await worker.log("work", 7, b"after\n")

    await asyncio.wait_for(watching, 15)

    assert [frame["data"]["text"] for frame in seen if frame["event"] == "log"] == ["before\n"]


async def test_last_event_id_resumes_and_a_seen_end_is_204(server: Served, worker: Worker) -> None:
    await worker.log("work", 0, b"one\n")
    async with httpx2.AsyncClient(base_url=server.url) as client:
        headers = {"Authorization": "Bearer platform", "Accept": "application/json"}
        position = (await client.get(f"{OWN}/{worker.run_id}/events", headers=headers)).json()["position"]
    await worker.log("work", 4, b"two\n")
    await worker.report(status="SUCCEEDED")

    seen = await watch(server, worker.run_id, last=str(position))

    assert [frame["data"]["text"] for frame in seen if frame["event"] == "log"] == ["two\n"]
    async with httpx2.AsyncClient(base_url=server.url) as client:
        headers = {
            "Authorization": "Bearer platform",
            "Accept": "text/event-stream",
            "Last-Event-ID": str(seen[-1]["id"]),
        }
        assert (await client.get(f"{OWN}/{worker.run_id}/events", headers=headers)).status_code == 204


async def test_a_viewer_that_goes_away_leaves_nothing_behind(world: RunWorld, server: Served, worker: Worker) -> None:
    headers = {"Accept": "text/event-stream", "Authorization": "Bearer platform"}
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=10) as client,
        client.stream("GET", f"{OWN}/{worker.run_id}/events", headers=headers) as answer,
    ):
        async for frame in frames(answer.aiter_lines()):
            if frame["event"] == "status":
                break

    await until(lambda: not world.db.signals._waiting)


async def test_a_long_poll_answers_as_soon_as_something_happens(
    world: RunWorld, server: Served, worker: Worker
) -> None:
    headers = {"Accept": "application/json", "Authorization": "Bearer platform"}
    path = f"{OWN}/{worker.run_id}/events"
    async with httpx2.AsyncClient(base_url=server.url, timeout=10) as client:
        first = (await client.get(path, headers=headers)).json()
        after = {"after": first["position"]}
        nothing = (await client.get(path, params=after, headers=headers)).json()
        waiting = asyncio.create_task(client.get(path, params={**after, "wait": 20}, headers=headers))
        await until_somebody_listens(world.db.signals)
        await worker.log("work", 0, b"hello")
        second = (await asyncio.wait_for(waiting, 15)).json()

    assert [event["type"] for event in first["events"]] == ["status", "step"]
    assert nothing == {"events": [], "position": first["position"], "ended": False}
    assert [(event["type"], event["text"]) for event in second["events"]] == [("log", "hello")]
    assert second["position"] > first["position"]


async def test_a_consumer_without_run_transparency_sees_steps_but_no_log(
    world: RunWorld, server: Served, worker: Worker
) -> None:
    await worker.log("work", 0, b"secret of the platform team")
    await worker.report(
        status="SUCCEEDED", steps=[{"id": "work", "status": "SUCCEEDED", "userMessage": "Your bucket is ready."}]
    )

    hidden = await watch(server, worker.run_id, key="shop")
    world.content.transparent = True
    shown = await watch(server, worker.run_id, key="shop")

    assert [frame["event"] for frame in hidden] == ["step", "status"]
    assert "Your bucket is ready." in str(hidden)
    assert "secret" not in str(hidden)
    assert "logBytes" not in str(hidden)
    assert "secret" in str(shown)


async def test_a_long_log_comes_in_batches_without_loss(server: Served, worker: Worker) -> None:
    line = b"x" * 99 + b"\n"
    for at in range(0, 3_000_000, 1_000_000):
        await worker.log("work", at, line * 10_000)
    await worker.report(status="SUCCEEDED")

    seen = await watch(server, worker.run_id)

    text = "".join(str(frame["data"]["text"]) for frame in seen if frame["event"] == "log")
    assert len(text) == 3_000_000


async def test_a_new_attempt_begins_with_its_own_steps(
    world: RunWorld, clock: FixedClock, server: Served, worker: Worker
) -> None:
    clock.advance(31)
    world.sweep()
    second = await a_worker(world)
    await second.register("other")
    await second.report(status="SUCCEEDED", steps=[{"id": "other", "status": "SUCCEEDED"}])

    seen = await watch(server, worker.run_id)

    steps = [frame["data"] for frame in seen if frame["event"] == "step"]
    assert [(step["attempt"], step["step"]["id"]) for step in steps] == [(2, "other")]


@pytest.mark.parametrize(
    ("params", "accept", "status"),
    [
        ({"after": "-1"}, "application/json", 400),
        ({"after": "x"}, "application/json", 400),
        ({"wait": "nan"}, "application/json", 400),
        ({"wait": "1e9"}, "application/json", 400),
        ({}, "text/html", 406),
        ({"after": "2147483648"}, "application/json", 400),
    ],
)
@pytest.mark.one_database
async def test_bad_requests_for_events_are_refused(
    world: RunWorld, worker: Worker, params: dict[str, str], accept: str, status: int
) -> None:
    async with world.client("platform") as client:
        answer = await client.get(f"{OWN}/{worker.run_id}/events", params=params, headers={"Accept": accept})

    assert answer.status_code == status, answer.text


async def test_events_of_a_run_one_may_not_know_of_are_404(world: RunWorld, worker: Worker) -> None:
    async with world.client("other") as client:
        for accept in ("application/json", "text/event-stream"):
            answer = await client.get(f"{OWN}/{worker.run_id}/events", headers={"Accept": accept})
            assert answer.status_code == 404
