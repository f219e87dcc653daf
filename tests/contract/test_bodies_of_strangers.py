"""Large bodies of those who may not send them, at every address of the API and of the pages: refused at once, and not read.

The application is called directly, so that it is known how much of a body it took.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import structlog
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import Message

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.access_log import GONE
from blockyard.server.kit.bodies import KNOWN_BYTES, OPEN_BYTES
from blockyard.server.kit.routers import BodyRoute, LateRoutes
from tests.contract.test_bad_input import OPEN, filled, operations
from tests.support.http import run_aside
from tests.support.installation import text_of
from tests.support.whole_server import OBJECTS, Request, Tenancy, WholeServer

MEGABYTE = 1024 * 1024
PIECE = b"[" * 65536
PATIENCE = 20
"""Seconds after which an answer counts as waiting for the rest of the body; a stalled body gets its own after 30."""

OPEN_PAGES = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/sign-in"),
    ("GET", "/sign-in/link"),
    ("GET", "/sign-in/with/{alias}"),
    ("GET", "/sign-in/with/{alias}/callback"),
    ("GET", "/api/openapi.json"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/oidc/.well-known/openid-configuration"),
    ("GET", "/oidc/authorize"),
    ("GET", "/oidc/code"),
    ("GET", "/oidc/jwks"),
}
REFUSED = {401, 404, 405, 406, 413, 415}

TYPES: Mapping[str, bytes | None] = {
    "JSON": b"application/json",
    "a form": b"application/x-www-form-urlencoded",
    "parts": b"multipart/form-data; boundary=x",
    "text": b"text/plain",
    "bytes": b"application/octet-stream",
    "nothing": None,
}


@dataclass
class Exchange:
    """One request whose last piece never comes unless `is_whole`; counts what the application takes of it."""

    method: str
    path: str
    media_type: bytes | None
    declares_length: bool
    is_whole: bool
    size: int = MEGABYTE
    token: str | None = None
    leaves: bool = False
    taken: int = 0
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)

    async def receive(self) -> Message:
        """Hand over the next piece; a client that leaves is gone after the first."""
        if self.leaves and self.taken:
            return {"type": "http.disconnect"}
        if self.taken >= self.size - len(PIECE) and not self.is_whole:
            await asyncio.Event().wait()
        piece = PIECE[: self.size // 2]
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": self.taken < self.size}

    async def send(self, message: Message) -> None:
        """Note the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])

    async def handle(self, server: WholeServer) -> None:
        """Let the application handle the request."""
        headers = [(b"host", b"blockyard.test"), (b"accept", b"*/*")]
        if self.media_type is not None:
            headers.append((b"content-type", self.media_type))
        if self.token is not None:
            headers.append((b"authorization", f"Bearer {self.token}".encode()))
        length = (b"content-length", str(self.size).encode())
        headers.append(length if self.declares_length else (b"transfer-encoding", b"chunked"))
        path, _, query = self.path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("192.0.2.7", 4711),
            "server": ("blockyard.test", 80),
        }
        async with asyncio.timeout(PATIENCE):
            await server.app(scope, self.receive, self.send)

    @property
    def name(self) -> str:
        """What failed."""
        how = "declared" if self.declares_length else "chunked"
        return f"{self.method} {self.path} ({self.media_type!r}, {how}): {self.status}, {self.taken} bytes taken"

    @property
    def is_refused(self) -> bool:
        """Whether the answer is a refusal, or leads to the sign-in."""
        if (self.method, self.path) in OPEN_PAGES or (self.method == "GET" and self.path in OPEN):
            return self.taken == 0
        return self.status in REFUSED or (self.status, self.headers.get(b"location", b"")[:8]) == (303, b"/sign-in")


def routes_of(server: WholeServer) -> Iterator[BaseRoute]:
    """Yield all routes, also those that are made when somebody comes."""
    for route in server.app.routes:
        yield from route.routes if isinstance(route, LateRoutes) else [route]


