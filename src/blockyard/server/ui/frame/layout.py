"""What every page shares: templates, the look, security headers, notices between two pages."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from blockyard.protocol import addresses
from blockyard.server.identity.api import SESSION_COOKIE, set_session_cookie
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.bundle import Bundle
from blockyard.server.ui.frame.markdown import as_html, page_budget
from blockyard.server.ui.frame.places import Area, Place, Scope, areas_of
from blockyard.server.ui.frame.tabs import tab_icon
from blockyard.server.ui.frame.visitor import WORKSPACE_COOKIE, Visitor

TEMPLATES = Path(__file__).parents[1]
"""Templates are named by their path from here: `frame/base.html`, `pages/blocks/list.html`."""

THEME_COOKIE = "theme"
_THEMES = frozenset({"light", "dark"})

FORM_HEADER = "X-Blockyard-Form"
"""Scripts that send a form say so with this header: they get the address to go to as an answer, see `Frame.for_script`."""

GO_HEADER = "X-Blockyard-Go"

_YEAR_SECONDS = 365 * 24 * 3600

_NOTICE_COOKIE = "blockyard_notice"
_NOTICE_SECONDS = 30
"""How long a notice waits for the page that shows it."""

NOTICES = {
    "run": "A run was requested.",
    "waits": "No run was started: the building block still waits. A run starts by itself once nothing is missing.",
    "saved": "The inputs were saved. No run was started yet.",
    "unchanged": "Nothing was changed.",
    "saved-queued": "The inputs were saved. The run that waits, or one after the run that is under way, applies them.",
    "saved-run": "The inputs were saved and a run was requested.",
    "checking": "A dry run was requested. It says what would change, and changes nothing.",
    "renamed": "The name was saved.",
    "renamed-run": "The name was saved and a run was requested.",
    "follows": "Which versions it follows was changed.",
    "upgraded": "The version was changed. No run was started yet.",
    "upgraded-run": "The version was changed and a run was requested.",
    "purged": "The building block was forgotten. What it made is still there.",
    "deleting": "The deletion was requested.",
    "deleted": "The building block was deleted.",
    "kept": "The deletion was taken back.",
    "on-hold": "It is on hold.",
    "released": "The hold was lifted. What waited for it goes on.",
    "aborting": "The abort was requested.",
    "approved": "The plan is approved.",
    "declined": "The plan is declined: nothing is applied.",
    "password": "Your password was changed. You were signed out everywhere else, and your old tokens no longer work.",
    "password-chosen": "Your password was saved. Use it to sign in from now on.",
    "passkey": "The passkey was added.",
    "passkey-removed": "The passkey was removed.",
    "app-removed": "The authenticator app was removed. Your password is enough to sign in now.",
    "connected": "You can sign in with it from now on.",
    "disconnected": "You can no longer sign in with it.",
    "session-ended": "The session was ended.",
    "program-ended": "The command line was signed out.",
    "sessions-ended": "You were signed out everywhere else.",
    "signed-out": "You are signed out.",
    "ordered": "Ordered. What is made shows up here by itself.",
    "draft-saved": "The draft is kept. Come back to this address whenever you like.",
    "draft-deleted": "The draft was thrown away.",
}
"""What the page after a form may say, by the word that the cookie carries."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Nothing inline, nothing foreign, no frames, no copies of what only the visitor may see."""


_THREADS = ThreadPoolExecutor(2, "page")
"""Pages are rendered aside: a long one would hold up everybody else."""


