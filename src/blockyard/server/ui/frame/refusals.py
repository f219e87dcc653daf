"""Refusals and bugs as pages in the frame of all others."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from blockyard.server.identity.api import ADD_FACTOR_FIRST, CHANGE_FIRST
from blockyard.server.identity.model.factors import SignInAgain
from blockyard.server.kit.errors import Refusal, TooManyRequests, Unauthenticated
from blockyard.server.kit.http import HttpRefusal, status_of
from blockyard.server.kit.routers import QuickRoute
from blockyard.server.ui.frame.layout import Frame, Page
from blockyard.server.ui.frame.visitor import Visitor, Visitors

log = structlog.get_logger(__name__)

_TITLES = {
    HTTPStatus.BAD_REQUEST: "This cannot be done as asked",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be opened directly",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too much at once",
    HTTPStatus.CONFLICT: "This is not possible right now",
    HTTPStatus.TOO_MANY_REQUESTS: "Please wait a moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side",
    HTTPStatus.SERVICE_UNAVAILABLE: "Blockyard is busy",
}

_NOT_FOUND = "The page does not exist, or it is about something you cannot see."
_NO_PAGES = ("/api/", "/static/", "/mesh/", "/.well-known/")
"""Below these paths are no pages: their errors are for programs."""


class Refusals:
    """Makes pages of refusals."""

    def __init__(self, frame: Frame, visitors: Visitors) -> None:
        self._frame = frame
        self._visitors = visitors

    def route_class(self) -> type[APIRoute]:
        """Return the class of routes whose refusals are pages."""
        refusals = self

        class PageRoute(QuickRoute):
            """A route that answers with pages only."""

            def get_route_handler(
                self,
            ) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as in the base class
                """Return what handles a request of this route."""
                handle = super().get_route_handler()

                async def handle_or_refuse(request: Request) -> Response:
                    return await refusals.guard(request, handle)

                return handle_or_refuse

        return PageRoute

    async def guard(self, request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        """Handle a request; a refusal, or a bug, becomes a page."""
        try:
            answer = await handle(request)
            if isinstance(answer, Page):
                await answer.finish()
        except Unauthenticated:
            answer = self._frame.go_to_sign_in(request)
        except Refusal as refusal:
            answer = self._of_refusal(request, refusal)
        except (RequestValidationError, HTTPException) as error:
            answer = self._of_http(request, error)
        except ClientDisconnect:  # nobody is there to be shown a page
            raise
        except Exception:
            log.exception("request failed", method=request.method, path=request.url.path)
            text = "The server has a defect here; it has been logged. Trying again may help."
            answer = self._page(request, HTTPStatus.INTERNAL_SERVER_ERROR, text)
        return self._frame.for_script(request, answer)

    def install(self, app: FastAPI) -> None:
        """Answer browsers that ask for an address `app` does not have with a page; all others as before."""
        before = app.exception_handlers.get(HTTPException)

        async def on_http_exception(request: Request, error: Exception) -> Response:
            if isinstance(error, HTTPException) and (before is None or _is_for_people(request)):
                await self._recognize(request)
                return self._page(request, _status(error), _NOT_FOUND)
            answer = before(request, error) if before is not None else None
            if isinstance(answer, Response):
                return answer
            if answer is None:
                raise error
            return await answer

        app.add_exception_handler(HTTPException, on_http_exception)

    async def _recognize(self, request: Request) -> None:
        try:
            await self._visitors.of(request)
        except Refusal:
            return

    def _of_http(self, request: Request, error: Exception) -> Response:
        if isinstance(error, HttpRefusal):
            answer = self._page(request, error.status, sentence(error.message), remedy=error.remedy)
            answer.headers.update(error.headers or {})
            return answer
        return self._page(request, _status(error), _NOT_FOUND)

    def _of_refusal(self, request: Request, refusal: Refusal) -> Response:
        if refusal.code == CHANGE_FIRST:
            return self._frame.go_to(request, "/account/password")
        if refusal.code == ADD_FACTOR_FIRST:
            return self._frame.go_to(request, "/account")
        if isinstance(refusal, SignInAgain):
            return self._frame.go_to_sign_in(request, again=True)
        status = status_of(refusal)
        text = _NOT_FOUND if status is HTTPStatus.NOT_FOUND else sentence(refusal.message)
        answer = self._page(request, status, text, remedy=refusal.remedy)
        if isinstance(refusal, TooManyRequests):
            answer.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return answer

    def _page(self, request: Request, status: HTTPStatus, text: str, *, remedy: str | None = None) -> Response:
        visitor = getattr(request.state, "visitor", None)
        context = {
            "title": _TITLES.get(status, status.phrase),
            "status": int(status),
            "text": text,
            "remedy": None if status is HTTPStatus.NOT_FOUND else remedy,
        }
        known = visitor if isinstance(visitor, Visitor) else None
        return self._frame.page(request, "frame/refusal.html", context, visitor=known, status=status)


@dataclass(frozen=True, slots=True)
class Shown:
    """A refusal as a page shows it beside a form."""

    text: str
    remedy: str | None = None
    tone: str = "error"


def shown(refusal: Refusal | None) -> Shown | None:
    """Return what a page says about a refusal."""
    return None if refusal is None else Shown(sentence(refusal.message), refusal.remedy)


def sentence(message: str) -> str:
    """Return a refusal's message as a sentence of its own."""
    return message[:1].upper() + message[1:].rstrip(".") + "."


def _status(error: Exception) -> HTTPStatus:
    if isinstance(error, HttpRefusal):
        return error.status
    return HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND


def _is_for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_NO_PAGES)
