"""HTTP's own rules: statuses, the shape of errors, media types, limits."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
import structlog
from fastapi import Body, Depends, FastAPI, Query, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blockyard.server.kit.access_log import GONE, AccessLog, SingleSlash
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from blockyard.server.kit.http import install_errors, media, media_class, page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import WireJson, WireModel
from tests.support.http import client_for

pytestmark = pytest.mark.anyio
MEDIA = "application/vnd.meshcloud.api.meshThing.v1.hal+json"
BOTH = {"Accept": MEDIA, "Content-Type": MEDIA}
REFUSALS: dict[str, Refusal] = {
    "invalid": Invalid("bad value", field="/spec/x", remedy="Send another."),
    "unprocessable": Unprocessable("who?", remedy="Ask."),
    "unauthenticated": Unauthenticated("who are you?", remedy="Sign in."),
    "denied": Denied("you don't have sufficient permissions", code="MissingPermission", remedy="Ask."),
    "missing": NotFound("nothing"),
    "conflict": Conflict("taken", remedy="Ask."),
    "slow": TooManyRequests("slowly", retry_after_seconds=7),
    "away": Unavailable("later", remedy="Wait."),
}


class Thing(WireModel):
    """A thing."""

    name: str
    value: WireJson = None


class Object(WireModel):
    """An object of the API."""

    metadata: Thing


@pytest.fixture
def client() -> httpx2.AsyncClient:
    """A client of an application with one thing of each kind."""
    app = FastAPI()
    install_errors(app)
    app.add_middleware(BodyGuard, max_bytes=100_000)
    app.add_middleware(AccessLog)

    @app.get("/refuse/{name}")
    async def refuse(name: str) -> None:
        raise REFUSALS[name]

    @app.get("/defect")
    async def defect() -> None:
        raise RuntimeError("secret-of-the-database")

    @app.api_route(
        "/things", methods=["POST", "PUT"], dependencies=[Depends(media(MEDIA))], response_class=media_class(MEDIA)
    )
    async def make(body: Annotated[Thing, Body(media_type=MEDIA)]) -> Thing:
        return body

    @app.get("/things", dependencies=[Depends(media(MEDIA))], response_class=media_class(MEDIA))
    async def read(page: Annotated[PageRequest, Depends(page_request)], q: Annotated[str, Query()] = "") -> Any:
        return {"name": q, "number": page.number, "limit": page.limit, "newestFirst": page.newest_first}

    @app.post("/objects", dependencies=[Depends(media(MEDIA))])
    async def make_object(body: Annotated[Object, Body(media_type=MEDIA)]) -> None:
        del body

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    return client_for(app)


@pytest.mark.parametrize(
    ("name", "status", "error", "code"),
    [
        ("invalid", 400, "BadRequest", "Invalid"),
        ("unprocessable", 422, "UnprocessableEntity", "UnknownSubject"),
        ("unauthenticated", 401, "Unauthorized", "Unauthenticated"),
        ("denied", 403, "Forbidden", "MissingPermission"),
        ("missing", 404, "NotFound", "NotFound"),
        ("conflict", 409, "Conflict", "Conflict"),
        ("slow", 429, "TooManyRequests", "TooManyRequests"),
        ("away", 503, "ServiceUnavailable", "Unavailable"),
    ],
)
async def test_each_refusal_has_its_status(
    client: httpx2.AsyncClient, name: str, status: int, error: str, code: str
) -> None:
    answer = await client.get(f"/refuse/{name}")

    refusal = REFUSALS[name]
    assert answer.status_code == status
    assert answer.json() == {
        "status": status,
        "error": error,
        "errorCode": code,
        "message": refusal.message,
        "field": refusal.field,
        "remedy": refusal.remedy,
        "timestamp": answer.json()["timestamp"],
        "path": f"/refuse/{name}",
    }
    assert answer.headers["content-type"] == "application/json"


async def test_an_error_has_one_member_per_line_and_plain_apostrophes(client: httpx2.AsyncClient) -> None:
    lines = (await client.get("/refuse/denied")).text.splitlines()

    assert '  "message": "you don\'t have sufficient permissions",' in lines


async def test_some_refusals_have_headers(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/refuse/slow")).headers["retry-after"] == "7"
    assert (await client.get("/refuse/unauthenticated")).headers["www-authenticate"] == 'Bearer realm="blockyard"'


async def test_a_defect_is_logged_and_its_cause_not_told(client: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await client.get("/defect")

    assert answer.status_code == 500
    assert answer.json()["errorCode"] == "InternalError"
    assert "secret-of-the-database" not in answer.text
    assert [line for line in lines if line["event"] == "request failed"]


async def test_an_unknown_address_or_method_is_told(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/nothing/here")
    assert (missing.status_code, missing.json()["path"]) == (404, "/nothing/here")
    wrong = await client.delete("/things")
    assert (wrong.status_code, wrong.json()["errorCode"]) == (405, "MethodNotAllowed")
    assert set(wrong.headers["allow"].split(", ")) & {"GET", "POST", "PUT"}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (MEDIA, 200),
        (MEDIA.lower(), 200),
        (MEDIA.upper(), 200),
        (f"{MEDIA};charset=utf-8", 200),
        (f"text/html, {MEDIA};q=0.5", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("", 406),
        ("application/json", 406),
        ("text/*", 406),
        (MEDIA.replace("v1", "v2"), 406),
        ("application/vnd.meshcloud.api.meshThing.*", 406),
    ],
)
async def test_a_get_needs_an_acceptable_accept(client: httpx2.AsyncClient, accept: str, status: int) -> None:
    answer = await client.get("/things", headers={"Accept": accept})

    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"] == MEDIA
    else:
        assert answer.json()["remedy"] == f"Send 'Accept: {MEDIA}'."


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (MEDIA, 200),
        (MEDIA.lower(), 200),
        (f"{MEDIA}; charset=utf-8", 200),
        ("application/json", 415),
        ("application/hal+json", 415),
        (MEDIA.replace("v1", "v1-preview"), 415),
        ("", 415),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_body_needs_the_right_content_type(
    client: httpx2.AsyncClient, method: str, content_type: str, status: int
) -> None:
    headers = {"Accept": MEDIA, "Content-Type": content_type}

    answer = await client.request(method, "/things", content='{"name": "a"}\n', headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"", "InvalidRequest", "/"),
        (b"{", "MalformedJson", None),
        (b'{"name": "a"} trailing', "MalformedJson", None),
        (b"null", "InvalidRequest", "/"),
        (b"[]", "InvalidRequest", "/"),
        (b'"text"', "InvalidRequest", "/"),
        (b"{}", "InvalidRequest", "/name"),
        (b'{"name": 5}', "InvalidRequest", "/name"),
        (b'{"name": "a", "value": NaN}', "InvalidRequest", "/value"),
        (b'{"name": "a", "value": 1e999}', "InvalidRequest", "/value"),
        (b'{"name": "a", "value": "\\ud800"}', "InvalidRequest", "/value"),
        (b'\xff\xfe{"name": "a"}', None, None),
        (b'{"name": "\xff"}', None, None),
        (b"[" * 90_000, None, None),
        (b'{"name": "a", "value": ' + b"[" * 40_000 + b"]" * 40_000 + b"}", None, None),
        (b'{"name": "a", "value": ' + b"[" * 300 + b"]" * 300 + b"}", None, None),
        (b'{"name": "a", "value": ' + b"9" * 5000 + b"}", None, None),
    ],
)
async def test_a_bad_body_is_400_in_the_shape_of_errors(
    client: httpx2.AsyncClient, content: bytes, code: str | None, field: str | None
) -> None:
    answer = await client.post("/things", content=content, headers=BOTH)

    assert answer.status_code == 400, answer.text[:500]
    assert answer.json()["errorCode"] == code or code is None
    assert answer.json()["field"] == field or code is None
    assert not re.search("Input should|Field required|Value error", answer.json()["message"])


async def test_what_is_wrong_with_a_member_is_told_in_our_words(client: httpx2.AsyncClient) -> None:
    async def message(content: bytes) -> str:
        return str((await client.post("/things", content=content, headers=BOTH)).json()["message"])

    assert await message(b"{}") == "/name is missing"
    assert await message(b'{"name": 5}') == "/name must be text"
    assert await message(b"[]") == "the body must be an object"
    assert await message(b"") == "the body is missing"


async def test_what_can_be_read_is_echoed(client: httpx2.AsyncClient) -> None:
    nested: Any = "deep"
    for _ in range(60):
        nested = [nested]
    sent = {"name": "<&>'\u2028", "value": {"a": [1, None, "\0", 10**30, nested]}, "unknown": 1}

    answer = await client.post("/things", content=json.dumps(sent), headers=BOTH)

    assert answer.json() == {"name": sent["name"], "value": sent["value"]}


async def test_a_body_over_the_limit_is_413(client: httpx2.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 10_000

    told = await client.post("/raw", content=b"x" * 100_001)
    streamed = await client.post("/raw", content=chunks())

    for answer in (told, streamed):
        assert answer.status_code == 413
        assert answer.json()["errorCode"] == "BodyTooLarge"
    assert (await client.post("/raw", content=b"x" * 100_000)).json() == 100_000
    assert (await client.post("/raw", content=b"", headers={"Content-Length": "-5"})).status_code in {400, 413}


@pytest.mark.parametrize("path", ["/things%00", "/things?q=%00", "/refuse/a%00b"])
async def test_a_nul_in_the_address_is_400(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=BOTH)).status_code == 400


@pytest.mark.parametrize("query", ["page=-1", "page=x", "page=99999999999", "size=0", "size=-1", "size=1.5", "page="])
async def test_a_bad_page_is_400_and_names_the_parameter(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/things?{query}", headers=BOTH)

    assert answer.status_code == 400
    assert answer.json()["field"] == "query/" + query.partition("=")[0]


async def test_a_large_size_is_lowered(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/things?size=5000&page=3", headers=BOTH)).json() == {
        "name": "",
        "number": 3,
        "limit": 1000,
        "newestFirst": None,
    }


@pytest.mark.parametrize(
    ("query", "newest_first"),
    [
        ("sort=createdAt,desc", True),
        ("sort=createdOn,DESC", True),
        ("sort=createdAt,asc", False),
        ("sort=createdAt", False),
        ("sort=", None),
        ("until=2026-01-01T00:00:00Z", None),
    ],
)
async def test_a_list_is_sorted_by_creation_as_asked(
    client: httpx2.AsyncClient, query: str, *, newest_first: bool | None
) -> None:
    answer = await client.get(f"/things?{query}", headers=BOTH)

    assert answer.json()["newestFirst"] is newest_first


@pytest.mark.parametrize("query", ["sort=name,desc", "sort=createdAt,down", "sort=createdAt,desc,asc", "until=today"])
async def test_a_list_is_sorted_by_nothing_else(client: httpx2.AsyncClient, query: str) -> None:
    refused = await client.get(f"/things?{query}", headers=BOTH)

    name = query.partition("=")[0]
    assert (refused.status_code, refused.json()["field"]) == (400, f"query/{name}")


async def test_an_object_without_metadata_is_called_unreadable(client: httpx2.AsyncClient) -> None:
    refused = await client.post("/objects", json={"spec": {}}, headers=BOTH)

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "HttpMessageNotReadable")
    assert refused.json()["field"] == "/metadata"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}], ids=["plain", "with a key"])
async def test_a_client_that_goes_away_in_the_middle_of_a_body_is_no_defect(headers: dict[str, str]) -> None:
    app = FastAPI()
    install_errors(app)
    seen: list[int] = []

    class Reads:
        """Reads the body before the application, as what looks at keys does."""

        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if Request(scope).headers.get("idempotency-key"):
                await Request(scope, receive).body()
            await self._app(scope, receive, send)

    app.add_middleware(Reads)
    app.add_middleware(BodyGuard)
    app.add_middleware(AccessLog, observe=lambda _scope, status, _seconds: seen.append(status))

    @app.post("/things")
    async def make(body: Annotated[Thing, Body()]) -> Thing:
        return body

    @app.post("/bytes")
    async def take(request: Request) -> int:
        return len(await request.body())

    with structlog.testing.capture_logs() as lines:
        for path in ("/things", "/bytes"):
            await _leave_early(app, path, headers)

    assert seen == [GONE, GONE]
    assert [(line["event"], line["status"], line["log_level"]) for line in lines] == [("request", GONE, "debug")] * 2


async def _leave_early(app: ASGIApp, path: str, headers: dict[str, str]) -> None:
    """Send half a body and go away."""
    messages: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_message: Message) -> None:
        """Nobody is there."""

    sent = {"content-length": "100", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
    await app(scope, receive, send)


async def test_the_access_log_has_one_line_per_request_without_query_or_headers(client: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs() as lines:
        await client.get("/things?q=secret-in-query", headers={"Accept": MEDIA, "Authorization": "Bearer secret"})
        await client.get("/defect")

    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/things", 200),
        ("GET", "/defect", 500),
    ]
    assert "secret" not in repr(requests)


async def test_a_doubled_slash_before_the_path_is_taken_for_one() -> None:
    app = FastAPI()
    app.add_middleware(SingleSlash)

    @app.get("/api/thing")
    async def thing() -> str:
        return "here"

    async with client_for(app) as client:
        answers = [
            await client.get(f"http://blockyard.test{path}") for path in ("//api/thing", "/api/thing", "///api/thing")
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 404]
