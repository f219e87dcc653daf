"""What stands before the routes of the API: the access log, and the slash too many of some clients."""

import time
from collections.abc import Callable
from http import HTTPStatus

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

GONE = 499
"""What the access log and the metrics call the status of a request whose client went away before its body was complete."""

_DOUBLED = ("//api/", "//mesh/")
"""What such clients ask for."""


class SingleSlash:
    """Takes `//api/…` for `/api/…`: clients that are given a base URL with a slash at its end send that. Source: runner.md 1.3.

    Nothing else is taken so: a proxy that denies `/metrics` lets `//metrics` through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and scope["path"].startswith(_DOUBLED):
            raw: bytes = scope["raw_path"]
            scope = {**scope, "path": "/" + scope["path"].lstrip("/"), "raw_path": b"/" + raw.lstrip(b"/")}
        await self._app(scope, receive, send)


class AccessLog:
    """Writes one line per API call: method, path, status, principal, client, duration. Never a query or a header.

    A call that says nothing new (`request.state.routine`, such as a claim that found no run), or whose client went away while it
    sent the body, is a line for `debug` only.
    `observe` is told the same of every call: its scope, its status and the seconds it took.
    """

    def __init__(self, app: ASGIApp, observe: Callable[[Scope, int, float], None] | None = None) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        scope.setdefault("state", {})

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            status = GONE
        except Exception:
            status = status or int(HTTPStatus.INTERNAL_SERVER_ERROR)
            raise
        finally:
            seconds = time.perf_counter() - started
            if self._observe is not None:
                self._observe(scope, status, seconds)
            write = log.debug if status == GONE or scope["state"].get("routine") else log.info
            write(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                principal=scope["state"].get("principal"),
                client=scope["client"][0] if scope.get("client") else None,
                milliseconds=round(seconds * 1000, 1),
            )