class Page(HTMLResponse):
    """An answer that is rendered in a thread, before it is sent at the latest."""

    def __init__(self, render: Callable[[], str], status: HTTPStatus) -> None:
        super().__init__(None, status, headers=HEADERS)
        self._render: Callable[[], str] | None = render

    async def finish(self) -> None:
        """Render the page unless that is done."""
        if (render := self._render) is None:
            return
        self.body = self.render(await asyncio.get_running_loop().run_in_executor(_THREADS, render))
        self.headers["Content-Length"] = str(len(self.body))
        self._render = None

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Send the page."""
        await self.finish()
        await super().__call__(scope, receive, send)


class Frame:
    """Renders templates into answers."""

    def __init__(self, *, secure_cookies: bool) -> None:
        self.secure_cookies = secure_cookies
        self._bundle: Bundle | None = None
        self._areas: Sequence[Area] = ()
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"asset": self._asset, "words": words, "tab_icon": tab_icon}
        self._templates.filters |= {
            "instant": instant,
            "iso": _iso,
            "duration": words.duration,
            "markdown": as_html,
            "capitalize_first": lambda text: text[:1].upper() + text[1:],
        }

    def lead_to(self, routes: Collection[str]) -> None:
        """Lead from every page to those areas that the site has, which has these routes."""
        self._areas = areas_of(routes)

    def page(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object],
        *,
        visitor: Visitor | None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        """Return the page that `template` makes of `context`, in the frame of `visitor` (None: nobody is signed in).

        The frame itself reads three members of the context: `scope`, where in the tenancy the page is; `state`, the badge of
        what the page is about, which the tab shows; and `thing`, what it is about, which can be pinned.
        """
        notice = NOTICES.get(request.cookies.get(_NOTICE_COOKIE, ""))
        theme = request.cookies.get(THEME_COOKIE, "")
        frame: dict[str, object] = {
            "visitor": visitor,
            "notice": notice,
            "theme": theme if theme in _THEMES else None,
            "path": request.url.path,
            "areas": self._areas,
            "scope": Scope(workspace=visitor.workspace if visitor is not None else None),
            "state": None,
            "thing": None,
        }
        layout = self._templates.get_template(template)

        def render() -> str:
            with page_budget():
                return layout.render({**frame, **context})

        response = Page(render, status)
        if notice is not None:
            response.delete_cookie(_NOTICE_COOKIE, path="/", secure=self.secure_cookies, httponly=True, samesite="lax")
        self._prolong(response, visitor)
        scope = context.get("scope")
        if visitor is not None and isinstance(scope, Scope) and scope.workspace is not None:
            self._remember(response, visitor, scope.workspace)
        return response

    def go(self, path: str, *, notice: str | None = None, visitor: Visitor | None = None) -> Response:
        """Return a redirection to another page, which shows the notice."""
        response = RedirectResponse(path, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
        if notice is not None:
            response.set_cookie(
                _NOTICE_COOKIE,
                notice,
                max_age=_NOTICE_SECONDS,
                path="/",
                secure=self.secure_cookies,
                httponly=True,
                samesite="lax",
            )
        self._prolong(response, visitor)
        return response

    def go_to_sign_in(self, request: Request, *, again: bool = False) -> Response:
        """Return a redirection to the sign-in, which leads back to where the visitor wanted to go; `again`: although signed in."""
        is_form = request.method == "POST"
        wanted = _page_before(request) if is_form or "HX-Request" in request.headers else _address(request)
        why = "again" if again else "form" if is_form else "session" if SESSION_COOKIE in request.cookies else ""
        asked = {name: text for name, text in (("next", wanted.removeprefix("/")), ("ended", why)) if text}
        if "next" in asked:
            asked["next"] = wanted
        return self.go_to(request, f"/sign-in?{urlencode(asked)}" if asked else "/sign-in")

    def go_to(self, request: Request, target: str) -> Response:
        """Return a redirection to a page in place of the one, or the part of one, that was asked for."""
        if request.headers.get("HX-Request") == "true":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": target})
        return self.go(target)

    @staticmethod
    def for_script(request: Request, response: Response) -> Response:
        """Return an answer to a form as a script needs it, which could not read where a redirection leads."""
        if FORM_HEADER in request.headers and response.status_code == HTTPStatus.SEE_OTHER:
            response.headers[GO_HEADER] = response.headers["location"]
            del response.headers["location"]
            response.status_code = HTTPStatus.OK
        return response

    def _asset(self, name: str) -> str:
        """Return the address of a bundled file. Read with the first page: other commands work without the bundle."""
        if self._bundle is None:
            self._bundle = Bundle.load()
        return self._bundle.url(name)

    def _remember(self, response: Response, visitor: Visitor, workspace: Place) -> None:
        """Let the next page begin in the workspace of this one."""
        if visitor.workspace is None or visitor.workspace.name != workspace.name:
            response.set_cookie(
                WORKSPACE_COOKIE,
                workspace.name,
                max_age=_YEAR_SECONDS,
                path="/",
                secure=self.secure_cookies,
                httponly=True,
                samesite="lax",
            )

    def _prolong(self, response: Response, visitor: Visitor | None) -> None:
        if visitor is not None and visitor.was_extended:
            set_session_cookie(response, visitor.cookie, secure=self.secure_cookies)


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _page_before(request: Request) -> str:
    """Return the address of the page here that a form was sent from; the start page if the browser does not say."""
    before = addresses.split(request.headers.get("referer", ""))
    if before is None or before.place != request.url.netloc or before.path.startswith("/sign-"):
        return "/"
    return before.path + (f"?{before.query}" if before.query else "")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(at: datetime) -> str:
    """Return a moment as people read it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
