"""Our own endpoints: everything about a block, and its live updates."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.api.feed import Cursor, FollowedBlock
from blockyard.server.identity.model import Principal
from blockyard.server.kit.streams import Feed
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OWN,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_secret,
    a_value,
    an_input,
    an_output,
    definition_of,
    uuid_of,
)
from tests.support.http import client_for
from tests.support.principals import ADMINISTRATOR, a_key

JSON = "application/json"
INPUTS = {
    "size": an_input("INTEGER", displayOrder=2, defaultValue=5, description="How large"),
    "DB_NAME": an_input(displayOrder=1),
    "token": an_input(isSensitive=True, displayOrder=3, defaultValue={"plaintext": "default-s3cret"}),
}


def detail(world: BlockWorld, block: Any) -> Any:
    return world.api.ok("GET", f"{OWN}/{uuid_of(block)}", media=JSON)


def test_the_detail_tells_people_everything(world: BlockWorld) -> None:
    version = world.define(
        "Database", inputs=INPUTS, outputs={"url": an_output(displayName="Open", assignment="RESOURCE_URL")}
    )
    block = world.order(version, {"DB_NAME": "orders", "token": a_secret("t0p-s3cret")}, name="{{DB_NAME}} db")
    world.finish({"url": a_value("https://x.test")})
    newer = world.next_version(version)

    shown = detail(world, block)

    assert (shown["name"], shown["displayName"], shown["workspace"]) == ("orders db", "{{DB_NAME}} db", "shop")
    assert (shown["status"], shown["statusText"]) == ("SUCCEEDED", "Ready")
    assert shown["definition"]["displayName"] == "Database"
    assert (shown["version"]["number"], shown["version"]["implementationType"]) == (1, "TERRAFORM")
    assert shown["newerVersion"] == {"uuid": uuid_of(newer), "number": 2}
    assert [item["key"] for item in shown["inputs"]] == ["DB_NAME", "size", "token"]
    assert [item["displayName"] for item in shown["inputs"]] == ["DB name", "Size", "Token"]
    assert shown["inputs"][1]["description"] == "How large"
    assert shown["inputs"][1]["defaultValue"] == 5
    assert shown["inputs"][2]["defaultValue"] is None
    assert list(shown["inputs"][2]["value"]) == ["hash"]
    assert shown["outputs"] == [
        {
            "key": "url",
            "displayName": "Open",
            "type": "STRING",
            "assignmentType": "RESOURCE_URL",
            "isSensitive": False,
            "value": "https://x.test",
        }
    ]
    assert [(run["number"], run["status"], run["behavior"]) for run in shown["runs"]] == [(1, "SUCCEEDED", "APPLY")]
    assert shown["runs"][0]["reason"] == "BUILDING_BLOCK_CREATION"
    assert shown["allowed"] == {"save": True, "run": True, "delete": True, "purge": True, "operate": True}
    assert shown["createdAt"] == "2026-01-01T12:00:00Z"
    assert shown["_links"]["events"]["href"].endswith(f"{OWN}/{uuid_of(block)}/events")
    assert all("s3cret" not in answer for answer in world.api.answers)


def test_the_detail_tells_what_is_missing_and_what_one_may_do(world: BlockWorld) -> None:
    version = world.define(inputs={"name": an_input(), "quota": an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT")})
    world.api.be(SHOP)

    shown = detail(world, world.order(version))

    assert (shown["status"], shown["statusText"]) == (
        "WAITING_FOR_OPERATOR_INPUT",
        "Waiting for the platform team",
    )
    assert {item["key"]: item["isMissing"] for item in shown["inputs"]} == {"name": True, "quota": True}
    assert shown["allowed"] == {"save": True, "run": False, "delete": True, "purge": False, "operate": False}
    assert shown["runs"] == []


def test_the_detail_shows_relatives(world: BlockWorld) -> None:
    network = world.define("Network", implementation=MANUAL)
    refs = [{"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}]
    server = world.define("Server", implementation=MANUAL, dependencyDefinitionRefs=refs)
    parent = world.order(network, name="net")
    child = world.order(server, name="srv", parents=[parent])

    assert [(item["uuid"], item["name"]) for item in detail(world, child)["parents"]] == [(uuid_of(parent), "net")]
    assert [(item["uuid"], item["statusText"]) for item in detail(world, parent)["children"]] == [
        (uuid_of(child), "Ready")
    ]


def poll(world: BlockWorld, block: Any, after: str = "", wait: float = 0) -> Any:
    return world.api.ok("GET", f"{OWN}/{uuid_of(block)}/events?after={after}&wait={wait}", media=JSON)


def kinds(batch: Any) -> list[str]:
    return [event["type"] for event in batch["events"]]


def test_a_poll_tells_what_is_new_and_where_to_go_on(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}, transparent=True))

    first = poll(world, block)
    assert kinds(first) == ["block", "status"]
    assert first["events"][0]["block"]["status"] == "PENDING"
    nothing = poll(world, block, first["position"])
    assert (nothing["events"], nothing["position"]) == ([], first["position"])

    world.finish()
    second = poll(world, block, first["position"])
    assert kinds(second) == ["step", "log", "status", "block"]
    assert second["events"][1]["text"] == "log: done"
    assert second["events"][-1]["block"]["statusText"] == "Ready"
    assert not second["ended"]

    world.delete(block)
    third = poll(world, block, second["position"])
    assert kinds(third) == ["block", "status"]
    assert third["events"][1]["run"]["behavior"] == "DESTROY"
    world.finish()
    assert poll(world, block, third["position"])["ended"]


def test_consumers_get_steps_but_no_logs_of_runs_that_are_not_transparent(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    world.finish()
    world.api.be(SHOP)

    assert kinds(poll(world, block)) == ["step", "status", "block"]
    world.api.be(PLATFORM)
    assert "log" in kinds(poll(world, block))


@pytest.mark.parametrize("after", ["", "nonsense", "5-", "1-00000000-0000-0000-0000-00000000000g-3", "99999999999"])
def test_an_odd_position_means_from_the_beginning(world: BlockWorld, after: str) -> None:
    block = world.order(world.define(implementation=MANUAL))

    assert kinds(poll(world, block, after))[-1] == "block"


def test_cursors_survive_their_text() -> None:
    cursor = Cursor.read("7-7909f3d2-2d4b-4b0c-8e4a-000000000001-42")

    assert Cursor.read(str(cursor)) == cursor
    assert (cursor.revision, cursor.position) == (7, 42)
    assert Cursor.read("7") == Cursor(7)


def test_a_poll_waits_for_the_next_change(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    position = poll(world, block)["position"]

    async def wait() -> JsonObject:
        async with client_for(world.api.app) as client:
            address = f"{OWN}/{uuid_of(block)}/events"
            query = {"after": position, "wait": "20"}
            waiting = asyncio.create_task(client.get(address, params=query, headers={"Accept": JSON}))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            await asyncio.to_thread(world.finish)
            answer: JsonObject = (await asyncio.wait_for(waiting, 10)).json()
            return answer

    assert asyncio.run(wait())["events"]


def frames(text: str) -> list[tuple[str, JsonObject]]:
    found = []
    for frame in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((lines.get("id", ""), json.loads(lines["data"])))
    return found


def test_a_stream_of_a_deleted_block_tells_all_and_ends(world: BlockWorld) -> None:
    block = world.order(world.define(implementation=MANUAL))
    world.delete(block)

    answer = world.api.send("GET", f"{OWN}/{uuid_of(block)}/events", media="text/event-stream")

    assert answer.headers["content-type"].startswith("text/event-stream")
    events = frames(answer.text)
    assert [event["type"] for _, event in events] == ["status", "block"]
    assert events[0][0] == ""
    assert events[1][0].startswith(str(world.stored(block).revision))
    address = f"{OWN}/{uuid_of(block)}/events?after={events[1][0]}"
    assert world.api.send("GET", address, media="text/event-stream").status_code == 204


def test_a_stream_follows_the_block_from_run_to_run(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"size": an_input("INTEGER")}), {"size": 1})
    followed = FollowedBlock(world.blocks, world.views, world.stored(block).id)

    async def follow() -> list[str]:
        feed = Feed(world.db, followed, administrator)
        stream = feed.stream(await feed.look(ADMINISTRATOR, ""))
        seen: list[str] = []
        for action in _actions(world, block):
            await _until_quiet(stream, seen)
            await asyncio.to_thread(action)
        async for text in stream:
            seen.extend(_statuses(text))
        return seen

    assert asyncio.run(asyncio.wait_for(follow(), 60)) == [
        "PENDING",
        "SUCCEEDED",
        "PENDING",
        "FAILED",
        "FAILED",
    ]


def test_a_stream_ends_when_the_viewer_may_not_see_the_block_any_more(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={"size": an_input("INTEGER")}), {"size": 1})
    followed = FollowedBlock(world.blocks, world.views, world.stored(block).id)
    roles = [ADMINISTRATOR]

    async def who() -> Principal:
        return roles[-1]

    async def follow() -> list[str]:
        feed = Feed(world.db, followed, who)
        stream = feed.stream(await feed.look(ADMINISTRATOR, ""))
        seen: list[str] = []
        await _until_quiet(stream, seen)
        roles.append(Principal(author=ADMINISTRATOR.author))
        await asyncio.to_thread(world.finish)
        async for text in stream:
            seen.extend(_statuses(text))
        return seen

    assert asyncio.run(asyncio.wait_for(follow(), 60)) == ["PENDING"]


async def administrator() -> Principal:
    """Return who watches."""
    return ADMINISTRATOR


def _actions(world: BlockWorld, block: Any) -> list[Callable[[], object]]:
    return [
        world.finish,
        lambda: _in_thread(world, block),
        lambda: world.finish(status=RunStatus.FAILED),
        lambda: world.db.write_now(lambda tx: world.blocks.purge(tx, ADMINISTRATOR, world.stored(block).id)),
    ]


def _in_thread(world: BlockWorld, block: Any) -> None:
    world.db.write_now(lambda tx: world.blocks.trigger_run(tx, ADMINISTRATOR, world.stored(block).id))


async def _until_quiet(stream: AsyncIterator[str], seen: list[str]) -> None:
    """Read one batch, which every action of the test causes."""
    seen.extend(_statuses(await anext(stream)))


def _statuses(text: str) -> list[str]:
    blocks = [event["block"] for _, event in frames(text) if event["type"] == "block"]
    return [str(block["status"]) for block in blocks if isinstance(block, dict)]


def test_the_detail_needs_the_right_to_list(world: BlockWorld) -> None:
    block = world.order(world.define(implementation=MANUAL))
    world.api.be(a_key("shop", "BUILDINGBLOCK_SAVE"))

    assert world.api.send("GET", f"{OWN}/{uuid_of(block)}", media=JSON).status_code == 403
    assert world.api.send("GET", f"{BLOCKS}/{uuid_of(block)}").status_code == 403
