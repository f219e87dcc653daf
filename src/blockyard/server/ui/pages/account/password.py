"""The page of one's own password."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.api import SignIn, address_of
from blockyard.server.identity.model import SignInWay
from blockyard.server.identity.model.users import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, User
from blockyard.server.kit.bodies import SIGN_IN_BYTES, Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, Invalid, Refusal, Unauthenticated
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.account.entering import beginning_of, device_of, enter
from blockyard.server.ui.pages.account.sign_in import sound


def add_password(router: APIRouter, site: Site, services: Services, sign_in: SignIn) -> None:
    """Add the routes of one's own password."""
    users = services.users

    def form_page(request: Request, visitor: Visitor, refusal: Refusal | None = None) -> Response:
        context = {
            "refusal": shown(refusal),
            "shortest": MIN_PASSWORD_LENGTH,
            "longest": MAX_PASSWORD_LENGTH,
            "is_first": visitor.principal.must_change_password,
        }
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        return site.frame.page(request, "pages/account/password.html", context, visitor=visitor, status=status)

    def change(tx: Transaction, request: Request, visitor: Visitor, password_hash: str) -> str:
        users.change_password(tx, visitor.principal, password_hash)
        began = beginning_of(request, SignInWay.PASSWORD, strong=visitor.session.strong)
        return services.sessions.begin(tx, users.own(tx, visitor.principal), began)

    async def changed(request: Request, visitor: Visitor, form: Form) -> str:
        new = form.texts.get("new", "")
        if new != form.texts.get("repeated", ""):
            raise Invalid("the new password and its repetition differ", remedy="Enter the same password twice.")
        user = await _check_current(request, visitor, form, sign_in)
        password_hash = await sign_in.hash_new(new, user.names)
        return await site.db.write(lambda tx: change(tx, request, visitor, password_hash))

    @router.get("/account/password")
    async def show_password(request: Request) -> Response:
        return form_page(request, await site.visitors.of(request))

    @router.post("/account/password")
    async def change_password(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request, SIGN_IN_BYTES)

        async def again(refusal: Refusal) -> Response:
            return form_page(request, visitor, refusal)

        def done(cookie: str) -> Response:
            return enter(site, "/", cookie, notice="password")

        return await submit(changed(request, visitor, form), again=again, done=done)


async def _check_current(request: Request, visitor: Visitor, form: Form, sign_in: SignIn) -> User:
    current = form.texts.get("current", "")
    try:
        return await sign_in.check(visitor.username, sound(current), address_of(request), device=device_of(request))
    except Unauthenticated as error:
        raise Denied("the current password is wrong", code="WrongCredentials", remedy="Enter it again.") from error
