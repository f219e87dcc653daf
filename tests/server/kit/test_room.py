"""Large bodies share one budget of bytes, and have to come quickly enough."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from blockyard.server.kit.bodies import LARGE_BYTES, OPEN_BYTES, read_body
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.http import install_errors
from blockyard.server.kit.room import BodyBudget
from tests.support.http import client_for

pytestmark = pytest.mark.anyio
WAITING_SECONDS = 30
LARGE = 4 * OPEN_BYTES
"""A body in these tests; the budget holds three, and two of one caller."""


@dataclass
class Library:
    """An application that takes books, and the budget it has for them."""

    budget: BodyBudget = field(default_factory=lambda: BodyBudget(3 * LARGE, 2 * LARGE))
    pace_seconds: float = WAITING_SECONDS
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def client(self) -> httpx2.AsyncClient:
        """Return a client of it."""
        return client_for(self.app())

    def app(self) -> FastAPI:
        """Return the application."""
        app = FastAPI()
        install_errors(app)
        app.add_middleware(BodyGuard, budget=self.budget, stall_seconds=self.pace_seconds, pace_bytes=OPEN_BYTES)

        async def authenticate(request: Request) -> None:
            request.state.principal = request.headers["authorization"]

        app.state.authenticate = authenticate

        @app.post("/books")
        async def book(request: Request) -> int:
            self.begun.release()
            return len(await read_body(request, LARGE_BYTES, authenticate))

        return app


async def _pieces(until: asyncio.Event, size: int = LARGE) -> AsyncIterator[bytes]:
    """Yield a body but for its last byte; that one only when it is time."""
    yield b"x" * (size - 1)
    await until.wait()
    yield b"x"


def _declared(name: str, size: int = LARGE) -> dict[str, str]:
    return {"Authorization": name, "Content-Length": str(size)}


async def test_a_large_body_for_which_there_is_no_room_is_refused_and_taken_later() -> None:
    library, done = Library(), asyncio.Event()
    async with library.client() as client, asyncio.timeout(WAITING_SECONDS), asyncio.TaskGroup() as group:
        for name in ("ada", "ada", "bob"):
            group.create_task(client.post("/books", content=_pieces(done), headers=_declared(name)))
            await library.begun.acquire()
        refused = await client.post("/books", content=b"x" * LARGE, headers=_declared("eve"))
        small = await client.post("/books", content=b"x" * OPEN_BYTES, headers=_declared("eve", OPEN_BYTES))
        done.set()
    async with library.client() as client:
        taken = await client.post("/books", content=b"x" * LARGE, headers=_declared("eve"))

    error = refused.json()
    assert (refused.status_code, error["errorCode"], refused.headers["Retry-After"]) == (503, "Busy", "5")
    assert "5 seconds" in error["remedy"]
    assert (small.status_code, taken.status_code, taken.json()) == (200, 200, LARGE)


async def test_one_caller_cannot_take_all_the_room() -> None:
    library, done = Library(), asyncio.Event()
    async with library.client() as client, asyncio.timeout(WAITING_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(client.post("/books", content=_pieces(done), headers=_declared("ada")))
            await library.begun.acquire()
        refused = await client.post("/books", content=b"x" * LARGE, headers=_declared("ada"))
        other = await client.post("/books", content=b"x" * LARGE, headers=_declared("bob"))
        done.set()

    assert (refused.status_code, refused.json()["errorCode"], other.status_code) == (503, "Busy", 200)


async def test_a_body_of_unsaid_length_takes_the_room_that_it_fills() -> None:
    library, done = Library(), asyncio.Event()
    headers = {"Authorization": "ada"}
    async with library.client() as client, asyncio.timeout(WAITING_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(client.post("/books", content=_pieces(done, LARGE - OPEN_BYTES), headers=headers))
            await library.begun.acquire()
        while library.budget.taken_bytes < 2 * (LARGE - OPEN_BYTES) - 2:  # noqa: ASYNC110  no event: another task reads
            await asyncio.sleep(0)
        short = await client.post("/books", content=_whole(OPEN_BYTES + 1), headers=headers)
        refused = await client.post("/books", content=_whole(LARGE), headers=headers)
        done.set()

    assert (short.status_code, refused.status_code, refused.json()["errorCode"]) == (200, 503, "Busy")
    assert library.budget.taken_bytes == 0


async def _whole(size: int) -> AsyncIterator[bytes]:
    yield b"x" * size


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_a_large_body_that_comes_byte_by_byte_is_refused(*, declared: bool) -> None:
    library = Library(pace_seconds=0.2)
    sent = 0

    async def dripping() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"x" * (OPEN_BYTES + 1)
        while sent < LARGE:
            await asyncio.sleep(0.01)
            sent += 1
            yield b"x"

    messages: list[Message] = []
    pieces = dripping()

    async def receive() -> Message:
        return {"type": "http.request", "body": await anext(pieces), "more_body": True}

    async def send(message: Message) -> None:
        messages.append(message)

    length = (b"content-length", str(LARGE).encode()) if declared else (b"transfer-encoding", b"chunked")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/books",
        "raw_path": b"/books",
        "query_string": b"",
        "headers": [(b"authorization", b"ada"), length],
    }
    async with asyncio.timeout(WAITING_SECONDS):
        await library.app()(scope, receive, send)

    assert messages[0]["status"] == 408
    assert b"did not grow" in messages[1]["body"]
    assert library.budget.taken_bytes == 0
