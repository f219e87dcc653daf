"""The page of one's own account: how one signs in, and where one is signed in."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Session, SessionId, SignInWay
from blockyard.server.issuer.model import ClientSessionId
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.account.app import REMOVAL
from blockyard.server.ui.pages.account.connections import connections_of, disconnection_of
from blockyard.server.ui.pages.account.holdings import keys_of, roles_of
from blockyard.server.ui.pages.account.passkeys import asked_to_add, removal_of

PATH = "/account"

_WAYS = {
    SignInWay.PASSWORD: "Password",
    SignInWay.PASSKEY: "Passkey",
    SignInWay.PROVIDER: "Identity provider",
    SignInWay.LINK: "One-time link",
}

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""What the names that browsers give themselves contain; the first that is found counts, as most name others, too."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A session as the page shows it."""

    session: Session
    device: str
    way: str
    is_current: bool


def add_overview(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the page, and of ending sessions."""
    sessions, factors, programs = services.sessions, services.second_factors, services.client_sessions

    @router.get(PATH)
    async def show_account(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        me = visitor.principal
        methods, own, acting, connections, roles, keys, tags = await site.db.read(
            lambda tx: (
                factors.methods(tx, me),
                sessions.own(tx, me),
                programs.own(tx, me),
                connections_of(tx, services, me),
                roles_of(tx, services, me),
                keys_of(tx, services, me),
                services.principal_tags.own(tx, me),
            )
        )
        fresh = visitor.session.is_fresh(site.clock())
        adding = await asked_to_add(request, site, services, visitor) if fresh else {"passkey": None}
        context = {
            "methods": methods,
            "sessions": [_shown(one, visitor.session) for one in own],
            "programs": acting,
            "removals": {one.id: removal_of(one) for one in methods.passkeys},
            "app_removal": REMOVAL,
            "connections": connections,
            "roles": roles,
            "keys": keys,
            "tags": tags,
            "disconnections": {one.alias: disconnection_of(one) for one in connections},
            "fresh": fresh,
            "must_add_factor": visitor.principal.must_add_factor,
            "passkey_elsewhere": None,
            **adding,
        }
        return site.page(request, visitor, "pages/account/overview.html", context)

    @router.post("/account/sessions/end-others")
    async def end_others(request: Request) -> Response:
        visitor, _ = await site.visitors.of_form(request)

        def ended(tx: Transaction) -> None:
            sessions.end_others(tx, visitor.principal, visitor.cookie)
            programs.end_all_own(tx, visitor.principal)

        return await submit(
            site.db.write(ended),
            again=site.back_to(PATH, visitor),
            done=lambda _: site.go(PATH, visitor, notice="sessions-ended"),
        )

    @router.post("/account/programs/{uuid}/end")
    async def end_program(request: Request, uuid: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: programs.end_own(tx, visitor.principal, ClientSessionId(uuid))),
            again=site.back_to(PATH, visitor),
            done=lambda _: site.go(PATH, visitor, notice="program-ended"),
        )

    @router.post("/account/sessions/{uuid}/end")
    async def end_session(request: Request, uuid: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: sessions.end_own(tx, visitor.principal, SessionId(uuid))),
            again=site.back_to(PATH, visitor),
            done=lambda _: site.go(PATH, visitor, notice="session-ended"),
        )


def device_words(text: str) -> str:
    """Return what people call a browser that calls itself `text`."""
    browser = next((word for mark, word in _BROWSERS if mark in text), "")
    system = next((word for mark, word in _SYSTEMS if mark in text), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"


def _shown(session: Session, current: Session) -> _Shown:
    way = _WAYS[session.way] if session.provider is None else f"{_WAYS[session.way]} {session.provider}"
    return _Shown(session, device_words(session.device), way, is_current=session.token_hash == current.token_hash)
