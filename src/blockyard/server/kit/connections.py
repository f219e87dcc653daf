"""What a connection may do before it is anyone's request: unfinished or huge headers end it, stalled bodies are refused.

Source: architecture.md 8, limits.
"""

import asyncio
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blockyard.server.kit.bodies import KNOWN_BYTES, LARGE_BYTES, OPEN_BYTES, taken_bytes, too_large
from blockyard.server.kit.http import HttpRefusal, problem, refused_by_http
from blockyard.server.kit.room import BodyBudget, Room
from blockyard.server.kit.trim import give_back

HEADER_SECONDS = 10.0
"""Headers that are not complete by then close the connection."""

MAX_HEADER_BYTES = 64 * 1024
"""Request line and headers together; more closes the connection."""

STALL_SECONDS = 30.0
"""A body that does not grow for so long is refused (408)."""

PACE_BYTES = 512 * 1024
"""A body over `OPEN_BYTES` has to grow by so much within `STALL_SECONDS` of waiting for it: it takes the room of others."""

GIVE_BACK_SECONDS = 2.0
"""So long after a large body, or a large answer, its memory is given back."""


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with a limit of time and of size for the headers of each request."""

    header_seconds = HEADER_SECONDS
    _header_timer: asyncio.TimerHandle | None = None
    _rest_timer: asyncio.TimerHandle | None = None
    _is_receiving = False
    _unfinished_bytes = 0
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_discarding()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse `data`; close the connection once headers that are still open have grown too large."""
        if self._header_timer is not None:
            self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._header_timer is not None and self._unfinished_bytes > MAX_HEADER_BYTES:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of the next request."""
        super().on_message_begin()
        self._is_receiving = True
        if self._header_timer is None:
            self._expect_headers()

    def on_url(self, url: bytes) -> None:
        """Take the address."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        self._grow(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop waiting and hand the request on."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the body is complete."""
        self._is_receiving = False
        self._stop_discarding()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Discard what is left of a body nobody wanted, but not for long: closing at once could cost the client its answer."""
        super().on_response_complete()
        if self._is_receiving and self.cycle.response_complete and not self.transport.is_closing():
            self._stop_discarding()
            self._rest_timer = self.loop.call_later(self.header_seconds, self.transport.close)

    def _stop_discarding(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _grow(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > MAX_HEADER_BYTES:
            raise ValueError("headers too large")

    def _expect_headers(self) -> None:
        self._unfinished_bytes = self._header_bytes = 0
        self._header_timer = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _give_up(self) -> None:
        self._header_timer = None
        self.transport.close()


class _Pace:
    """How fast a body comes. Only the time counts that the server waits for it."""

    def __init__(self, seconds: float, least_bytes: int) -> None:
        self._seconds = seconds
        self._least_bytes = least_bytes
        self._waited, self._grown = 0.0, 0

    async def next(self, receive: Receive, *, is_large: bool) -> Message:
        """Return the next message. Raises HttpRefusal when it does not come, or when a large body comes too slowly."""
        clock = asyncio.get_running_loop()
        left, began = self._seconds - self._waited, clock.time()
        try:
            message = await asyncio.wait_for(receive(), max(left, 0.0) if is_large else self._seconds)
        except TimeoutError:
            raise self._stalled(is_large=is_large) from None
        if is_large:
            self._waited += clock.time() - began
            self._grown += len(message.get("body", b""))
            if self._grown >= self._least_bytes:
                self._waited, self._grown = 0.0, 0
        return message

    def _stalled(self, *, is_large: bool) -> HttpRefusal:
        why = f"did not grow by {self._least_bytes} bytes" if is_large else "did not go on"
        return HttpRefusal(
            HTTPStatus.REQUEST_TIMEOUT,
            "BodyStalled",
            f"the body {why} for {self._seconds:g} seconds",
            remedy="Send the request again over a better connection.",
        )


class _Arriving:
    """The body of one request as it arrives: how much of it, how fast, and in whose room."""

    def __init__(self, scope: Scope, receive: Receive, *, max_bytes: int, pace: _Pace, room: Room) -> None:
        self._scope, self._receive = scope, receive
        self._max_bytes, self._pace, self._room = max_bytes, pace, room
        self._is_complete = False
        self.received = 0

    async def next(self) -> Message:
        """Return the next message. Raises HttpRefusal."""
        if self._is_complete:
            return await self._receive()
        is_large = self._room.size > 0 or self.received > OPEN_BYTES
        message = await self._pace.next(self._receive, is_large=is_large)
        self.received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self.received > (limit := min(self._max_bytes, taken_bytes(self._scope))):
            raise too_large(limit)
        if self.received > OPEN_BYTES:
            self._room.grow_to(self.received)
        return message


class BodyGuard:
    """ASGI middleware: refuses bodies over what their route takes (413), whether they say their length or not, and slow ones (408).

    No route takes more than `max_bytes`; all large bodies together take no more than `budget` has (503).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int = LARGE_BYTES,
        stall_seconds: float = STALL_SECONDS,
        pace_bytes: int = PACE_BYTES,
        give_back_seconds: float = GIVE_BACK_SECONDS,
        budget: BodyBudget | None = None,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._stall_seconds = stall_seconds
        self._pace_bytes = pace_bytes
        self._give_back_seconds = give_back_seconds
        self._budget = budget or BodyBudget()
        self._giving_back: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        pace = _Pace(self._stall_seconds, self._pace_bytes)
        sent_bytes = 0

        async def counting(message: Message) -> None:
            nonlocal sent_bytes
            sent_bytes += len(message.get("body", b""))
            await send(message)

        with self._budget.room(scope) as room:
            body = _Arriving(scope, receive, max_bytes=self._max_bytes, pace=pace, room=room)
            try:
                await self._app(scope, body.next, counting)
            finally:
                if max(body.received, sent_bytes) > KNOWN_BYTES:
                    self._give_back_soon()

    def _give_back_soon(self) -> None:
        """Give memory back in a moment, once for all large bodies and answers that come and go until then."""
        if self._giving_back is None:
            loop = asyncio.get_running_loop()
            self._giving_back = loop.call_later(self._give_back_seconds, self._give_back, loop)

    def _give_back(self, loop: asyncio.AbstractEventLoop) -> None:
        self._giving_back = None
        loop.run_in_executor(None, give_back)

    def _refusal(self, request: Request) -> Response | None:
        if b"%00" in request.scope["raw_path"] or b"%00" in request.scope["query_string"]:
            sentence = "the address has a NUL character"
            remedy = "Leave it out."
            return problem(request, HTTPStatus.BAD_REQUEST, code="InvalidRequest", message=sentence, remedy=remedy)
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) <= self._max_bytes:
            return None
        return refused_by_http(request, too_large(self._max_bytes))
