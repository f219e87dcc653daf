"""Large bodies: read aside, of known callers only, with the same refusals as small ones."""

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import httpx2
import pytest
from fastapi import Body, FastAPI, Request
from pydantic import AfterValidator
from starlette.types import Message, Receive, Scope, Send

from blockyard.server.kit.bodies import KNOWN_BYTES, LARGE_BYTES, OPEN_BYTES, SIGN_IN_BYTES, read_form
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.errors import Denied, Unauthenticated
from blockyard.server.kit.http import install_errors
from blockyard.server.kit.json_reader import MAX_NUMBER_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_VALUES
from blockyard.server.kit.routers import api_router, takes
from blockyard.server.kit.wire import WireModel
from tests.support.http import client_for

pytestmark = pytest.mark.anyio
FILLER = "x" * OPEN_BYTES
WAITING_SECONDS = 30
JSON = {"Content-Type": "application/json"}

begun, answered = threading.Event(), threading.Event()


def _waits(text: str) -> str:
    begun.set()
    if text == "wait" and not answered.wait(WAITING_SECONDS):
        raise ValueError("nobody else was answered meanwhile")
    return text


class Note(WireModel):
    """A note; validating the text `wait` takes until somebody else was answered."""

    text: Annotated[str, AfterValidator(_waits)]
    number: int | None = None


async def may(request: Request) -> None:
    """Take large bodies of one caller only."""
    if request.headers["authorization"] != "Bearer x":
        raise Denied("not you", remedy="Ask somebody else.")


@pytest.fixture
def client() -> Iterator[httpx2.AsyncClient]:
    """A client of an application that takes notes of those who have a token."""
    app = FastAPI()
    install_errors(app)
    app.add_middleware(BodyGuard)
    begun.clear()
    answered.clear()

    async def authenticate(request: Request) -> str:
        if "authorization" not in request.headers:
            raise Unauthenticated("no credential", remedy="Sign in.")
        return "me"

    app.state.authenticate = authenticate
    router = api_router()

    @router.post("/notes")
    async def note(body: Annotated[Note, Body()]) -> Note:
        return body

    @router.post("/books")
    @takes(LARGE_BYTES, may)
    async def book(body: Annotated[Note, Body()]) -> Note:
        return body

    @router.post("/signs")
    @takes(SIGN_IN_BYTES)
    async def sign(body: Annotated[Note, Body()]) -> Note:
        return body

    @router.post("/maybe")
    async def maybe(body: Annotated[Note | None, Body()] = None) -> Note | None:
        return body

    @router.post("/form")
    async def form(request: Request) -> int:
        return len((await read_form(request, LARGE_BYTES, may)).texts["text"])

    @router.get("/answer")
    async def answer() -> str:
        answered.set()
        return "answered"

    app.include_router(router)
    client = client_for(app)
    client.headers["Authorization"] = "Bearer x"
    yield client
    answered.set()


async def test_others_are_answered_while_a_large_body_is_read(client: httpx2.AsyncClient) -> None:
    upload = asyncio.create_task(client.post("/notes", json={"filler": FILLER, "text": "wait"}))
    await asyncio.to_thread(begun.wait, WAITING_SECONDS)

    assert (await client.get("/answer")).json() == "answered"

    answer = await upload
    assert (answer.status_code, answer.json()) == (200, {"text": "wait", "number": None})


async def test_large_bodies_say_the_same_as_small_ones(client: httpx2.AsyncClient) -> None:
    for path in ("/notes", "/maybe"):
        for note in ({"text": "a\nb", "number": 3}, {"text": 'ä\\"', "number": None}):
            small = await client.post(path, json=note)
            large = await client.post(path, json={**note, "filler": FILLER})
            assert (small.status_code, small.json()) == (large.status_code, large.json()) == (200, note)


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ('{"text": 3, "filler": "%s"}', "InvalidRequest", "/text"),
        ('{"text": "x", "number": "3", "filler": "%s"}', "InvalidRequest", "/number"),
        ('{"filler": "%s"}', "InvalidRequest", "/text"),
        ('["%s"]', "InvalidRequest", "/"),
        ('{"filler": "%s"', "MalformedJson", None),
        ('{"filler": "%s"} {}', "MalformedJson", None),
        ("[" * 100_000 + "%s", "MalformedJson", None),
    ],
)
async def test_unusable_large_bodies_are_refused(
    client: httpx2.AsyncClient, text: str, code: str, field: str | None
) -> None:
    answer = await client.post("/notes", content=text % FILLER, headers=JSON)

    error = answer.json()
    assert (answer.status_code, error["errorCode"], error["field"]) == (400, code, field)
    assert error["remedy"]


async def test_large_bodies_of_strangers_are_not_read(client: httpx2.AsyncClient) -> None:
    del client.headers["Authorization"]

    assert (await client.post("/notes", json={"text": "x"})).status_code == 200
    assert (await client.post("/notes", content=f'{{"filler": "{FILLER}"', headers=JSON)).status_code == 401


async def test_bodies_of_unsaid_length_are_read_as_well(client: httpx2.AsyncClient) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        yield json.dumps({"text": "x", "filler": "x" * size}).encode()

    for size in (10, OPEN_BYTES):
        answer = await client.post("/notes", content=pieces(size), headers=JSON)
        assert answer.json() == {"text": "x", "number": None}


