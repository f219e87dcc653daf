"""The pages of signing in: password, code, passkey."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import SESSION_COOKIE, SignIn, address_of
from blockyard.server.identity.api.sign_in_methods import credential_in
from blockyard.server.identity.model import SignInWay, User, UserId
from blockyard.server.identity.model.users import MAX_PASSWORD_LENGTH
from blockyard.server.kit.bodies import SIGN_IN_BYTES, Form, read_form
from blockyard.server.kit.errors import Denied, Refusal, Unauthenticated
from blockyard.server.kit.http import status_of
from blockyard.server.kit.ids import new_secret
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import CSRF_FIELD, Visitor
from blockyard.server.ui.pages.account.entering import begin, beginning_of, device_of, enter, local_path

_FORM_COOKIE = "blockyard_form"
"""Binds the sign-in form to the browser that got it, as there is no session yet."""

_ENDED = {
    "session": ("Your session has ended.", "Sign in again to go on."),
    "form": ("Your session has ended.", "Sign in again to go on. What you sent was not saved."),
    "again": ("Please confirm that it is you.", "Sign in once more to change how you sign in."),
}
"""What a sign-in says about why it is asked for, by the word in its address."""

_MAX_NAME = 255

_PASSKEY, _CODE = "sign in with a passkey", "enter a code"
"""Purposes of tickets."""

_PASSKEY_LIFE, _CODE_LIFE = timedelta(hours=1), timedelta(minutes=5)
"""How long a passkey may be shown, and a code entered, after the page was opened or the password given."""


@dataclass(frozen=True, slots=True)
class _Halfway:
    """Somebody whose password was right, and who owes a code."""

    user: User
    device: str


def add_sign_in(router: APIRouter, site: Site, services: Services, sign_in: SignIn) -> "SignInPages":
    """Add the routes of signing in with what this server knows; return the pages for the other ways."""
    pages = SignInPages(site, services, sign_in)

    @router.get("/sign-in")
    async def show_sign_in(request: Request) -> Response:
        wanted = local_path(request.query_params.get("next", "/"))
        try:
            visitor = await site.visitors.of(request)
        except Unauthenticated:
            return await pages.form_page(request, wanted)
        if request.query_params.get("ended") == "again":
            return await pages.form_page(request, wanted, visitor=visitor, username=visitor.username)
        return site.frame.go(wanted, visitor=visitor)

    @router.post("/sign-in")
    async def do_sign_in(request: Request) -> Response:
        return await pages.with_password(request)

    @router.post("/sign-in/code")
    async def do_enter_code(request: Request) -> Response:
        return await pages.with_code(request)

    @router.post("/sign-in/passkey")
    async def do_show_passkey(request: Request) -> Response:
        return await pages.with_passkey(request)

    return pages


class SignInPages:
    """The pages of signing in; all their forms are bound to the browser that got them."""

    def __init__(self, site: Site, services: Services, sign_in: SignIn) -> None:
        self._site = site
        self._services = services
        self._sign_in = sign_in

    async def form_page(
        self,
        request: Request,
        wanted: str,
        *,
        username: str = "",
        refusal: Refusal | None = None,
        visitor: Visitor | None = None,
    ) -> Response:
        """Return the page that asks who somebody is."""
        cookie = self._form_cookie(request)
        context = {
            "next": wanted,
            "username": username,
            "refusal": shown(refusal),
            "ended": _ENDED.get(request.query_params.get("ended", "")),
            "passkey": self._passkey(request, cookie),
            "providers": await self._site.db.read(self._services.identity_providers.offered),
        }
        return self._page(request, "pages/account/sign_in.html", context, cookie, refusal=refusal, visitor=visitor)

    async def with_password(self, request: Request) -> Response:
        """Sign somebody in by their password, or ask for a code then."""
        form = await read_form(request, SIGN_IN_BYTES)
        wanted = local_path(form.texts.get("next", "/"))
        username = form.texts.get("username", "").strip()[:_MAX_NAME]
        next_device = new_secret(43)

        async def checked() -> str | _Halfway:
            self._require_own_form(request, form)
            user = await self._sign_in.check(
                sound(username),
                sound(form.texts.get("password", "")),
                address_of(request),
                device=device_of(request),
                next_device=next_device,
            )
            if await self._sign_in.needs_code(user):
                return _Halfway(user, next_device)
            return await self._begin(request, user, SignInWay.PASSWORD)

        async def again(refusal: Refusal) -> Response:
            return await self.form_page(request, wanted, username=username, refusal=refusal)

        def done(came: str | _Halfway) -> Response:
            if isinstance(came, _Halfway):
                return self._code_page(request, wanted, self._code_ticket(request, came))
            return enter(self._site, wanted, came, device=next_device)

        return await submit(checked(), again=again, done=done, passes=())

    async def with_code(self, request: Request) -> Response:
        """Sign somebody in whose password was right and who enters a code."""
        form = await read_form(request, SIGN_IN_BYTES)
        wanted = local_path(form.texts.get("next", "/"))
        ticket = form.texts.get("ticket", "")
        device = ""

        async def checked() -> str:
            nonlocal device
            self._require_own_form(request, form)
            held = self._services.tickets.read(ticket, purpose=_CODE, owner=self._form_cookie(request))
            device = str(held.get("device"))
            user = await self._halfway_user(held)
            await self._sign_in.check_code(user, form.texts.get("code", ""), address_of(request))
            return await self._begin(request, user, SignInWay.PASSWORD, strong=True)

        async def again(refusal: Refusal) -> Response:
            if refusal.code == "WrongCode":
                return self._code_page(request, wanted, ticket, refusal)
            return await self.form_page(request, wanted, refusal=refusal)

        def done(cookie: str) -> Response:
            return enter(self._site, wanted, cookie, device=device)

        return await submit(checked(), again=again, done=done, passes=())

    async def with_passkey(self, request: Request) -> Response:
        """Sign somebody in whose device showed a passkey."""
        form = await read_form(request, SIGN_IN_BYTES)
        wanted = local_path(form.texts.get("next", "/"))
        services = self._services

        async def checked() -> str:
            self._require_own_form(request, form)
            held = services.tickets.read(
                form.texts.get("ticket", ""), purpose=_PASSKEY, owner=self._form_cookie(request)
            )
            credential = credential_in(form.texts.get("credential", ""))
            place = services.passkeys.place(request.headers.get("host", ""))
            if place is None:
                raise Denied("passkeys do not work here", remedy="Sign in with your password.")
            challenge = str(held.get("challenge"))
            try:
                user = await self._site.db.write(
                    lambda tx: services.passkeys.signed_in(tx, place, challenge=challenge, credential=credential)
                )
            except Unauthenticated:
                await self._sign_in.count_failed_passkey(address_of(request))
                raise
            return await self._begin(request, user, SignInWay.PASSKEY, strong=True)

        async def again(refusal: Refusal) -> Response:
            return await self.form_page(request, wanted, refusal=refusal)

        return await submit(checked(), again=again, done=lambda cookie: enter(self._site, wanted, cookie), passes=())

    @staticmethod
    def cookie_of(request: Request) -> str:
        """Return the cookie of the session that the browser has."""
        return request.cookies.get(SESSION_COOKIE, "")

    async def _begin(self, request: Request, user: User, way: SignInWay, *, strong: bool = False) -> str:
        return await begin(self._site, self._services, request, user, beginning_of(request, way, strong=strong))

    async def _halfway_user(self, held: JsonObject) -> User:
        user_id = UserId(UUID(str(held.get("user"))))
        found = (await self._site.db.read(lambda tx: self._services.users.by_ids(tx, [user_id]))).get(user_id)
        if found is None or found.disabled or found.epoch != held.get("epoch"):
            raise Unauthenticated("this took too long", remedy="Sign in again.")
        return found

    def _code_ticket(self, request: Request, halfway: _Halfway) -> str:
        user = halfway.user
        content: JsonObject = {"user": str(user.id), "epoch": user.epoch, "device": halfway.device}
        owner = self._form_cookie(request)
        return self._services.tickets.issue(content, purpose=_CODE, owner=owner, life=_CODE_LIFE)

    def _code_page(self, request: Request, wanted: str, ticket: str, refusal: Refusal | None = None) -> Response:
        context = {"next": wanted, "ticket": ticket, "refusal": shown(refusal)}
        return self._page(request, "pages/account/code.html", context, self._form_cookie(request), refusal=refusal)

    def _passkey(self, request: Request, cookie: str) -> JsonObject | None:
        place = self._services.passkeys.place(request.headers.get("host", ""))
        if place is None:
            return None
        asked = self._services.passkeys.asked_to_sign_in(place)
        content: JsonObject = {"challenge": asked.challenge}
        ticket = self._services.tickets.issue(content, purpose=_PASSKEY, owner=cookie, life=_PASSKEY_LIFE)
        return {"options": json.dumps(asked.options), "ticket": ticket}

    def _page(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object],
        cookie: str,
        *,
        refusal: Refusal | None,
        visitor: Visitor | None = None,
    ) -> Response:
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        content = {"form_token": self._services.sessions.csrf_token(cookie), **context}
        response = self._site.frame.page(request, template, content, visitor=visitor, status=status)
        secure = self._site.frame.secure_cookies
        response.set_cookie(_FORM_COOKIE, cookie, path="/", secure=secure, httponly=True, samesite="strict")
        return response

    @staticmethod
    def _form_cookie(request: Request) -> str:
        return request.cookies.get(_FORM_COOKIE) or new_secret(43)

    def _require_own_form(self, request: Request, form: Form) -> None:
        cookie = request.cookies.get(_FORM_COOKIE, "")
        if not cookie or not self._services.sessions.csrf_matches(cookie, form.texts.get(CSRF_FIELD, "")):
            raise Denied("the form was too old", code="CsrfTokenInvalid", remedy="Please sign in again.")


def sound(text: str) -> str:
    """Return what may be a name or a password; passwords that were chosen under older rules are as good as others."""
    if "\0" in text or len(text) > MAX_PASSWORD_LENGTH:
        raise Unauthenticated("the username or the password is wrong", remedy="Check both and try again.")
    return text
