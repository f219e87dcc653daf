"""Where a link leads that signed somebody in who has not chosen yet how to sign in: to a password of their own, or a passkey."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.api import SignIn
from blockyard.server.identity.model import SignInWay
from blockyard.server.identity.model.factors import SignInAgain
from blockyard.server.identity.model.users import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from blockyard.server.kit.bodies import SIGN_IN_BYTES, Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.account.entering import beginning_of, enter
from blockyard.server.ui.pages.account.passkeys import asked_to_add

PATH = "/account/start"


def add_start(router: APIRouter, site: Site, services: Services, sign_in: SignIn) -> None:
    """Add the routes of the first choice."""
    users, sessions = services.users, services.sessions

    async def page(request: Request, visitor: Visitor, refusal: Refusal | None = None) -> Response:
        context = {
            "refusal": shown(refusal),
            "shortest": MIN_PASSWORD_LENGTH,
            "longest": MAX_PASSWORD_LENGTH,
            "is_first": visitor.principal.must_change_password,
            **await asked_to_add(request, site, services, visitor),
        }
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        return site.frame.page(request, "pages/account/start.html", context, visitor=visitor, status=status)

    async def saved(request: Request, visitor: Visitor, form: Form) -> str:
        _require_by_link(site, visitor)
        new = form.texts.get("new", "")
        if new != form.texts.get("repeated", ""):
            raise Invalid("the password and its repetition differ", remedy="Enter the same password twice.")
        user = await site.db.read(lambda tx: users.own(tx, visitor.principal))
        password_hash = await sign_in.hash_new(new, user.names)

        def change(tx: Transaction) -> str:
            users.change_password(tx, visitor.principal, password_hash)
            return sessions.begin(
                tx, users.own(tx, visitor.principal), beginning_of(request, SignInWay.PASSWORD, strong=False)
            )

        return await site.db.write(change)

    @router.get(PATH)
    async def show_start(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        _require_by_link(site, visitor)
        return await page(request, visitor)

    @router.post(PATH)
    async def choose_password(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request, SIGN_IN_BYTES)

        async def again(refusal: Refusal) -> Response:
            return await page(request, visitor, refusal)

        def done(cookie: str) -> Response:
            return enter(site, "/", cookie, notice="password-chosen")

        return await submit(saved(request, visitor, form), again=again, done=done)


def _require_by_link(site: Site, visitor: Visitor) -> None:
    """Raise SignInAgain unless a link has just signed the visitor in: others have to know the password they replace."""
    if visitor.session.way is not SignInWay.LINK or not visitor.session.is_fresh(site.clock()):
        raise SignInAgain
