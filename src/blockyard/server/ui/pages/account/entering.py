"""What every way to sign in ends with: a session, and its cookie."""

from fastapi import Request, Response

from blockyard.server.identity.api import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    address_of,
    set_device_cookie,
    set_session_cookie,
)
from blockyard.server.identity.model import Beginning, SignInWay, User
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site

_MAX_NAME = 255
_LONGEST_PATH = 2000


def beginning_of(request: Request, way: SignInWay, *, strong: bool = False) -> Beginning:
    """Return how a session begins that a request asks for."""
    return Beginning(way=way, strong=strong, address=address_of(request), device=request.headers.get("user-agent", ""))


async def begin(site: Site, services: Services, request: Request, user: User, beginning: Beginning) -> str:
    """Begin a session in place of the one the browser has; return the text for the cookie."""
    before = request.cookies.get(SESSION_COOKIE, "")
    return await site.db.write(lambda tx: services.sessions.begin(tx, user, beginning, instead_of=before))


def enter(site: Site, path: str, cookie: str, *, device: str = "", notice: str | None = None) -> Response:
    """Return a redirection to a page that gives the browser a new session, and what tells it from other browsers."""
    response = site.frame.go(path, notice=notice)
    set_session_cookie(response, cookie, secure=site.frame.secure_cookies)
    if device:
        set_device_cookie(response, device, secure=site.frame.secure_cookies)
    return response


def device_of(request: Request) -> str:
    """Return what a browser says it is, if somebody has signed in with it before."""
    return request.cookies.get(DEVICE_COOKIE, "")[:_MAX_NAME]


def local_path(text: str) -> str:
    """Return `text` if it is the path of a page here, else the start page: a sign-in must not lead to another site."""
    is_odd = any(character <= " " or character in "\\\x7f" for character in text)
    if is_odd or len(text) > _LONGEST_PATH or not text.startswith("/") or text.startswith(("//", "/sign-", "/api/")):
        return "/"
    return text