async def test_a_route_takes_a_megabyte_of_known_callers_unless_it_says_otherwise(client: httpx2.AsyncClient) -> None:
    answers = {
        (path, size): (await client.post(path, json={"text": "x", "filler": "x" * size})).status_code
        for path in ("/signs", "/notes", "/books")
        for size in (SIGN_IN_BYTES - 100, OPEN_BYTES, 4 * OPEN_BYTES, 8 * OPEN_BYTES)
    }

    assert list(answers.values()) == [200, 413, 413, 413, 200, 200, 413, 413, 200, 200, 200, 200]


async def test_bodies_over_the_limit_are_refused_while_they_arrive(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += OPEN_BYTES
            yield b" " * OPEN_BYTES

    answer = await client.post("/notes", content=endless(), headers=JSON)

    assert (answer.status_code, answer.json()["errorCode"]) == (413, "BodyTooLarge")
    assert sent == 5 * OPEN_BYTES


async def test_whoever_may_not_is_refused_before_a_large_body_is_read(client: httpx2.AsyncClient) -> None:
    client.headers["Authorization"] = "Bearer y"

    answer = await client.post("/books", content=f'{{"filler": "{FILLER}"', headers=JSON)

    assert answer.status_code == 403


async def test_a_document_of_too_many_values_is_refused(client: httpx2.AsyncClient) -> None:
    for filler in ("[]", "{}", "1", '"a"'):
        content = f'{{"text": "x", "filler": [{",".join([filler] * MAX_VALUES)}]}}'
        answer = await client.post("/books", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["errorCode"]) == (413, "TooManyValues")


@pytest.mark.parametrize(("size", "in_parts", "whole"), [(OPEN_BYTES, 200, 200), (2 * KNOWN_BYTES, 200, 413)])
async def test_a_large_form_has_to_come_in_parts(
    client: httpx2.AsyncClient, size: int, in_parts: int, whole: int
) -> None:
    text = "x" * size

    answers = [
        await client.post("/form", files={"text": (None, text)}),
        await client.post("/form", data={"text": text}),
    ]

    assert [answer.status_code for answer in answers] == [in_parts, whole]


@pytest.mark.parametrize(
    ("filler", "code"),
    [
        ('"' + "x" * (MAX_TEXT_CHARACTERS + 1) + '"', "TextTooLong"),
        ("1" * (MAX_NUMBER_CHARACTERS + 2) + " " * OPEN_BYTES, "NumberTooLong"),
    ],
)
async def test_a_document_with_a_single_huge_text_or_number_is_refused(
    client: httpx2.AsyncClient, filler: str, code: str
) -> None:
    answer = await client.post("/books", content=f'{{"text": "x", "filler": {filler}}}', headers=JSON)

    assert (answer.status_code, answer.json()["errorCode"]) == (413, code)


@pytest.mark.parametrize("filler", ["", FILLER])
@pytest.mark.parametrize("digits", [MAX_NUMBER_CHARACTERS + 1, 5001])
async def test_a_number_that_is_too_long_is_refused_alike_in_small_and_large_bodies(
    client: httpx2.AsyncClient, filler: str, digits: int
) -> None:
    text = f'{{"text": "x", "number": {"9" * digits}, "filler": "{filler}"}}'

    async def unsaid() -> AsyncIterator[bytes]:
        yield text.encode()

    answers = [
        await client.post("/notes", content=text, headers=JSON),
        await client.post("/notes", content=unsaid(), headers=JSON),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["errorCode"]) == (413, "NumberTooLong")
        assert (
            answer.json()["message"] == f"the document holds a number of more than {MAX_NUMBER_CHARACTERS} characters"
        )


def test_a_route_cannot_take_large_bodies_without_asking_who_may_send_them() -> None:
    with pytest.raises(TypeError):
        takes(LARGE_BYTES)


@pytest.mark.parametrize(("taken", "answered"), [(2, 0), (0, 2)], ids=["body", "answer"])
async def test_what_large_bodies_and_answers_left_behind_is_given_back_soon(taken: int, answered: int) -> None:
    class Left:
        """What refers to itself, as the trace of a refusal does."""

        me: "Left | None" = None

    left: list[weakref.ref[Left]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "http.response.body", "body": b"x" * (answered * 1024 * 1024), "more_body": False})
        one = Left()
        one.me = one
        left.append(weakref.ref(one))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * (taken * 1024 * 1024), "more_body": False}

    async def send(_message: Message) -> None:
        """Nobody looks at the answer."""

    scope = {"type": "http", "raw_path": b"/", "query_string": b"", "headers": [], "blockyard.body_bytes": LARGE_BYTES}
    gc.disable()
    try:
        await BodyGuard(app, give_back_seconds=0.01)(scope, receive, send)
        async with asyncio.timeout(WAITING_SECONDS):
            while left[0]() is not None:  # noqa: ASYNC110  no event: a thread collects it
                await asyncio.sleep(0.01)
    finally:
        gc.enable()

    assert left[0]() is None
