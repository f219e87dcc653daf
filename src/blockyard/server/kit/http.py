"""HTTP's own rules: media types, the one shape of errors, limits of bodies."""

import json as _json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from blockyard.diagnosis.validation import in_words
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import version_of
from blockyard.server.kit.access_log import GONE
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.clock import utc_now, wire_time
from blockyard.server.kit.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from blockyard.server.kit.list_parameters import PageNumber, PageSize, Sort, Until, newest_first
from blockyard.server.kit.paging import DEFAULT_SIZE, PageRequest

log = structlog.get_logger(__name__)

MALFORMED_REMEDY = "Send one JSON object, encoded in UTF-8."

_STATUS: Sequence[tuple[type[Refusal], HTTPStatus]] = (
    (Unprocessable, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (Invalid, HTTPStatus.BAD_REQUEST),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Denied, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


class IndentedJson(JSONResponse):
    """A JSON answer with one member per line: clients show error bodies as they are. Source: api.md 1.8."""

    def render(self, content: object) -> bytes:
        """Encode `content`."""
        return (json_dumps(content) + "\n").encode(errors="replace")  # a refused request may hold lone surrogates


def json_dumps(content: object) -> str:
    """Return indented JSON, characters unescaped."""
    return _json.dumps(content, indent=2, ensure_ascii=False, default=str)


def status_of(refusal: Refusal) -> HTTPStatus:
    """Return the HTTP status of a refusal."""
    return next(status for kind, status in _STATUS if isinstance(refusal, kind))


Shape = Callable[[HTTPStatus, str, str, dict[str, str] | None], Response]
"""Makes an error answer of its status, its code, what it says with what to do about it, and its headers."""


def shape_below(app: FastAPI, prefix: str, shape: Shape) -> None:
    """Give all error answers below an address another shape, whoever refuses: the standard spoken there has its own."""
    app.state.shapes = {**getattr(app.state, "shapes", {}), prefix: shape}


def _shape_of(request: Request) -> Shape | None:
    app, path = request.scope.get("app"), request.url.path
    shapes: Mapping[str, Shape] = {} if app is None else getattr(app.state, "shapes", {})
    return next((shape for prefix, shape in shapes.items() if path == prefix or path.startswith(f"{prefix}/")), None)


def problem(
    request: Request,
    status: HTTPStatus,
    *,
    code: str,
    message: str,
    remedy: str,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error answer in the one shape all errors have, but for addresses with a shape of their own. Source: architecture.md 8."""
    shaped = _shape_of(request)
    if shaped is not None:
        return shaped(status, code, f"{message}. {remedy}", headers)
    body: JsonObject = {
        "status": int(status),
        "error": status.phrase.replace(" ", ""),
        "errorCode": code,
        "message": message,
        "field": field,
        "remedy": remedy,
        "timestamp": wire_time(utc_now()),
        "path": request.url.path,
    }
    return IndentedJson(body, status_code=status, headers=headers)


class HttpRefusal(HTTPException):
    """A refusal that only HTTP knows (406, 413, 415 …)."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, *, remedy: str, retry_after_seconds: int | None = None
    ) -> None:
        retry = None if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
        super().__init__(status, message, retry)
        self.status, self.code, self.message, self.remedy = status, code, message, remedy


_ASKED_FOR: ContextVar[str] = ContextVar("asked_for", default="")
"""The media type a request is answered in where a resource has several; set by `media`, used in the same task."""


def media_class(media_type: str, *others: str) -> type[Answer]:
    """Return a response class whose `Content-Type` is `media_type`, or that of `others` which the request asks for.

    `others` are names of the same documents in another version, which their `apiVersion` names.
    """
    if not others:
        return type("MediaResponse", (Answer,), {"media_type": media_type})

    class VersionedResponse(Answer):
        """Names the version that was asked for."""

        def __init__(
            self, content: object, status_code: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
        ) -> None:
            asked = _ASKED_FOR.get()
            chosen = asked if asked in others else media_type
            self.media_type = chosen
            super().__init__(_in_version(content, version_of(chosen)), status_code, headers)

    VersionedResponse.media_type = media_type  # what the OpenAPI document shows
    return VersionedResponse


def _in_version(content: object, version: str) -> object:
    """Return a document, or a list of documents, whose `apiVersion` is `version`."""
    if not isinstance(content, dict):
        return content
    if "apiVersion" in content:
        return {**content, "apiVersion": version}
    embedded = content.get("_embedded")
    if not isinstance(embedded, dict):
        return content
    lists = {name: [_in_version(item, version) for item in items] for name, items in embedded.items()}
    return {**content, "_embedded": lists}


def answers(*media_types: str) -> dict[int | str, dict[str, object]]:
    """Return what the OpenAPI document says of answers that are no JSON objects with a schema."""
    return {int(HTTPStatus.OK): {"content": {media_type: {} for media_type in media_types}}}


def joined(*routers: APIRouter) -> APIRouter:
    """Return one router with the routes of all.

    Where a router includes others, FastAPI looks for the route of each request in each of them, and then again: with all
    features that took a fifth of a small request's time.
    """
    whole = APIRouter()
    for router in routers:
        whole.routes.extend(router.routes)
    return whole


def media(*media_types: str) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that refuses requests which neither accept nor send one of `media_types` (406, 415)."""

    async def check(request: Request) -> None:
        _ASKED_FOR.set(require_accept(request, media_types))
        if request.method in {"POST", "PUT", "PATCH"} and has_body(request):
            require_content_type(request, media_types)

    return check


def has_body(request: Request) -> bool:
    """Whether the request carries a body (a claim has a Content-Type but none)."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def asks_for(request: Request, media_type: str, others: Sequence[str]) -> bool:
    """Whether a request is about `media_type` and not about `others`: it sends it, or without a body accepts nothing else."""
    if request.method in {"POST", "PUT", "PATCH"}:
        return _bare(request.headers.get("content-type", "")) == media_type.lower()
    return _accepted(request, [*others, media_type]) == media_type


def require_accept(request: Request, offered: Sequence[str]) -> str:
    """Return the first of `offered` that the client accepts. Raises HttpRefusal (406)."""
    accepted = _accepted(request, offered)
    if accepted is not None:
        return accepted
    raise HttpRefusal(
        HTTPStatus.NOT_ACCEPTABLE,
        "NotAcceptable",
        "the Accept header names no media type this resource has",
        remedy=f"Send 'Accept: {offered[0]}'.",
    )


def require_content_type(request: Request, expected: Sequence[str]) -> str:
    """Return the one of `expected` the body is declared as. Raises HttpRefusal (415)."""
    sent = _bare(request.headers.get("content-type", ""))
    for candidate in expected:
        if sent == candidate.lower():
            return candidate
    raise HttpRefusal(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedMediaType",
        "the Content-Type of the body is not one this resource takes",
        remedy=f"Send 'Content-Type: {expected[0]}'.",
    )


def _accepted(request: Request, offered: Sequence[str]) -> str | None:
    accepted = [_bare(part) for part in request.headers.get("accept", "").split(",") if part.strip()]
    found = (each for each in offered if any(_covers(pattern, each.lower()) for pattern in accepted))
    return next(found, None)


def _bare(value: str) -> str:
    return value.split(";", 1)[0].strip().lower()


def _covers(pattern: str, media_type: str) -> bool:
    if pattern in {"*/*", media_type}:
        return True
    return pattern.endswith("/*") and media_type.startswith(pattern[:-1])


async def page_request(
    page: PageNumber = 0, size: PageSize = DEFAULT_SIZE, sort: Sort = None, until: Until = None
) -> PageRequest:
    """Read what every list request may say: which page, in which order, of what was there when."""
    return PageRequest(page, size, newest_first(sort), until)


def sent_query(request: Request) -> Mapping[str, list[str]]:
    """Return the query of a request, for the links of a list."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


async def unsorted_page_request(
    request: Request, page: PageNumber = 0, size: PageSize = DEFAULT_SIZE, until: Until = None
) -> PageRequest:
    """Read the same of a list that has one order only. Raises Invalid where `sort` asks for one."""
    if "sort" in request.query_params:
        raise Invalid(
            "this list has one order only",
            code="NotSortable",
            field="query/sort",
            remedy="Leave sort out.",
        )
    return PageRequest(page, size, until=until)


def install_errors(app: FastAPI) -> None:
    """Make `app` answer every refusal and every bug in the one shape of errors.

    The handlers of what happens often are coroutines: others are called in a thread.
    """
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(HttpRefusal, _on_http_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(Exception, _on_bug)


async def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refused(request, error)


def refused(request: Request, error: Refusal) -> Response:
    """Return the answer to a refusal."""
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="blockyard"'
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return problem(
        request,
        status_of(error),
        code=error.code,
        message=error.message,
        field=error.field,
        remedy=error.remedy,
        headers=headers,
    )


async def _on_http_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, HttpRefusal):
        raise error
    return refused_by_http(request, error)


def refused_by_http(request: Request, error: HttpRefusal) -> Response:
    """Return the answer to a refusal that only HTTP knows."""
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status, code=error.code, message=error.message, remedy=error.remedy, headers=headers)


def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    source, *path = first["loc"]
    pointer = "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path if part != "body")
    field = pointer if source == "body" else "/".join(str(part) for part in first["loc"])
    if first["type"] == "missing" and first["loc"] == ("body", "metadata"):
        return problem(
            request,
            HTTPStatus.BAD_REQUEST,
            code="HttpMessageNotReadable",
            message="the body is not an object of this API: it has no metadata",
            field=field,
            remedy="Send an object with apiVersion, kind, metadata and spec.",
        )
    if first["type"] == "json_invalid":
        return problem(
            request,
            HTTPStatus.BAD_REQUEST,
            code="MalformedJson",
            message="the body is not valid JSON",
            remedy=MALFORMED_REMEDY,
        )
    return problem(
        request,
        HTTPStatus.BAD_REQUEST,
        code="InvalidRequest",
        message=f"{field if len(pointer) > 1 or source != 'body' else 'the body'} {in_words(first)}",
        field=field,
        remedy="Correct this member and send the request again.",
    )


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, ClientDisconnect):  # as FastAPI puts it where it reads the body itself
        return await _on_gone(request, error)
    status = HTTPStatus(error.status_code)
    texts = {
        HTTPStatus.BAD_REQUEST: ("MalformedJson", "the body cannot be read as JSON", MALFORMED_REMEDY),
        HTTPStatus.NOT_FOUND: ("NotFound", "there is nothing at this address", "Check the path of the request."),
        HTTPStatus.METHOD_NOT_ALLOWED: (
            "MethodNotAllowed",
            "this address does not take this method",
            "Use one of the methods that the Allow header names.",
        ),
    }
    otherwise = (status.phrase.replace(" ", ""), str(error.detail), "Compare the request with /api/openapi.json.")
    code, message, remedy = texts.get(status, otherwise)
    headers = dict(error.headers) if error.headers else None
    return problem(request, status, code=code, message=message, remedy=remedy, headers=headers)


async def _on_gone(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the client went away, which is no defect of the server."""
    return Response(status_code=GONE)


def _on_bug(request: Request, error: Exception) -> Response:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return problem(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code="InternalError",
        message="the server has a defect here; it has been logged",
        remedy="Report it with the time and the path of this answer.",
    )
