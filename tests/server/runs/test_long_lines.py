"""Lines of more than 64 KB: cut where they are stored, whoever sends them and however; offsets count what was sent."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockyard.server.runs.model.logs import CUT_MARK, LINE_BYTES, LONGEST_LINE_BYTES, column_after, kept_lines
from tests.support.run_answers import logs_of
from tests.support.run_world import OWN, RunWorld, Worker, a_worker

pytestmark = pytest.mark.anyio
CUT = b"x" * LINE_BYTES + CUT_MARK
SHORT = 1024
LENGTHS = st.sampled_from([0, 1, 80, LINE_BYTES - 1, LINE_BYTES, LONGEST_LINE_BYTES, LONGEST_LINE_BYTES + 1, 200_000])


def kept(data: bytes, column: int = 0) -> bytes:
    """Return what is kept of `data`."""
    return b"".join(piece for _, piece in kept_lines(data, column))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"a\nb", b"a\nb"),
        (b"x" * LONGEST_LINE_BYTES + b"\n", b"x" * LONGEST_LINE_BYTES + b"\n"),
        (b"x" * LONGEST_LINE_BYTES + b"y\nnext", CUT + b"\nnext"),
        (b"a\n" + b"x" * 200_000 + b"\n\n" + b"x" * 200_000, b"a\n" + CUT + b"\n\n" + CUT),
        (CUT + b"\n", CUT + b"\n"),
        (b"x" * (LINE_BYTES - 1) + "€".encode() * 1000, b"x" * (LINE_BYTES - 1) + CUT_MARK),
    ],
)
def test_long_lines_are_cut_and_marked(data: bytes, expected: bytes) -> None:
    assert kept(data) == expected


@given(lengths=st.lists(LENGTHS, max_size=6), cuts=st.lists(st.integers(0, 800_000), max_size=6))
@settings(max_examples=60, deadline=None)
def test_no_line_is_longer_however_it_comes(lengths: list[int], cuts: list[int]) -> None:
    data = b"\n".join(b"x" * length for length in lengths)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    stored, column = b"", 0
    for begin, end in pairwise(places):
        piece = data[begin:end]
        stored += kept(piece, column)
        tail = data[max(0, end - LONGEST_LINE_BYTES - 1) : end]
        column = column_after(tail, is_whole=True)

    lines = stored.split(b"\n")
    assert len(lines) == len(data.split(b"\n"))
    for line, length in zip(lines, lengths, strict=False):
        assert len(line) <= LONGEST_LINE_BYTES + len(CUT_MARK)
        assert line == b"x" * length or (length > LONGEST_LINE_BYTES and line.endswith(CUT_MARK))


async def test_a_long_line_of_a_foreign_runner_is_cut(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world, own=False)
    text = "first\n" + "x" * 3_000_000 + "\nlast"

    for end in (10, 100_000, 3_000_000, len(text)):
        await worker.report(steps=[{"id": "work", "systemMessage": text[:end]}])

    lines = await shown(world, worker)
    assert [lines[0], lines[2]] == ["first", "last"]
    assert lines[1].endswith(CUT_MARK.decode())
    assert len(lines[1]) <= LONGEST_LINE_BYTES + len(CUT_MARK)


async def test_a_long_line_in_chunks_is_cut_and_the_runner_hears_how_much_came(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world)
    data = b"first\n" + b"x" * 500_000 + b"\nlast\n"

    for at in range(0, len(data), 50_000):
        answer = await worker.log("work", at, data[at : at + 50_000])
        assert answer.json()["offset"] == min(at + 50_000, len(data))

    lines = await shown(world, worker)
    assert [lines[0], lines[-2], lines[-1]] == ["first", "last", ""]
    assert CUT_MARK.decode() in lines[1]
    assert len(lines[1]) <= LONGEST_LINE_BYTES + len(CUT_MARK) + SHORT  # small ends are kept without a look back
    assert await read(world, worker) == "\n".join(lines)


async def test_the_end_of_a_log_that_ends_in_a_cut_line_is_shown(world: RunWorld) -> None:
    world.request()
    worker = await a_worker(world, own=False)

    await worker.report(steps=[{"id": "work", "systemMessage": "first\n" + "x" * 5_000_000}])

    assert await shown(world, worker) == ["first", CUT.decode()]


async def shown(world: RunWorld, worker: Worker) -> list[str]:
    """Return the lines of the only step."""
    (step,) = await logs_of(world, worker.run_id)
    return str(step["systemMessage"]).split("\n")


async def read(world: RunWorld, worker: Worker) -> str:
    """Return the log of the only step, read in pieces."""
    size, offset, text = 70_000, 0, ""
    async with world.client("platform") as client:
        while True:
            query: dict[str, str | int] = {"step": "work", "offset": offset, "size": size}
            answer = await client.get(f"{OWN}/{worker.run_id}/log", params=query, headers={"Accept": "*/*"})
            text, offset = text + answer.text, offset + size
            if offset >= int(answer.headers["x-log-bytes"]):
                return text
