"""The one place that reads bodies of requests.

How much is taken is decided by the route and by whether the caller is known, never by a header that the sender chooses:
`BodyGuard` takes no more than `OPEN_BYTES` of anybody, until a route has asked who sends and whether they may.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Scope

from blockyard.server.kit.aside import aside
from blockyard.server.kit.errors import Invalid, Unauthenticated
from blockyard.server.kit.http import HttpRefusal, has_body
from blockyard.server.kit.room import room_of

SIGN_IN_BYTES = 16 * 1024
"""Of sign-ins, and of forms that hold a few words."""

OPEN_BYTES = 256 * 1024
"""What anybody may send, and what is parsed where it arrives: that takes a few milliseconds."""

KNOWN_BYTES = 1024 * 1024
"""What a caller with a valid credential may send to any route that takes a body."""

LARGE_BYTES = 64 * 1024 * 1024
"""What the few routes take that need it: states, logs, values. Source: architecture.md 8."""

_TAKEN = "blockyard.body_bytes"
_MAX_FIELDS = 2500
"""A form has two fields for each input: what it shall be, and the mark of what it was."""

_MAX_PART_BYTES = 16 * 1024 * 1024
"""A value of an input may have 16 MB. Source: architecture.md 8."""

May = Callable[[Request], Awaitable[object]]
"""Asks whether the caller may do what the request wants, from its address and its headers alone. Raises Refusal."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file from the visitor's machine."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: texts by field (the last one wins), all texts of a field, files by field."""

    texts: Mapping[str, str] = field(repr=False)
    lists: Mapping[str, list[str]] = field(repr=False)
    files: Mapping[str, SentFile] = field(repr=False)


def taken_bytes(scope: Scope) -> int:
    """Return how much of the body of a request is taken so far."""
    return int(scope.get(_TAKEN, OPEN_BYTES))


async def admit(request: Request, max_bytes: int, may: May | None = None) -> None:
    """Let a body of up to `max_bytes` in; `may` is asked before one that is, or may be, over `OPEN_BYTES`.

    Raises:
        HttpRefusal: the body is declared to be larger, or there is no room for it now.
        Unauthenticated: it may be over `OPEN_BYTES`, and the caller is not known.
    """
    if max_bytes > KNOWN_BYTES and may is None:
        raise TypeError("a route that takes large bodies has to say who may send them")
    declared = declared_bytes(request)
    if declared is not None and declared > max_bytes:
        raise too_large(max_bytes)
    if max_bytes > OPEN_BYTES and may_be_large(request):
        await _require_known(request)
        if may is not None:
            await may(request)
        if (room := room_of(request.scope)) is not None:
            room.admit(getattr(request.state, "principal", None) or "", declared or 0)
    request.scope[_TAKEN] = max_bytes


async def read_body(request: Request, max_bytes: int, may: May | None = None) -> bytes:
    """Return the body of a request. Raises what `admit` raises, and HttpRefusal when it turns out to be larger."""
    await admit(request, max_bytes, may)
    return await request.body()


async def read_form(request: Request, max_bytes: int, may: May | None = None) -> Form:
    """Return what a form sent; a large one is read aside, and has to come in parts. Raises what `read_body` raises, and Invalid.

    What is not in parts would be taken apart in one step that lets nobody else go on.
    """
    if _media_type(request.headers) != "multipart/form-data":
        max_bytes = min(max_bytes, KNOWN_BYTES)
    body = await read_body(request, max_bytes, may)
    if len(body) <= OPEN_BYTES:
        return await _form(request.headers, body)
    return await aside(lambda: asyncio.run(_form(request.headers, body)))


def declared_bytes(request: Request) -> int | None:
    """Return how long the body says it is; None if it does not say."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return int(length)
    return None if has_body(request) else 0


def may_be_large(request: Request) -> bool:
    """Whether the body is over `OPEN_BYTES`, or may be, as it does not say."""
    declared = declared_bytes(request)
    return declared is None or declared > OPEN_BYTES


def too_large(max_bytes: int) -> HttpRefusal:
    """Return the refusal of a body over `max_bytes`."""
    return HttpRefusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BodyTooLarge",
        f"the body is larger than {max_bytes} bytes",
        remedy="Send less at once.",
    )


async def _require_known(request: Request) -> None:
    """Raise Unauthenticated unless the caller has a valid credential."""
    if getattr(request.state, "principal", None) is not None:
        return
    authenticate: Callable[[Request], Awaitable[object]] | None = getattr(request.app.state, "authenticate", None)
    if authenticate is None:
        raise Unauthenticated("nobody is known here", remedy="Send less at once.")
    await authenticate(request)


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def _form(headers: Headers, body: bytes) -> Form:
    media_type = _media_type(headers)
    lists: dict[str, list[str]] = {}
    files: dict[str, SentFile] = {}
    try:
        if media_type == "multipart/form-data":
            await _read_parts(headers, body, lists, files)
        elif media_type == "application/x-www-form-urlencoded":
            for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS):
                lists.setdefault(name, []).append(value)
    except (MultiPartException, ValueError) as error:
        raise Invalid("the form cannot be read", code="MalformedForm", remedy="Send the form again.") from error
    return Form({name: values[-1] for name, values in lists.items()}, lists, files)


async def _read_parts(headers: Headers, body: bytes, lists: dict[str, list[str]], files: dict[str, SentFile]) -> None:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    limits = {"max_files": _MAX_FIELDS, "max_fields": _MAX_FIELDS, "max_part_size": _MAX_PART_BYTES}
    parser = MultiPartParser(headers, stream(), **limits)
    parser.spool_max_size = LARGE_BYTES  # what was sent may be a secret: it goes into no temporary file
    sent = await parser.parse()
    for name, value in sent.multi_items():
        if not isinstance(value, UploadFile):
            lists.setdefault(name, []).append(value)
        elif value.filename:
            files[name] = SentFile(value.content_type or "application/octet-stream", await value.read())
    await sent.close()
