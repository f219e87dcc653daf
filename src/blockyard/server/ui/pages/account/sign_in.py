"""The pages of signing in and out."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.api import (
    DEVICE_COOKIE,
    SignIn,
    address_of,
    clear_session_cookie,
    set_device_cookie,
    set_session_cookie,
)
from blockyard.server.identity.model.users import MAX_PASSWORD_LENGTH
from blockyard.server.identity.service import UserService
from blockyard.server.kit.bodies import SIGN_IN_BYTES, Form, read_form
from blockyard.server.kit.errors import Denied, Refusal, Unauthenticated
from blockyard.server.kit.http import status_of
from blockyard.server.kit.ids import new_secret
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import CSRF_FIELD

_FORM_COOKIE = "blockyard_form"
"""Binds the sign-in form to the browser that got it, as there is no session yet."""

_ENDED = {
    "session": "Sign in again to go on.",
    "form": "Sign in again to go on. What you sent was not saved.",
}
"""What a sign-in says about the session before, by the word in its address."""

_MAX_NAME = 255
_LONGEST_PATH = 2000


def add_sign_in(router: APIRouter, site: Site, services: Services, sign_in: SignIn) -> None:
    """Add the routes of signing in and out."""
    users = services.users

    db, frame, visitors = site.db, site.frame, site.visitors

    def form_page(request: Request, wanted: str, *, username: str = "", refusal: Refusal | None = None) -> Response:
        cookie = request.cookies.get(_FORM_COOKIE) or new_secret(43)
        context = {
            "form_token": users.csrf_token(cookie),
            "next": wanted,
            "username": username,
            "refusal": shown(refusal),
            "ended": _ENDED.get(request.query_params.get("ended", "")),
        }
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        response = frame.page(request, "pages/account/sign_in.html", context, visitor=None, status=status)
        response.set_cookie(
            _FORM_COOKIE, cookie, path="/", secure=frame.secure_cookies, httponly=True, samesite="strict"
        )
        return response

    @router.get("/sign-in")
    async def show_sign_in(request: Request) -> Response:
        wanted = local_path(request.query_params.get("next", "/"))
        try:
            visitor = await visitors.of(request)
        except Unauthenticated:
            return form_page(request, wanted)
        return frame.go(wanted, visitor=visitor)

    @router.post("/sign-in")
    async def do_sign_in(request: Request) -> Response:
        form = await read_form(request, SIGN_IN_BYTES)
        wanted = local_path(form.texts.get("next", "/"))
        username = form.texts.get("username", "").strip()[:_MAX_NAME]
        next_device = new_secret(43)

        async def checked() -> str:
            _require_own_form(request, form, users)
            user = await sign_in.check(
                sound(username),
                sound(form.texts.get("password", "")),
                address_of(request),
                device=device_of(request),
                next_device=next_device,
            )
            return await db.write(lambda tx: users.sign_in(tx, user))

        async def again(refusal: Refusal) -> Response:
            return form_page(request, wanted, username=username, refusal=refusal)

        def done(cookie: str) -> Response:
            response = frame.go(wanted)
            set_session_cookie(response, cookie, secure=frame.secure_cookies)
            set_device_cookie(response, next_device, secure=frame.secure_cookies)
            return response

        return await submit(checked(), again=again, done=done, passes=())

    @router.post("/sign-out")
    async def do_sign_out(request: Request) -> Response:
        visitor, _ = await visitors.of_form(request, SIGN_IN_BYTES)
        await db.write(lambda tx: users.sign_out(tx, visitor.cookie))
        response = frame.go("/sign-in", notice="signed-out")
        clear_session_cookie(response, secure=frame.secure_cookies)
        return response


def local_path(text: str) -> str:
    """Return `text` if it is the path of a page here, else the start page: a sign-in must not lead to another site."""
    is_odd = any(character <= " " or character in "\\\x7f" for character in text)
    if is_odd or len(text) > _LONGEST_PATH or not text.startswith("/") or text.startswith(("//", "/sign-", "/api/")):
        return "/"
    return text


def _require_own_form(request: Request, form: Form, users: UserService) -> None:
    cookie = request.cookies.get(_FORM_COOKIE, "")
    if not cookie or not users.csrf_matches(cookie, form.texts.get(CSRF_FIELD, "")):
        raise Denied("the form was too old", code="CsrfTokenInvalid", remedy="Please sign in again.")


def device_of(request: Request) -> str:
    """Return what a browser says it is, if somebody has signed in with it before."""
    return request.cookies.get(DEVICE_COOKIE, "")[:_MAX_NAME]


def sound(text: str) -> str:
    """Return what may be a name or a password; passwords that were chosen under older rules are as good as others."""
    if "\0" in text or len(text) > MAX_PASSWORD_LENGTH:
        raise Unauthenticated("the username or the password is wrong", remedy="Check both and try again.")
    return text
