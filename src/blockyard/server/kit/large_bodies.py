"""Large JSON bodies are read in threads of their own, so that one upload does not hold up everybody else.

`json.loads` keeps the interpreter to itself until it is done, in whatever thread it runs. The standard library's scanner in
Python lets others go on between any two values, and leaves only single strings to C.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

LARGE_BODY_BYTES = 256 * 1024
"""Smaller bodies are read where they arrive: that takes a few milliseconds."""

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="large-body")
"""So few, since a document can take twenty times the memory of its text."""

Handle = Callable[[Request], Coroutine[Any, Any, Response]]  # Any: as in FastAPI
Read = Callable[[bytes], object]


class LargeBodyRoute(APIRoute):
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

        return partial(_handle, handle, read)


api_router = partial(APIRouter, route_class=LargeBodyRoute)
"""Makes the routers of everything that takes JSON."""


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


async def _handle(handle: Handle, read: Read, request: Request) -> Response:
    length = request.headers.get("content-length")
    if length is not None and length.isdigit() and int(length) <= LARGE_BODY_BYTES:
        return await handle(request)
    if "json" not in request.headers.get("content-type", "").lower():
        return await handle(request)
    authenticate: Callable[[Request], Coroutine[Any, Any, object]] | None
    authenticate = getattr(request.app.state, "authenticate", None)
    if authenticate is not None:
        await authenticate(request)
    body = await request.body()
    if len(body) <= LARGE_BODY_BYTES:
        return await handle(request)
    content = await asyncio.get_running_loop().run_in_executor(_THREADS, read, body)
    return await handle(_ReadRequest(request, body, content))


class _Decoder(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.scan_once = py_make_scanner(self)


def load_json(body: bytes) -> object:
    """Return what `body` says, letting other threads go on meanwhile. Raises ValueError, RecursionError."""
    document: object = _Decoder().decode(body.decode())
    return document


def _parse(body: bytes) -> object:
    try:
        return load_json(body)
    except (ValueError, RecursionError) as error:
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": "JSON decode error"}]
        ) from error
