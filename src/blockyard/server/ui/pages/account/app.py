"""Adding an authenticator app to one's account, its recovery codes, and removing it."""

from collections.abc import Sequence
from http import HTTPStatus

import segno
from fastapi import APIRouter, Request, Response

from blockyard.server.identity.api.sign_in_methods import ADD_APP, TICKET_LIFE, owner_of
from blockyard.server.kit.bodies import SIGN_IN_BYTES, Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor

PATH = "/account/authenticator"
_CODES = "/account/recovery-codes"


def add_app(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the authenticator app."""
    factors, tickets = services.second_factors, services.tickets

    def form_page(
        request: Request, visitor: Visitor, secret: str, ticket: str, refusal: Refusal | None = None
    ) -> Response:
        context = {
            "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
            "picture": _picture(factors.address_of(visitor.username, secret)),
            "ticket": ticket,
            "refusal": shown(refusal),
        }
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        return site.frame.page(request, "pages/account/app.html", context, visitor=visitor, status=status)

    def codes_page(request: Request, visitor: Visitor, codes: Sequence[str]) -> Response:
        return site.frame.page(request, "pages/account/recovery_codes.html", {"codes": codes}, visitor=visitor)

    def added(tx: Transaction, visitor: Visitor, secret: str, form: Form) -> Sequence[str]:
        codes = factors.add_code_app(tx, visitor.principal, secret, "".join(form.texts.get("code", "").split()))
        services.sessions.strengthen(tx, visitor.cookie)
        return codes

    @router.get(PATH)
    async def show_app(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        secret, _ = await site.db.read(lambda tx: factors.draw_secret(tx, visitor.principal))
        owner = owner_of(visitor.principal)
        ticket = tickets.issue({"secret": secret}, purpose=ADD_APP, owner=owner, life=TICKET_LIFE)
        return form_page(request, visitor, secret, ticket)

    @router.post(PATH)
    async def add_app_with_code(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request, SIGN_IN_BYTES)
        ticket = form.texts.get("ticket", "")
        secret = str(tickets.read(ticket, purpose=ADD_APP, owner=owner_of(visitor.principal)).get("secret"))

        async def again(refusal: Refusal) -> Response:
            return form_page(request, visitor, secret, ticket, refusal)

        return await submit(
            site.db.write(lambda tx: added(tx, visitor, secret, form)),
            again=again,
            done=lambda codes: codes_page(request, visitor, codes),
        )

    @router.post(_CODES)
    async def renew_codes(request: Request) -> Response:
        visitor, _ = await site.visitors.of_form(request, SIGN_IN_BYTES)
        return await submit(
            site.db.write(lambda tx: factors.new_recovery_codes(tx, visitor.principal)),
            again=site.back_to("/account", visitor),
            done=lambda codes: codes_page(request, visitor, codes),
        )

    @router.get(f"{PATH}/remove")
    async def ask_to_remove(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        crumbs = [("Your account", "/account"), (REMOVAL.act, None)]
        return site.ask(request, visitor, REMOVAL, crumbs=crumbs)

    @router.post(f"{PATH}/remove")
    async def remove_app(request: Request) -> Response:
        visitor, _ = await site.visitors.of_form(request, SIGN_IN_BYTES)
        return await submit(
            site.db.write(lambda tx: factors.remove_code_app(tx, visitor.principal)),
            again=site.back_to("/account", visitor),
            done=lambda _: site.go("/account", visitor, notice="app-removed"),
        )


REMOVAL = Question(
    id="remove-app",
    act="Remove the authenticator app",
    title="Remove the authenticator app?",
    text="Your password alone is enough to sign in then, and your recovery codes are void.",
    action=f"{PATH}/remove",
    yes="Remove",
    icon="trash-2",
    back="/account",
)


def _picture(address: str) -> str:
    """Return the QR code of an address as the address of an image: black on white in both themes, as cameras expect."""
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=3, light="#fff")
