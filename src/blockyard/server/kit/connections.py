"""What a connection may do before it is anyone's request: unfinished or huge headers end it, stalled bodies are refused.

Source: architecture.md 8, limits.
"""

import asyncio
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blockyard.server.kit.http import MAX_BODY_BYTES, HttpRefusal, problem

HEADER_SECONDS = 10.0
"""Headers that are not complete by then close the connection."""

MAX_HEADER_BYTES = 64 * 1024
"""Request line and headers together; more closes the connection."""

_TOO_LARGE_REMEDY = "Send less at once."

STALL_SECONDS = 30.0
"""A body that does not grow for so long is refused (408)."""


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with a limit of time and of size for the headers of each request."""

    header_seconds = HEADER_SECONDS
    _header_timer: asyncio.TimerHandle | None = None
    _unfinished_bytes = 0
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
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


class BodyGuard:
    """ASGI middleware: refuses bodies over `max_bytes` (413), whether they say their length or not, and stalled ones (408)."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES, stall_seconds: float = STALL_SECONDS) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._stall_seconds = stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        received, complete = 0, False

        async def guarded() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._stall_seconds)
            except TimeoutError:
                raise self._stalled() from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > self._max_bytes:
                raise HttpRefusal(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BodyTooLarge", self._sentence(), remedy=_TOO_LARGE_REMEDY
                )
            return message

        await self._app(scope, guarded, send)

    def _refusal(self, request: Request) -> Response | None:
        if b"%00" in request.scope["raw_path"] or b"%00" in request.scope["query_string"]:
            sentence = "the address has a NUL character"
            remedy = "Leave it out."
            return problem(request, HTTPStatus.BAD_REQUEST, code="InvalidRequest", message=sentence, remedy=remedy)
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) <= self._max_bytes:
            return None
        close = {"Connection": "close"}
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return problem(
            request, status, code="BodyTooLarge", message=self._sentence(), remedy=_TOO_LARGE_REMEDY, headers=close
        )

    def _stalled(self) -> HttpRefusal:
        return HttpRefusal(
            HTTPStatus.REQUEST_TIMEOUT,
            "BodyStalled",
            f"the body did not go on for {self._stall_seconds:g} seconds",
            remedy="Send the request again over a better connection.",
        )

    def _sentence(self) -> str:
        return f"the body is larger than {self._max_bytes} bytes"
