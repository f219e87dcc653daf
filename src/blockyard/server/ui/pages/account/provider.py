"""Signing in and out with an identity provider: there and back, and what it says by itself when somebody signed out there.

What must be remembered on the way is a ticket in a cookie. Whatever goes wrong leads to the sign-in page with a sentence.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import clear_session_cookie
from blockyard.server.identity.model import SignInWay
from blockyard.server.identity.model.factors import SignInAgain
from blockyard.server.identity_providers.api import PAGES, redirect_uri, signed_out_uri
from blockyard.server.identity_providers.client import Answered
from blockyard.server.identity_providers.model import Provider
from blockyard.server.identity_providers.waiting import aside
from blockyard.server.kit.bodies import SIGN_IN_BYTES, read_form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, NotFound, Refusal, Unavailable
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import same
from blockyard.server.services import Services
from blockyard.server.ui.frame.layout import FORM_HEADER
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.account.connections import connections_of, disconnection_of
from blockyard.server.ui.pages.account.entering import beginning_of, enter, local_path
from blockyard.server.ui.pages.account.sign_in import SignInPages

log = structlog.get_logger(__name__)

_COOKIE = "blockyard_provider"
_PURPOSE = "sign in with a provider"
_SESSION = "session"
"""In a ticket: whose account shall be connected. Only the session that asked for it gets it."""

_ACCOUNT = "/account"
_LIFE = timedelta(minutes=10)
_LONGEST = 4000


def add_provider(router: APIRouter, site: Site, services: Services, pages: SignInPages) -> None:
    """Add the routes of signing in and out with an identity provider."""
    ways = _Ways(site, services, pages)

    @router.get(f"{PAGES}/{{alias}}")
    async def begin(request: Request, alias: str) -> Response:
        wanted = local_path(request.query_params.get("next", "/"))
        try:
            return await ways.begun(alias, wanted)
        except Refusal as refusal:
            return await ways.refused(request, wanted, refusal)

    @router.get(f"{PAGES}/{{alias}}/callback")
    async def finish(request: Request, alias: str) -> Response:
        held: JsonObject = {}
        try:
            held = services.tickets.read(request.cookies.get(_COOKIE, ""), purpose=_PURPOSE, owner=alias)
            return await (ways.connected if _SESSION in held else ways.finished)(request, alias, held)
        except Refusal as refusal:
            return await ways.refused(request, local_path(str(held.get("next", "/"))), refusal)

    @router.post(f"{PAGES}/{{alias}}/back-channel-logout")
    async def log_out(request: Request, alias: str) -> Response:
        form = await read_form(request, SIGN_IN_BYTES)
        try:
            await ways.logged_out(alias, form.texts.get("logout_token", ""))
        except Unavailable:
            return JSONResponse({"error": "temporarily_unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
        except Refusal:
            return JSONResponse({"error": "invalid_request"}, HTTPStatus.BAD_REQUEST)
        return Response(status_code=HTTPStatus.OK)

    _add_sign_out(router, site, services)
    _add_connections(router, site, services, ways)


def _add_sign_out(router: APIRouter, site: Site, services: Services) -> None:
    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        visitor, _ = await site.visitors.of_form(request, SIGN_IN_BYTES)
        there = await _where_to_sign_out(site, services, visitor)
        await site.db.write(lambda tx: services.sessions.end(tx, visitor.cookie))
        if there is None:
            response = site.frame.go("/sign-in", notice="signed-out")
        elif FORM_HEADER in request.headers:  # the script goes there itself
            response = site.frame.go(there[1])
        else:  # a form may not be led to another site: the policy of the page before forbids it, so this page does
            context = {"name": there[0], "address": there[1]}
            response = site.frame.page(request, "pages/account/sign_out.html", context, visitor=None)
        clear_session_cookie(response, secure=site.frame.secure_cookies)
        return response


def _add_connections(router: APIRouter, site: Site, services: Services, ways: "_Ways") -> None:
    @router.post("/account/providers/{alias}/connect")
    async def connect(request: Request, alias: str) -> Response:
        visitor, _ = await site.visitors.of_form(request, SIGN_IN_BYTES)
        return await submit(
            ways.connecting(visitor, alias),
            again=site.back_to(_ACCOUNT, visitor),
            done=lambda asked: ways.led(request, visitor, asked),
        )

    @router.get("/account/providers/{alias}/disconnect")
    async def ask_to_disconnect(request: Request, alias: str) -> Response:
        visitor = await site.visitors.of(request)
        connections = await site.db.read(lambda tx: connections_of(tx, services, visitor.principal))
        found = next((one for one in connections if one.alias == alias and one.identity is not None), None)
        if found is None:
            raise NotFound(f"you are not connected with '{alias}'")
        question = disconnection_of(found)
        return site.ask(request, visitor, question, crumbs=[("Your account", _ACCOUNT), (question.act, None)])

    @router.post("/account/providers/{alias}/disconnect")
    async def disconnect(request: Request, alias: str) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: services.identity_providers.disconnect(tx, visitor.principal, alias)),
            again=site.back_to(_ACCOUNT, visitor),
            done=lambda _: site.go(_ACCOUNT, visitor, notice="disconnected"),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a provider is asked: its name, the address that asks, and the ticket that the browser keeps meanwhile."""

    name: str
    address: str
    ticket: str


