"""The page behind a link that signs somebody in once.

Opening it changes nothing, as what previews links opens them, too: its form does, which sends itself where scripts run.
"""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.api import SESSION_COOKIE, address_of
from blockyard.server.identity.model import User
from blockyard.server.kit.bodies import SIGN_IN_BYTES, read_form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal, Unauthenticated
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.account.entering import enter
from blockyard.server.ui.pages.account.start import PATH as START

PATH = "/sign-in/link"
TOKEN = "token"  # noqa: S105  the name of the parameter
_LONGEST_TOKEN = 100


def add_sign_in_link(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of signing in by a link."""
    links = services.sign_in_links

    db, frame = site.db, site.frame

    def page(request: Request, *, token: str, user: User | None, refusal: Refusal | None = None) -> Response:
        context = {"token": token, "name": user.author.display_name if user else "", "refusal": shown(refusal)}
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        return frame.page(request, "pages/account/sign_in_link.html", context, visitor=None, status=status)

    @router.get(PATH)
    async def show_link(request: Request) -> Response:
        token = request.query_params.get(TOKEN, "")[:_LONGEST_TOKEN]
        try:
            user = await db.read(lambda tx: links.owner(tx, token))
        except Unauthenticated as refusal:
            return page(request, token="", user=None, refusal=refusal)
        return page(request, token=token, user=user)

    @router.post(PATH)
    async def use_link(request: Request) -> Response:
        form = await read_form(request, SIGN_IN_BYTES)
        token = form.texts.get(TOKEN, "")[:_LONGEST_TOKEN]

        async def again(refusal: Refusal) -> Response:
            return page(request, token="", user=None, refusal=refusal)

        def signed_in(tx: Transaction) -> tuple[str, bool]:
            cookie = links.sign_in(
                tx,
                token,
                address=address_of(request),
                device=request.headers.get("user-agent", ""),
                instead_of=request.cookies.get(SESSION_COOKIE, ""),
            )
            principal = services.sessions.of_cookie(tx, cookie).principal
            return cookie, services.second_factors.methods(tx, principal).are_chosen

        def done(came: tuple[str, bool]) -> Response:
            cookie, has_chosen = came
            return enter(site, "/" if has_chosen else START, cookie)

        return await submit(db.write(signed_in), again=again, done=done, passes=())
