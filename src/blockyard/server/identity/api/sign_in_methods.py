"""The routes of how people sign in, and of their sessions: what the account pages do. Blockyard's own endpoints."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.authenticate import SESSION_COOKIE
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.model import Principal, Session, SessionId, UserId
from blockyard.server.identity.model.factors import Methods, Passkey, PasskeyId
from blockyard.server.identity.service import PasskeyService, Place, SecondFactors, SessionService
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.idempotency import shown_once
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.tickets import Tickets
from blockyard.server.kit.wire import DisplayName, ShortText, Text, WireJson, WireModel

TICKET_LIFE = timedelta(minutes=10)
"""How long a passkey or an app may take to be added."""

ADD_PASSKEY, ADD_APP = "add a passkey", "add an authenticator app"
"""Purposes of tickets."""

_MAX_TICKET = 4000


class PasskeyOut(WireModel):
    """A passkey."""

    uuid: str
    name: str
    created_on: str
    last_used_on: str | None


class MethodsOut(WireModel):
    """How somebody can sign in."""

    has_password: bool
    passkeys: list[PasskeyOut]
    authenticator_app_added_on: str | None
    recovery_codes_left: int


class SessionOut(WireModel):
    """Where somebody is signed in on the pages."""

    uuid: str
    current: bool
    way: str
    provider: str | None
    second_factor: bool
    address: str
    device: str
    created_on: str
    last_seen_on: str


class Sessions(WireModel):
    """All sessions of a person."""

    sessions: list[SessionOut]


class PasskeyOptions(WireModel):
    """What `navigator.credentials.create` takes, and the ticket that goes back with its answer."""

    options: dict[str, WireJson]
    ticket: str


Ticket = Annotated[Text, Field(max_length=_MAX_TICKET)]


class NewPasskey(WireModel):
    """The answer of a device that made a passkey."""

    name: DisplayName
    ticket: Ticket
    credential: dict[str, WireJson] = Field(repr=False)


class PasskeyName(WireModel):
    """What a passkey is called."""

    name: DisplayName


class AppSecret(WireModel):
    """What an authenticator app is set up with: the secret, the address to show as a picture, and the ticket that goes back."""

    secret: str = Field(repr=False)
    address: str = Field(repr=False)
    ticket: str


class NewApp(WireModel):
    """The code that an app shows."""

    ticket: Ticket
    code: ShortText = Field(repr=False)


class RecoveryCodes(WireModel):
    """Codes that stand in for an app; each counts once."""

    recovery_codes: list[str] = Field(repr=False)


def sign_in_method_routes(
    db: Database, *, sessions: SessionService, factors: SecondFactors, passkeys: PasskeyService, tickets: Tickets
) -> APIRouter:
    """Return the routes of how people sign in, and of their sessions."""
    router = api_router(prefix="/api/blockyard/v1", tags=["Sign-in"])
    _add_sessions(router, db, sessions)
    _add_passkeys(router, db, passkeys, tickets)
    _add_app(router, db, factors, tickets)

    @router.get("/me/sign-in-methods")
    async def read_sign_in_methods(principal: CurrentPrincipal) -> MethodsOut:
        """Return how you can sign in."""
        return _methods(await db.read(lambda tx: factors.methods(tx, principal)))

    @router.delete("/users/{uuid}/sign-in-methods", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_sign_in_methods(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Remove the passkeys, the authenticator app and the recovery codes of somebody who lost them."""
        await db.write(lambda tx: factors.forget(tx, principal, UserId(uuid)))

    return router