class _Ways:
    """There, back, and what a provider says by itself."""

    def __init__(self, site: Site, services: Services, pages: SignInPages) -> None:
        self._site = site
        self._services = services
        self._pages = pages
        self._client, self._providers = services.provider_client, services.identity_providers

    async def begun(self, alias: str, wanted: str) -> Response:
        """Send somebody to a provider."""
        asked = await self._asked(alias, {"next": wanted})
        response = RedirectResponse(asked.address, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
        return self._with_ticket(response, asked)

    async def connecting(self, visitor: Visitor, alias: str) -> _Asked:
        """Ask a provider who somebody is that is signed in here. Raises NotFound, Denied, Unavailable."""
        await self._site.db.read(lambda tx: self._services.second_factors.changing(tx, visitor.principal))
        return await self._asked(alias, {"next": _ACCOUNT, _SESSION: str(visitor.session.id)})

    def led(self, request: Request, visitor: Visitor, asked: _Asked) -> Response:
        """Lead somebody to a provider who sent a form: scripts go there themselves, else a page does."""
        if FORM_HEADER in request.headers:
            return self._with_ticket(self._site.frame.go(asked.address), asked)
        context = {"name": asked.name, "address": asked.address}
        page = self._site.page(request, visitor, "pages/account/connect.html", context)
        return self._with_ticket(page, asked)

    async def connected(self, request: Request, alias: str, held: JsonObject) -> Response:
        """Let somebody sign in with a provider from now on who comes back from it to the session they left."""
        visitor = await self._site.visitors.of(request)
        if str(visitor.session.id) != held[_SESSION]:
            raise Denied("this answer is for another session", remedy="Connect the provider again.")

        async def work() -> None:
            provider, answered = await self._answered(request, alias, held)
            await self._site.db.write(
                lambda tx: self._providers.connect(tx, visitor.principal, provider, answered.claims)
            )

        response = await submit(
            work(),
            again=self._site.back_to(_ACCOUNT, visitor),
            done=lambda _: self._site.go(_ACCOUNT, visitor, notice="connected"),
            passes=(SignInAgain,),
        )
        return self._without_ticket(response)

    async def _asked(self, alias: str, content: JsonObject) -> _Asked:
        services, provider = self._services, await self._offered(alias)
        state, nonce, verifier = (new_secret(43) for _ in range(3))
        back = redirect_uri(services.links, alias)
        there = await aside(
            lambda: self._client.begin(provider, redirect_uri=back, state=state, nonce=nonce, verifier=verifier)
        )
        held: JsonObject = {"state": state, "nonce": nonce, "verifier": verifier, **content}
        ticket = services.tickets.issue(held, purpose=_PURPOSE, owner=alias, life=_LIFE)
        return _Asked(provider.display_name, there, ticket)

    def _with_ticket(self, response: Response, asked: _Asked) -> Response:
        life, secure = int(_LIFE.total_seconds()), self._site.frame.secure_cookies
        response.set_cookie(_COOKIE, asked.ticket, max_age=life, path="/", secure=secure, httponly=True, samesite="lax")
        return response

    async def finished(self, request: Request, alias: str, held: JsonObject) -> Response:
        """Sign somebody in who comes back from a provider."""
        provider, answered = await self._answered(request, alias, held)
        cookie = await self._site.db.write(lambda tx: self._entered(tx, request, provider, answered))
        return self._without_ticket(enter(self._site, local_path(str(held.get("next"))), cookie))

    async def _answered(self, request: Request, alias: str, held: JsonObject) -> tuple[Provider, Answered]:
        provider, asked = await self._offered(alias), request.query_params
        _require_answer(provider, request, str(held.get("state")))
        secret = self._providers.secret_of(provider)
        answered = await aside(
            lambda: self._client.finish(
                provider,
                secret,
                redirect_uri=redirect_uri(self._services.links, alias),
                code=asked.get("code", "")[:_LONGEST],
                nonce=str(held.get("nonce")),
                verifier=str(held.get("verifier")),
            )
        )
        return provider, answered

    async def refused(self, request: Request, wanted: str, refusal: Refusal) -> Response:
        """Show the sign-in page with what went wrong."""
        shown = Denied(refusal.message, remedy="Choose another way.") if isinstance(refusal, NotFound) else refusal
        return self._without_ticket(await self._pages.form_page(request, wanted, refusal=shown))

    async def logged_out(self, alias: str, token: str) -> None:
        """End the sessions that a provider says have ended."""
        provider = await self._offered(alias)
        out = await aside(lambda: self._client.logged_out(provider, token))
        ended = await self._site.db.write(
            lambda tx: self._providers.signed_out_there(tx, alias, subject=out.subject, session=out.session)
        )
        log.info("signed out by provider", provider=alias, sessions=ended)

    async def _offered(self, alias: str) -> Provider:
        return await self._site.db.read(lambda tx: self._providers.offered_one(tx, alias))

    def _entered(self, tx: Transaction, request: Request, provider: Provider, answered: Answered) -> str:
        user = self._providers.sign_in(tx, provider, answered.claims)
        beginning = replace(
            beginning_of(request, SignInWay.PROVIDER, strong=provider.trusts_second_factor),
            provider=provider.alias,
            provider_session=answered.session,
            id_token=self._providers.sealed_token(answered.id_token),
        )
        return self._services.sessions.begin(tx, user, beginning, instead_of=self._pages.cookie_of(request))

    def _without_ticket(self, response: Response) -> Response:
        secure = self._site.frame.secure_cookies
        response.delete_cookie(_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
        return response


async def _where_to_sign_out(site: Site, services: Services, visitor: Visitor) -> tuple[str, str] | None:
    """Return the name of the provider that vouched for a visitor, and where it signs them out, too."""
    session, providers = visitor.session, services.identity_providers
    alias, kept = session.provider, session.id_token
    if alias is None or kept is None:
        return None
    try:
        provider = await site.db.read(lambda tx: providers.offered_one(tx, alias))
    except NotFound:
        return None
    id_token, back = providers.opened_token(kept), signed_out_uri(services.links)
    address = await aside(lambda: services.provider_client.end_session_address(provider, id_token=id_token, back=back))
    return None if address is None else (provider.display_name, address)


def _require_answer(provider: Provider, request: Request, state: str) -> None:
    """Raise Denied unless a provider answers what it was asked, and agrees."""
    asked = request.query_params
    if not same(state, asked.get("state", "")) or asked.get("iss", provider.issuer) != provider.issuer:
        raise Denied("this answer is for another sign-in", remedy="Please sign in again.")
    if "error" in asked:
        log.info("provider refused", provider=provider.alias, error=asked["error"][:100])
        said = "you did not let it" if asked["error"] == "access_denied" else "it refused"
        raise Denied(f"{provider.display_name} did not sign you in: {said}", remedy="Please try again.")
