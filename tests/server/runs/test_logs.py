"""Logs: chunks at offsets, whole messages, the end that is shown. Source: architecture.md 8, protocol/live.py."""

import pytest

from blockyard.server.kit.database import Database
from blockyard.server.runs.model import RunLimits
from blockyard.server.runs.model.logs import GAP, cut_character, digest, missing_part, new_part
from tests.support.clock import FixedClock
from tests.support.run_answers import logs_of
from tests.support.run_world import OWN, RunWorld, Worker, a_worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(world: RunWorld) -> Worker:
    """Our runner with one step."""
    world.request()
    worker = await a_worker(world)
    await worker.register("work")
    return worker


async def log_of(world: RunWorld, worker: Worker) -> str | None:
    """Return the system message of the only step."""
    (step,) = await logs_of(world, worker.run_id)
    return step["systemMessage"]


async def test_chunks_are_appended_once_wherever_they_overlap(world: RunWorld, worker: Worker) -> None:
    offsets = []
    for offset, data in ((0, b"hello "), (0, b"hello "), (3, b"lo wor"), (9, b"ld"), (50, b"gap"), (11, b"")):
        offsets.append((await worker.log("work", offset, data)).json()["offset"])

    assert offsets == [6, 6, 9, 11, 11, 11]
    assert await log_of(world, worker) == "hello world"


async def test_a_character_cut_in_two_is_whole_in_the_log(world: RunWorld, worker: Worker) -> None:
    text = "naïve €5 \N{PILE OF POO}!"
    data = text.encode()
    for at in range(len(data)):
        assert (await worker.log("work", at, data[at : at + 1])).json()["offset"] == at + 1

    assert await log_of(world, worker) == text
    async with world.client("platform") as client:
        answer = await client.get(
            f"{OWN}/{worker.run_id}/events", params={"after": 0}, headers={"Accept": "application/json"}
        )
    assert "".join(event["text"] for event in answer.json()["events"] if event["type"] == "log") == text


async def test_bytes_that_are_no_text_are_kept(world: RunWorld, worker: Worker) -> None:
    data = bytes(range(256)) * 4
    await worker.log("work", 0, data)

    async with world.client("platform") as client:
        answer = await client.get(f"{OWN}/{worker.run_id}/log", params={"step": "work"}, headers={"Accept": "*/*"})

    assert answer.content == data
    assert answer.headers["x-log-bytes"] == "1024"


async def test_the_message_at_the_end_of_a_step_repeats_nothing(world: RunWorld, worker: Worker) -> None:
    log = "".join(f"line {number}\n" for number in range(1000))
    await worker.log("work", 0, log[:5000].encode())

    await worker.report(steps=[{"id": "work", "status": "SUCCEEDED", "systemMessage": log}])
    await worker.report(steps=[{"id": "work", "status": "SUCCEEDED", "systemMessage": log}])

    assert await log_of(world, worker) == log


async def test_a_longer_message_of_an_official_runner_is_stored_as_its_new_part(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world, own=False)
    await worker.report(steps=[{"id": "work", "systemMessage": "one\n"}])
    first = await events_after(world, worker, 0)

    await worker.report(steps=[{"id": "work", "systemMessage": "one\ntwo\n"}])
    second = await events_after(world, worker, first[1])
    await worker.report(steps=[{"id": "work", "systemMessage": "else"}])
    third = await events_after(world, worker, second[1])

    assert [logs for logs, _ in (first, second, third)] == [[(0, "one\n")], [(4, "two\n")], [(0, "else")]]
    assert await log_of(world, worker) == "else"


async def test_a_full_log_goes_on_counting_but_keeps_no_more(database: Database, clock: FixedClock) -> None:
    world = RunWorld(database, clock, RunLimits(log_bytes=10))
    world.request()
    worker = await a_worker(world)
    await worker.register("work")

    offsets = [(await worker.log("work", at, b"12345678")).json()["offset"] for at in (0, 8, 16)]

    assert offsets == [8, 16, 24]
    assert await log_of(world, worker) == "1234567812"


async def test_a_piece_of_the_log_can_be_read(world: RunWorld, worker: Worker) -> None:
    for at in range(0, 100, 10):
        await worker.log("work", at, b"%010d" % at)

    async with world.client("platform") as client:
        answer = await client.get(
            f"{OWN}/{worker.run_id}/log", params={"step": "work", "offset": 25, "size": 20}, headers={"Accept": "*/*"}
        )
        unknown = await client.get(f"{OWN}/{worker.run_id}/log", params={"step": "none"})

    assert answer.text == "00020000000003000000"
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "StepUnknown")


