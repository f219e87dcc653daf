"""The HTTP backend, request by request. Source: hub-usage.md B3 to B5, architecture.md 4 and 5."""

import asyncio
import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.events.model import Author
from blockyard.server.runs.model import RunTarget
from blockyard.server.tofu_state.store import StateStore
from tests.support.held import measured
from tests.support.principals import a_key
from tests.support.run_world import STATE, RunWorld, Worker, a_target, a_worker

pytestmark = pytest.mark.anyio


def a_state(serial: int = 1, *, lineage: str = "l-1", **extra: Json) -> bytes:
    """Return a state as an engine writes it."""
    state = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage, "outputs": {}, **extra}
    return json.dumps(state, indent=2).encode()


@dataclass(frozen=True)
class Engine:
    """Speaks to the backend as an engine does: with Basic credentials."""

    world: RunWorld
    block_id: UUID
    token: str
    workspace: str = "shop"
    spelling: str = "buildingBlock"

    async def send(
        self, method: str, body: bytes = b"", *, lock_id: str | None = None, suffix: str = "", md5: str | None = None
    ) -> httpx2.Response:
        """Send one request."""
        credentials = b64encode(f"x:{self.token}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        if body:
            digest = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
            headers |= {"Content-Type": "application/json", "Content-MD5": digest if md5 is None else md5}
        path = f"{STATE}/{self.workspace}/{self.spelling}/{self.block_id}{suffix}"
        async with self.world.client("none") as client:
            params = {"ID": lock_id} if lock_id else {}
            return await client.request(method, path, content=body, headers=headers, params=params)

    async def lock(self, lock_id: str = "lock-1", method: str = "LOCK", suffix: str = "") -> httpx2.Response:
        """Take the lock."""
        return await self.send(method, json.dumps({"ID": lock_id, "Who": "me@host"}).encode(), suffix=suffix)

    async def unlock(self, lock_id: str = "lock-1", method: str = "UNLOCK", suffix: str = "") -> httpx2.Response:
        """Release the lock."""
        return await self.send(method, json.dumps({"ID": lock_id}).encode(), suffix=suffix)


async def an_engine(world: RunWorld, target: RunTarget | None = None) -> tuple[Engine, Worker]:
    """Request and claim a run; return its engine and its runner."""
    run = world.request(target)
    worker = await a_worker(world)
    await worker.register("work")
    return Engine(world, run.block_id, worker.token), worker


async def test_a_state_that_is_not_there_is_404_then_what_was_written_is_read(world: RunWorld) -> None:
    engine, _ = await an_engine(world)

    missing = await engine.send("GET")
    written = await engine.send("POST", a_state())
    found = await engine.send("GET")

    assert (missing.status_code, missing.json()["errorCode"]) == (404, "NoState")
    assert (written.status_code, written.content) == (200, b"")
    assert (found.status_code, found.content) == (200, a_state())
    assert found.headers["content-md5"] == b64encode(hashlib.md5(a_state(), usedforsecurity=False).digest()).decode()


async def test_both_spellings_of_the_path_are_one_state(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    await engine.send("POST", a_state())

    other = Engine(world, engine.block_id, engine.token, spelling="buildingblock")

    assert (await other.send("GET")).content == a_state()


async def test_a_state_is_stored_encrypted(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    await engine.send("POST", a_state(outputs={"password": {"value": "hunter2-secret"}}))

    with world.db.engine.connect() as connection:
        assert b"hunter2" not in bytes(connection.exec_driver_sql("SELECT sealed FROM state_versions").scalar_one())


@pytest.mark.parametrize("methods", [("LOCK", "UNLOCK", ""), ("POST", "DELETE", "/lock")])
async def test_lock_and_unlock_as_an_engine_does(world: RunWorld, methods: tuple[str, str, str]) -> None:
    engine, _ = await an_engine(world)
    lock, unlock, suffix = methods

    answers = [
        await engine.lock("a", lock, suffix),
        await engine.lock("a", lock, suffix),
        await engine.lock("b", lock, suffix),
        await engine.unlock("b", unlock, suffix),
        await engine.unlock("a", unlock, suffix),
        await engine.unlock("a", unlock, suffix),
        await engine.lock("b", lock, suffix),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 423, 423, 200, 200, 200]
    assert answers[0].content == b""
    assert answers[2].json() == answers[3].json() == {"ID": "a", "Who": "me@host"}


async def test_force_unlock_without_a_body_releases_only_the_callers_lock(world: RunWorld) -> None:
    target = a_target()
    first, worker = await an_engine(world, target)
    await first.lock("own")
    own = await first.send("UNLOCK")
    await worker.report(status="SUCCEEDED")
    async with world.client("platform") as client:
        path = f"{STATE}/shop/buildingBlock/{first.block_id}"
        locked = await client.request("LOCK", path, json={"ID": "operator"})
    following, _ = await an_engine(world, target)

    foreign = await following.send("UNLOCK")

    assert (own.status_code, locked.status_code) == (200, 200)
    assert (foreign.status_code, foreign.json()) == (423, {"ID": "operator"})


async def test_whoever_reads_the_state_reads_who_holds_its_lock(world: RunWorld) -> None:
    engine, worker = await an_engine(world)
    path = f"{STATE}/shop/buildingBlock/{engine.block_id}/lock"
    async with world.client("platform") as client:
        none = await client.get(path)
        await engine.lock("a")
        held = await client.get(path)
        await engine.unlock("a")
        await worker.report(status="SUCCEEDED")
        info = {"ID": "b", "Operation": "OperationTypePlan", "Who": "ada@laptop", "Info": ""}
        await client.post(path, json=info)
        own = await client.get(path)
    async with world.client("shop") as client:
        foreign = await client.get(path)

    assert (none.status_code, none.json()["errorCode"]) == (404, "StateNotLocked")
    assert held.json() == {
        "lockInfo": {"ID": "a", "Who": "me@host"},
        "holder": {"runUuid": str(worker.run_id), "principal": "run 1"},
        "createdOn": "2026-01-01T12:00:00Z",
    }
    assert own.json()["lockInfo"] == info
    assert own.json()["holder"] == {"runUuid": None, "principal": "key of platform"}
    assert foreign.status_code == 403


async def test_a_locked_state_is_written_and_deleted_with_the_id_of_the_lock_only(world: RunWorld) -> None:
    engine, worker = await an_engine(world)
    await worker.report(status="SUCCEEDED")
    path = f"{STATE}/shop/buildingBlock/{engine.block_id}"
    async with world.client("platform") as client:
        await client.post(f"{path}/lock", json={"ID": "mine"})
        refused = [
            await client.post(path, content=a_state()),
            await client.post(path, params={"ID": "other"}, content=a_state()),
            await client.delete(path),
            await client.delete(path, params={"ID": "other"}),
        ]
        written = await client.post(path, params={"ID": "mine"}, content=a_state())
        deleted = await client.delete(path, params={"ID": "mine"})
        gone = await client.get(path)

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in refused] == [(409, "StateLocked")] * 4
    assert [written.status_code, deleted.status_code, gone.status_code] == [200, 200, 404]


async def test_tools_show_an_api_key_and_people_have_endpoints_of_their_own(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    await engine.lock("a")
    world.keys["ada"] = replace(a_key("platform"), author=Author(type="User", identifier="ada", display_name="Ada"))
    path = f"{STATE}/shop/buildingBlock/{engine.block_id}"
    own = f"/api/blockyard/v1/blocks/{engine.block_id}/state/lock"
    async with world.client("ada") as client:
        refused = [
            await client.get(path),
            await client.post(path, content=a_state()),
            await client.delete(path),
            await client.get(f"{path}/lock"),
            await client.request("DELETE", f"{path}/lock", json={"ID": "a"}),
        ]
        shown = await client.get(own)
        other = await client.delete(own, params={"ID": "b"})
        unlocked = await client.delete(own, params={"ID": "a"})
        again = await client.delete(own)
    async with world.client(engine.token) as client:
        by_run = await client.delete(own)

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in refused] == [(403, "ApiKeyRequired")] * 5
    assert shown.json()["lockInfo"]["ID"] == "a"
    assert (other.status_code, unlocked.status_code, again.status_code) == (409, 204, 204)
    assert (by_run.status_code, by_run.json()["errorCode"]) == (403, "RunTokenNotEnough")


async def test_a_key_may_force_a_lock_open(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    await engine.lock()
    async with world.client("platform") as client:
        answer = await client.request("UNLOCK", f"{STATE}/shop/buildingBlock/{engine.block_id}")

    assert answer.status_code == 200
    assert (await engine.lock("another")).status_code == 200


async def test_writing_needs_the_lock_that_is_held(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    await engine.lock("mine")

    answers = [
        await engine.send("POST", a_state()),
        await engine.send("POST", a_state(), lock_id="other"),
        await engine.send("POST", a_state(), lock_id="mine"),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 200]


SERIES = [
    (a_state(1), 200, 1),
    (a_state(2), 200, 2),
    (a_state(2), 200, 2),
    (a_state(1), 409, 2),
    (a_state(2, outputs={"x": 1}), 409, 2),
    (a_state(3, lineage="l-2"), 409, 2),
    (a_state(9), 200, 3),
]


async def test_serials_and_lineages(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    for body, status, versions in SERIES:
        answer = await engine.send("POST", body)
        assert answer.status_code == status, answer.text
        stored = world.db.read_now(lambda tx: StateStore(tx).versions(engine.block_id))
        assert len(stored) == versions


BAD_BODIES = [
    b"",
    b"not json",
    b"[]",
    b'"text"',
    b"{}",
    b'{"version": 4, "serial": "1", "lineage": "x"}',
    b'{"version": 4, "serial": true, "lineage": "x"}',
    b'{"version": 4, "serial": -1, "lineage": "x"}',
    b'{"version": 4, "serial": 99999999999999999999, "lineage": "x"}',
    b'{"version": 4, "serial": 1}',
    b'{"version": 4, "serial": 1, "lineage": ""}',
    b'{"version": 4, "serial": 1, "lineage": "a\\u0000b"}',
    b'{"version": 4, "serial": 1, "lineage": "\\ud800"}',
    b'{"version": 4, "serial": 1.5, "lineage": "x"}',
    b'{"serial": 1, "lineage": "x"}',
    b'{"version": 99, "serial": 1, "lineage": "x"}',
    b'{"version": 3, "serial": 1, "lineage": "x"}',
    b'{"version": "4", "serial": 1, "lineage": "x"}',
    b'{"version": 4.0, "serial": 1, "lineage": "x"}',
    b'{"version": 99, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "y": "' + b"y" * 300_000 + b'"}',
    b'{"version": 4, "serial": 1, "lineage": 2}',
    b'{"version": 4, "serial": 1, "lineage": "x", "resources": "x"}',
    b'{"version": 4, "serial": 1, "lineage": "x", "resources": ["x"]}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"x": "' + b"y" * 300_000,
]


@pytest.mark.parametrize("body", BAD_BODIES)
@pytest.mark.one_database
async def test_what_is_no_state_is_refused(world: RunWorld, body: bytes) -> None:
    engine, _ = await an_engine(world)

    answer = await engine.send("POST", body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["errorCode"] == "NotAState"


@pytest.mark.parametrize("padding", [0, 300_000])
async def test_a_state_with_a_number_of_any_length_is_kept(world: RunWorld, padding: int) -> None:
    body = (
        b'{"version": 4, "outputs": {"huge": {"value": 1'
        + b"0" * 5000
        + b'.5}}, "p": "'
        + b"x" * padding
        + b'", "serial": 1, "lineage": "l"}'
    )
    engine, _ = await an_engine(world)

    assert (await engine.send("POST", body)).status_code == 200
    assert (await engine.send("GET")).content == body


@pytest.mark.parametrize("md5", ["***", "AAAA", b64encode(bytes(16)).decode()])
@pytest.mark.one_database
async def test_a_damaged_body_is_refused(world: RunWorld, md5: str) -> None:
    engine, _ = await an_engine(world)

    answer = await engine.send("POST", a_state(), md5=md5)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "ContentMd5")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"ID": ""}', b'{"ID": 7}', b'{"ID": "a\\u0000"}', b"\xff"])
@pytest.mark.one_database
async def test_what_is_no_lock_is_refused(world: RunWorld, body: bytes) -> None:
    engine, _ = await an_engine(world)

    answers = [await engine.send(method, body) for method in ("LOCK", "UNLOCK")]
    empty = await engine.send("LOCK")

    assert [answer.status_code for answer in [*answers, empty]] == [400, 400, 400]


async def test_64_megabytes_go_through_and_no_more(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    filler = 64 * 1024 * 1024 - len(a_state(1, filler=""))
    largest = a_state(1, filler="x" * filler)
    assert len(largest) == 64 * 1024 * 1024

    too_large = await engine.send("POST", largest + b" ")
    written = await engine.send("POST", largest)
    read = await engine.send("GET")

    assert (too_large.status_code, too_large.json()["errorCode"]) == (413, "BodyTooLarge")
    assert written.status_code == 200
    assert read.content == largest


async def test_a_large_state_does_not_hold_up_others(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    body = a_state(1, filler="x" * 48 * 1024 * 1024)
    answers: list[httpx2.Response] = []

    async def write() -> None:
        answers.append(await engine.send("POST", body))

    held = await asyncio.to_thread(measured, world.db, write)

    assert [answer.status_code for answer in answers] == [200]
    assert held.loop < 1, held


async def test_an_older_attempt_neither_writes_nor_locks(world: RunWorld) -> None:
    old, _ = await an_engine(world)
    world.clock.advance(31)
    world.sweep()
    assert (await old.send("POST", a_state(1))).status_code == 200
    worker = await a_worker(world)
    new = Engine(world, old.block_id, worker.token)

    answers = [await old.send("POST", a_state(2)), await old.lock()]

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in answers] == [(409, "AttemptSuperseded")] * 2
    assert (await new.send("POST", a_state(2))).status_code == 200


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED"])
async def test_after_the_end_of_its_run_an_engine_may_write_for_two_minutes(world: RunWorld, status: str) -> None:
    engine, worker = await an_engine(world)
    await engine.lock()
    await worker.report(status=status)

    world.clock.advance(120)
    soon = await engine.send("POST", a_state(1), lock_id="lock-1")
    unlocked = await engine.unlock()
    world.clock.advance(1)
    late = [await engine.send("POST", a_state(2)), await engine.send("GET"), await engine.lock()]

    assert (soon.status_code, unlocked.status_code) == (200, 200)
    assert [(answer.status_code, answer.json()["errorCode"]) for answer in late] == [(403, "RunTokenExpired")] * 3


async def test_after_the_end_of_its_run_an_engine_may_write_until_the_next_run_is_claimed(world: RunWorld) -> None:
    target = a_target()
    engine, worker = await an_engine(world, target)
    await worker.report(status="ABORTED")
    world.request(target)
    waiting = await engine.send("POST", a_state(1))
    following = await a_worker(world)

    claimed = await engine.send("POST", a_state(2))

    assert (waiting.status_code, claimed.status_code) == (200, 409)
    assert (await Engine(world, engine.block_id, following.token).send("POST", a_state(2))).status_code == 200


async def test_locks_end_with_their_run(world: RunWorld) -> None:
    target = a_target()
    engine, worker = await an_engine(world, target)
    await engine.lock("first")
    await worker.report(status="FAILED")

    following, _ = await an_engine(world, target)

    assert (await following.lock("second")).status_code == 200


async def test_a_state_that_only_its_engine_can_read_is_stored(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    body = b'{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "abc", "encryption_version": "v0"}'

    assert (await engine.send("POST", body)).status_code == 200


async def test_a_deleted_state_is_gone_for_readers_and_kept_as_a_version(world: RunWorld) -> None:
    engine, worker = await an_engine(world)
    await engine.send("POST", a_state(5))
    await worker.report(status="SUCCEEDED")
    team = Engine(world, engine.block_id, "platform")

    answers = [await team.send("DELETE"), await team.send("GET"), await team.send("DELETE")]
    again = await team.send("POST", a_state(1, lineage="l-2"))

    assert [answer.status_code for answer in answers] == [200, 404, 200]
    assert again.status_code == 200
    numbers = [version.number for version in world.db.read_now(lambda tx: StateStore(tx).versions(engine.block_id))]
    assert numbers == [2, 1]


async def test_two_engines_race_for_one_lock(world: RunWorld) -> None:
    engine, _ = await an_engine(world)

    answers = await asyncio.gather(*(engine.lock(f"lock-{number}") for number in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [423] * 7


async def test_of_two_writers_at_once_one_is_told_that_it_is_behind(world: RunWorld) -> None:
    engine, _ = await an_engine(world)

    bodies = [a_state(1, outputs={"n": number}) for number in range(6)]
    answers = await asyncio.gather(*(engine.send("POST", body) for body in bodies))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert len(world.db.read_now(lambda tx: StateStore(tx).versions(engine.block_id))) == 1


ACCESS = [
    ("admin", False, 200, 409),
    ("platform", False, 200, 409),
    ("shop", False, 403, 403),
    ("shop", True, 200, 409),
    ("other", True, 404, 404),
    ("nobody", True, 401, 401),
]


@pytest.mark.parametrize(("key", "transparent", "reads", "writes"), ACCESS)
async def test_keys_read_the_state_and_write_it_while_no_run_works(
    world: RunWorld, *, key: str, transparent: bool, reads: int, writes: int
) -> None:
    world.content.transparent = transparent
    engine, worker = await an_engine(world)
    await engine.send("POST", a_state(1))
    path = f"{STATE}/shop/buildingBlock/{engine.block_id}"
    async with world.client(key) as client:
        read = await client.get(path)
        during = await client.post(path, content=a_state(2))
        locked = await client.request("LOCK", path, json={"ID": "key"})
        await worker.report(status="SUCCEEDED")
        after = await client.post(path, content=a_state(2))
        deleted = await client.delete(path)

    assert [read.status_code, during.status_code, locked.status_code] == [reads, writes, writes]
    assert [after.status_code, deleted.status_code] == ([200, 200] if reads == 200 else [reads, reads])


@pytest.mark.parametrize(
    ("transparent", "needed"),
    [
        (True, "TFSTATE_LIST is needed in workspace 'shop'"),
        (False, "the state is for the platform team, MANAGED_TFSTATE_LIST is needed there"),
    ],
)
async def test_who_may_not_read_the_state_is_told_the_permission_that_would_do(
    world: RunWorld, *, transparent: bool, needed: str
) -> None:
    world.content.transparent = transparent
    world.keys["reader"] = a_key("shop", "BUILDINGBLOCK_LIST")
    engine, _ = await an_engine(world)

    async with world.client("reader") as client:
        refused = await client.get(f"{STATE}/shop/buildingBlock/{engine.block_id}")

    assert refused.status_code == 403
    assert refused.json()["message"] == f"you don't have sufficient permissions: {needed}"


async def test_a_token_opens_only_the_state_of_its_block_and_workspace(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    foreign, _ = await an_engine(world)
    elsewhere = Engine(world, engine.block_id, engine.token, workspace="other")
    unknown = Engine(world, uuid4(), engine.token)
    stolen = Engine(world, foreign.block_id, engine.token)
    nobody = Engine(world, engine.block_id, "nobody")

    statuses = [
        [(await who.send(verb)).status_code for verb in ("GET", "DELETE")]
        for who in (elsewhere, unknown, stolen, nobody)
    ]

    assert statuses == [[403, 403]] * 3 + [[401, 401]]


async def test_a_key_finds_no_state_under_another_workspace(world: RunWorld) -> None:
    engine, _ = await an_engine(world)
    async with world.client("admin") as client:
        paths = [f"{STATE}/other/buildingBlock/{engine.block_id}", f"{STATE}/shop/buildingBlock/{uuid4()}"]
        answers = [await client.get(path) for path in paths]
        bad = await client.get(f"{STATE}/shop/buildingBlock/no-uuid")

    assert [answer.status_code for answer in answers] == [404, 404]
    assert bad.status_code == 400