def addresses(server: WholeServer, tenancy: Tenancy) -> Iterator[tuple[str, str]]:
    """Yield method and path of every operation of the document, and of every route that is not in it."""
    known = {(method, template) for method, template, _ in operations()}
    for route in routes_of(server):
        if isinstance(route, APIRoute):
            known |= {(method, route.path) for method in route.methods or ()}
    for method, template in sorted(known):
        yield method, filled(template, tenancy)


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize("declares_length", [True, False], ids=["declared", "chunked"])
@pytest.mark.one_database
def test_a_megabyte_of_a_stranger_is_refused_unread_everywhere(
    server: WholeServer, tenancy: Tenancy, media_type: str, *, declares_length: bool
) -> None:
    """Each address meets whole and unfinished bodies, each with half of the types."""
    place = list(TYPES).index(media_type)
    exchanges = [
        Exchange(method, path, TYPES[media_type], declares_length, is_whole=(place + at) % 2 == 0)
        for at, (method, path) in enumerate(addresses(server, tenancy))
    ]

    async def handle_all() -> None:
        for exchange in exchanges:
            await exchange.handle(server)

    run_aside(handle_all())

    assert {("POST", "/api/login"), ("POST", "/sign-in")} <= {(one.method, one.path) for one in exchanges}
    assert [one.name for one in exchanges if not one.is_refused] == []
    most = 0 if declares_length else OPEN_BYTES + len(PIECE)
    assert [one.name for one in exchanges if one.taken > most] == []


@pytest.mark.parametrize("declares_length", [True, False], ids=["declared", "chunked"])
@pytest.mark.one_database
def test_sixty_megabytes_of_a_key_without_permissions_are_refused_unread_everywhere(
    server: WholeServer, tenancy: Tenancy, *, declares_length: bool
) -> None:
    token = _powerless(server)
    exchanges = [
        Exchange(method, path, TYPES["JSON"], declares_length, is_whole=True, size=60 * MEGABYTE, token=token)
        for method, path in addresses(server, tenancy)
        if method != "GET"
    ]

    async def handle_all() -> None:
        for exchange in exchanges:
            await exchange.handle(server)

    run_aside(handle_all())

    assert [one.name for one in exchanges if one.status < 300] == []
    most = 0 if declares_length else KNOWN_BYTES + len(PIECE)
    assert [one.name for one in exchanges if one.taken > most] == []


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.one_database
def test_a_client_that_goes_away_in_the_middle_of_a_body_is_no_defect_anywhere(
    server: WholeServer, tenancy: Tenancy, media_type: str
) -> None:
    exchanges = [
        Exchange(method, path, TYPES[media_type], True, True, 8192, token, leaves=True)  # noqa: FBT003  columns
        for method, path in addresses(server, tenancy)
        for token in (None, server.token)
    ]

    async def handle_all() -> None:
        for exchange in exchanges:
            await exchange.handle(server)

    with structlog.testing.capture_logs() as lines:
        run_aside(handle_all())

    assert [one.name for one in exchanges if one.status >= 500] == []
    assert [line for line in lines if line["event"] == "request failed"] == []
    gone = [line for line in lines if line["event"] == "request" and line["status"] == GONE]
    assert {line["log_level"] for line in gone} <= {"debug"}
    assert [line for line in lines if line["event"] == "request" and line["status"] == 0] == []
    if media_type == "a form":
        assert ("POST", "/sign-in") in {(line["method"], line["path"]) for line in gone}


def _powerless(server: WholeServer) -> str:
    """Return the token of a key that may do nothing."""
    spec: JsonObject = {"displayName": "powerless", "permissions": [], "expiresAt": None}
    body: JsonObject = {"metadata": {"ownedByWorkspace": "shop"}, "spec": spec}
    status = server.ok(Request("POST", f"{OBJECTS}/meshapikeys", body, kinds.API_KEY.media))["status"]
    assert isinstance(status, dict)
    login: JsonObject = {"clientId": status["clientId"], "clientSecret": status["clientSecret"]}
    return text_of(server.ok(Request("POST", "/api/login", login, "application/json")), "access_token")


@pytest.mark.one_database
def test_every_route_with_a_body_is_one_that_asks_before_it_reads(server: WholeServer) -> None:
    with_body = [route for route in routes_of(server) if isinstance(route, APIRoute) and route.body_field is not None]

    assert with_body
    assert [route.path for route in with_body if not isinstance(route, BodyRoute)] == []