def _add_sessions(router: APIRouter, db: Database, sessions: SessionService) -> None:
    @router.get("/me/sessions")
    async def list_sessions(request: Request, principal: CurrentPrincipal) -> Sessions:
        """Return where you are signed in on the pages, the session used last first."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        found = await db.read(lambda tx: sessions.own(tx, principal))
        return Sessions(sessions=[_session(one, sessions.is_of(one, cookie)) for one in found])

    @router.delete("/me/sessions", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_sessions(request: Request, principal: CurrentPrincipal) -> None:
        """Sign yourself out everywhere on the pages but in the session that asks."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        await db.write(lambda tx: sessions.end_others(tx, principal, cookie))

    @router.delete("/me/sessions/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_session(uuid: UUID, principal: CurrentPrincipal) -> None:
        """End one of your sessions on the pages."""
        await db.write(lambda tx: sessions.end_own(tx, principal, SessionId(uuid)))


def _add_passkeys(router: APIRouter, db: Database, passkeys: PasskeyService, tickets: Tickets) -> None:
    @router.post("/me/passkeys/options")
    async def begin_passkey(request: Request, principal: CurrentPrincipal) -> PasskeyOptions:
        """Return what a device needs to make a passkey."""
        await db.read(lambda tx: passkeys.require_changing(tx, principal))
        place = place_of(request, passkeys)
        asked = await db.read(lambda tx: passkeys.asked_to_add(tx, principal, place))
        content: JsonObject = {"challenge": asked.challenge}
        ticket = tickets.issue(content, purpose=ADD_PASSKEY, owner=owner_of(principal), life=TICKET_LIFE)
        return PasskeyOptions(options=dict(asked.options), ticket=ticket)

    @router.post("/me/passkeys", status_code=HTTPStatus.CREATED)
    async def create_passkey(
        request: Request, body: Annotated[NewPasskey, Body()], principal: CurrentPrincipal
    ) -> PasskeyOut:
        """Add a passkey that a device made."""
        await db.read(lambda tx: passkeys.require_changing(tx, principal))
        place = place_of(request, passkeys)
        held = tickets.read(body.ticket, purpose=ADD_PASSKEY, owner=owner_of(principal))
        challenge, credential = str(held.get("challenge")), dict(body.credential)
        made = await db.write(
            lambda tx: passkeys.add(tx, principal, place, name=body.name, challenge=challenge, credential=credential)
        )
        return _passkey(made)

    @router.put("/me/passkeys/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def rename_passkey(uuid: UUID, body: Annotated[PasskeyName, Body()], principal: CurrentPrincipal) -> None:
        """Call one of your passkeys otherwise."""
        await db.write(lambda tx: passkeys.rename(tx, principal, PasskeyId(uuid), body.name))

    @router.delete("/me/passkeys/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_passkey(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Remove one of your passkeys."""
        await db.write(lambda tx: passkeys.remove(tx, principal, PasskeyId(uuid)))


def _add_app(router: APIRouter, db: Database, factors: SecondFactors, tickets: Tickets) -> None:
    @router.post("/me/authenticator-app")
    async def begin_authenticator_app(request: Request, principal: CurrentPrincipal) -> AppSecret:
        """Return a secret for an authenticator app; nothing is kept before you show a code of it."""
        shown_once(request)
        secret, address = await db.read(lambda tx: factors.draw_secret(tx, principal))
        ticket = tickets.issue({"secret": secret}, purpose=ADD_APP, owner=owner_of(principal), life=TICKET_LIFE)
        return AppSecret(secret=secret, address=address, ticket=ticket)

    @router.put("/me/authenticator-app")
    async def add_authenticator_app(body: Annotated[NewApp, Body()], principal: CurrentPrincipal) -> RecoveryCodes:
        """Be asked for codes of an app from now on; the recovery codes in the answer are shown once."""
        await db.read(lambda tx: factors.changing(tx, principal))
        held = tickets.read(body.ticket, purpose=ADD_APP, owner=owner_of(principal))
        secret = str(held.get("secret"))
        codes = await db.write(lambda tx: factors.add_code_app(tx, principal, secret, body.code))
        return RecoveryCodes(recovery_codes=[*codes])

    @router.delete("/me/authenticator-app", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_authenticator_app(principal: CurrentPrincipal) -> None:
        """Be asked for no codes any more."""
        await db.write(lambda tx: factors.remove_code_app(tx, principal))

    @router.post("/me/recovery-codes")
    async def renew_recovery_codes(request: Request, principal: CurrentPrincipal) -> RecoveryCodes:
        """Return new recovery codes; the ones before are void."""
        shown_once(request)
        codes = await db.write(lambda tx: factors.new_recovery_codes(tx, principal))
        return RecoveryCodes(recovery_codes=[*codes])


def place_of(request: Request, passkeys: PasskeyService) -> Place:
    """Return where passkeys are made. Raises Invalid: they do not work at the address of the request."""
    place = passkeys.place(request.headers.get("host", ""))
    if place is None:
        raise Invalid(
            "passkeys do not work at an IP address",
            code="NoPasskeysHere",
            remedy="Reach the server by the name of a host, which `public_url` has to say.",
        )
    return place


def owner_of(principal: Principal) -> str:
    """Return for whom tickets of a person are."""
    return f"{principal.author.type} {principal.author.identifier}"


def credential_in(text: str) -> JsonObject:
    """Return the answer of a device. Raises Invalid."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("the answer of the device cannot be read", code="UnusablePasskey", remedy="Try it again.")
    return found


def _methods(methods: Methods) -> MethodsOut:
    return MethodsOut(
        has_password=methods.has_password,
        passkeys=[_passkey(one) for one in methods.passkeys],
        authenticator_app_added_on=wire_time(methods.code_app.created_at) if methods.code_app else None,
        recovery_codes_left=methods.recovery_codes,
    )


def _passkey(passkey: Passkey) -> PasskeyOut:
    return PasskeyOut(
        uuid=str(passkey.id),
        name=passkey.name,
        created_on=wire_time(passkey.created_at),
        last_used_on=wire_time(passkey.used_at) if passkey.used_at else None,
    )


def _session(session: Session, is_current: bool) -> SessionOut:  # noqa: FBT001  what it is of, no choice
    return SessionOut(
        uuid=str(session.id),
        current=is_current,
        way=session.way.value,
        provider=session.provider,
        second_factor=session.strong,
        address=session.address,
        device=session.device,
        created_on=wire_time(session.created_at),
        last_seen_on=wire_time(session.seen_at),
    )
