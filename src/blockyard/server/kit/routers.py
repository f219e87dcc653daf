"""Routes that take JSON: how much, of whom, and that large documents are read aside."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from blockyard.server.kit.aside import aside
from blockyard.server.kit.bodies import KNOWN_BYTES, OPEN_BYTES, May, admit, may_be_large
from blockyard.server.kit.http import asks_for
from blockyard.server.kit.json_reader import load_json, load_large_json

Handle = Callable[[Request], Coroutine[Any, Any, Response]]  # Any: as in FastAPI
Read = Callable[[bytes], object]
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class _Rule:
    """How much a route takes, and who is asked before a large body is read."""

    max_bytes: int = KNOWN_BYTES
    may: May | None = None

    def __post_init__(self) -> None:
        if self.max_bytes > KNOWN_BYTES and self.may is None:
            raise TypeError("a route that takes large bodies has to say who may send them")


_RULES: WeakKeyDictionary[Callable[..., object], _Rule] = WeakKeyDictionary()


def takes(max_bytes: int, may: May | None = None) -> Callable[[Endpoint], Endpoint]:
    """Let a route take other bodies than those of up to `KNOWN_BYTES`: smaller ones, or larger ones of whom `may` approves."""
    rule = _Rule(max_bytes, may)

    def note(endpoint: Endpoint) -> Endpoint:
        _RULES[endpoint] = rule
        return endpoint

    return note


class QuickRoute(APIRoute):
    """Says at once that a request is for another route: there are hundreds, and each is asked in turn."""

    @cached_property
    def _beginning(self) -> str:
        """What every address of this route has in it: all in front of the first thing in braces."""
        return self.path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for this route."""
        return super().matches(scope) if self._beginning in scope["path"] else (Match.NONE, {})


class BodyRoute(QuickRoute):
    """Reads and validates large bodies aside, and only of callers who have signed in."""

    def get_route_handler(self) -> Handle:
        """Return what handles a request."""
        handle, field = super().get_route_handler(), self.body_field
        if field is None:
            return handle

        def read(body: bytes) -> object:
            value, errors = field.validate(_parse(body), {}, loc=("body",))
            if errors:
                raise RequestValidationError(errors)
            return value

        return partial(_handle, handle, read, _RULES.get(self.endpoint, _Rule()))


def version_route(media_type: str, *others: str) -> type[BodyRoute]:
    """Return the class of routes for one version of documents that have another shape in the versions `others`.

    The routes of `others` have the same addresses, and follow.
    """

    class VersionRoute(BodyRoute):
        """Leaves requests for other versions to the routes that follow."""

        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            """Say whether a request is for this route."""
            match, found = super().matches(scope)
            if match is Match.FULL and asks_for(Request(scope), media_type, others):
                return match, found
            return Match.NONE, {}

    return VersionRoute


api_router = partial(APIRouter, route_class=BodyRoute)
"""Makes the routers of everything that takes JSON."""


class LateRoutes(BaseRoute):
    """Routes below one address that are made when somebody comes there: for what few use and is slow to import."""

    def __init__(self, prefix: str, make: Callable[[], APIRouter]) -> None:
        self._prefix = prefix
        self._make = make
        self._made: Sequence[BaseRoute] | None = None

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The routes, made now if nobody asked before."""
        if self._made is None:
            self._made = self._make().routes
        return self._made

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for one of them; one that only lacks the right method comes after all others."""
        if scope["type"] != "http" or not str(scope["path"]).startswith(f"{self._prefix}/"):
            return Match.NONE, {}
        partly: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, {**found, _CHOSEN: route}
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = (match, {**found, _CHOSEN: route})
        return partly

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        chosen: BaseRoute = scope[_CHOSEN]
        await chosen.handle(scope, receive, send)


_CHOSEN = "blockyard.late_route"


class _SmallRequest(Request):
    """A request whose body is read at once, where it is wanted."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        self._request = request

    async def body(self) -> bytes:
        """Return the bytes."""
        return await self._request.body()

    async def json(self) -> object:
        """Return what the body says. Raises ValueError, RecursionError, HttpRefusal."""
        return load_json(await self.body())


class _ReadRequest(Request):
    """A request whose body has been read and validated: what FastAPI validates again is left as it is."""

    def __init__(self, request: Request, body: bytes, content: object) -> None:
        super().__init__(request.scope, request.receive)
        self._read_body, self._content = body, content

    async def body(self) -> bytes:
        """Return the bytes."""
        return self._read_body

    async def json(self) -> object:
        """Return the validated content."""
        return self._content


async def _handle(handle: Handle, read: Read, rule: _Rule, request: Request) -> Response:
    await admit(request, rule.max_bytes, rule.may)
    if not may_be_large(request) or "json" not in request.headers.get("content-type", "").lower():
        return await handle(_SmallRequest(request))
    body = await request.body()
    if len(body) <= OPEN_BYTES:
        return await handle(_SmallRequest(request))
    return await handle(_ReadRequest(request, body, await aside(lambda: read(body))))


def _parse(body: bytes) -> object:
    try:
        return load_large_json(body)
    except (ValueError, RecursionError) as error:
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": "JSON decode error"}]
        ) from error