async def test_logs_of_many_chunks_are_read_from_any_place(world: RunWorld, worker: Worker) -> None:
    for at in range(0, 500, 10):
        await worker.log("work", at, b"%010d" % at)
    whole = "".join(f"{at:010d}" for at in range(0, 500, 10))

    async with world.client("platform") as client:
        for offset, size in ((0, 500), (0, 7), (5, 490), (333, 100), (499, 1), (500, 1)):
            answer = await client.get(
                f"{OWN}/{worker.run_id}/log",
                params={"step": "work", "offset": offset, "size": size},
                headers={"Accept": "*/*"},
            )
            assert answer.text == whole[offset : offset + size], (offset, size)

    logs, _ = await events_after(world, worker, 0)
    assert logs == [(at, f"{at:010d}") for at in range(0, 500, 10)]


async def test_a_chunk_of_an_unknown_step_creates_it(world: RunWorld, worker: Worker) -> None:
    await worker.log("extra", 0, b"x")

    assert [step["displayName"] for step in await logs_of(world, worker.run_id)] == ["Work", "extra"]


@pytest.mark.parametrize(("step", "offset"), [("", "0"), ("x" * 256, "0"), ("x", "-1"), ("x", "no"), ("x", "9" * 30)])
@pytest.mark.one_database
async def test_bad_chunks_are_refused(world: RunWorld, worker: Worker, step: str, offset: str) -> None:
    async with world.client(worker.token) as client:
        answer = await client.post(
            f"{OWN}/{worker.run_id}/log", params={"step": step, "offset": offset}, content=b"data"
        )

    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"", 0),
        (b"a", 0),
        ("ü".encode(), 0),
        ("ü".encode()[:1], 1),
        (b"a" + "€".encode()[:2], 2),
        ("\N{PILE OF POO}".encode()[:3], 3),
        ("\N{PILE OF POO}".encode(), 0),
        (b"\x80\x80\x80\x80", 0),
        (b"\xff", 1),
    ],
)
def test_an_unfinished_character_is_found(data: bytes, cut: int) -> None:
    assert cut_character(data) == cut


@pytest.mark.parametrize(
    ("message", "known", "new"),
    [
        (b"abc", b"", b"abc"),
        (b"abcd", b"abc", b"d"),
        (b"abc", b"abc", b""),
        (b"ab", b"abc", None),
        (b"xbcd", b"abc", None),
    ],
)
def test_what_is_new_in_a_message_is_found(message: bytes, known: bytes, new: bytes | None) -> None:
    assert new_part(message, len(known), digest(known)) == new


@pytest.mark.parametrize(
    ("message", "tail", "missing"),
    [
        (b"abc", b"", b"abc"),
        (b"abc", b"abc", b""),
        (b"abcde", b"abc", b"de"),
        (b"cde", b"abcde", b""),
        (b"xyz", b"abc", GAP + b"xyz"),
        (b"", b"abc", b""),
    ],
)
def test_what_our_log_misses_is_found(message: bytes, tail: bytes, missing: bytes) -> None:
    assert missing_part(message, tail) == missing


async def events_after(world: RunWorld, worker: Worker, after: int) -> tuple[list[tuple[int, str]], int]:
    """Return the pieces of log after a position, and the new position."""
    async with world.client("platform") as client:
        answer = await client.get(
            f"{OWN}/{worker.run_id}/events", params={"after": after}, headers={"Accept": "application/json"}
        )
    batch = answer.json()
    pieces = [(event["offset"], event["text"]) for event in batch["events"] if event["type"] == "log"]
    return pieces, batch["position"]


async def test_the_end_of_a_long_log_begins_with_a_line_and_says_what_is_left_out(
    world: RunWorld, worker: Worker
) -> None:
    line = b"x" * 99 + b"\n"
    for number in range(3):
        await worker.log("work", number * 4000 * len(line), line * 4000)

    note, *lines = (await log_of(world, worker) or "").splitlines(keepends=True)
    assert note == "[earlier lines are left out here]\n"
    assert set(lines) == {line.decode()}
    assert 1_048_576 - 200 < len(note) + sum(map(len, lines)) <= 1_048_576
