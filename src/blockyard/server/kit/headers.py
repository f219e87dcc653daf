"""What every answer says to browsers, whoever made it: one middleware, so that no route can forget it."""

from collections.abc import Iterable, Iterator

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Where an answer says nothing else: it is no page, is shown in no frame, and is for the caller only."""

HSTS = "max-age=31536000"
OWN = "blockyard_"
"""How the names of the server's cookies begin."""

PREFIX = "__Host-"
"""Browsers take a cookie of such a name from this very host only, over https, so no neighbour in the domain can plant one."""


class SafeHeaders:
    """ASGI middleware: completes the headers of all answers; with `https` also those that say so, and the names of cookies."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._https:
            scope = {**scope, "headers": list(_with_own_cookies(scope["headers"]))}

        async def completing(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(message)
            await send(message)

        await self._app(scope, receive, completing)

    def _complete(self, message: Message) -> None:
        if self._https:
            message["headers"] = [_prefixed(name, value) for name, value in message["headers"]]
        headers = MutableHeaders(scope=message)
        for name, value in SAFE.items():
            headers.setdefault(name, value)
        if self._https:
            headers.setdefault("Strict-Transport-Security", HSTS)


def _prefixed(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header; a cookie of the server for the whole host has a name that says so."""
    if name.lower() == b"set-cookie" and value.startswith(OWN.encode()):
        return name, PREFIX.encode() + value
    return name, value


def _with_own_cookies(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers of a request, of the server's cookies only those that this host has set, under their plain names."""
    for name, value in headers:
        if name != b"cookie":
            yield name, value
            continue
        pairs = [pair.strip() for pair in value.decode("latin-1").split(";")]
        kept = [pair.removeprefix(PREFIX) for pair in pairs if not pair.startswith(OWN)]
        yield name, "; ".join(kept).encode("latin-1")
