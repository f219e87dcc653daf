"""What programs ask of the issuer: discovery, keys, tokens, revocation; and the sessions of one's own programs.

The addresses of the protocol are told by the discovery document, and answer as the protocol wants, not as the rest of the API.
"""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import CurrentPrincipal, address_of
from blockyard.server.issuer.model import SCOPES, ClientSession, ClientSessionId
from blockyard.server.issuer.service import ClientSessionService, Parameters, Place, Protocol, Said, SigningKeys
from blockyard.server.issuer.service.keys import ALGORITHM
from blockyard.server.issuer.service.tokens import WORKSPACE_CLAIM
from blockyard.server.kit.bodies import SIGN_IN_BYTES, read_form
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireModel

PREFIX = "/oidc"
KEYS = f"{PREFIX}/jwks"
"""Where the keys are, those that sign identity tokens of runs included; below the address of either issuer."""

AUTHORIZE = f"{PREFIX}/authorize"
"""The page that asks for consent."""

END_SESSION = f"{PREFIX}/end-session"
KEYS_SECONDS = 3600
"""How long others may keep the list of keys: a new one is shown a day before it signs."""


class ClientSessionOut(WireModel):
    """A program that acts for you."""

    uuid: str
    access_level: str
    workspace: str | None
    program: str
    address: str
    created_on: str
    last_used_on: str
    expires_on: str


class ClientSessions(WireModel):
    """All programs that act for a person."""

    client_sessions: list[ClientSessionOut]


def issuer_of(base_url: str) -> str:
    """Return what the issuer calls itself."""
    return base_url + PREFIX


def issuer_routes(
    db: Database, *, keys: SigningKeys, protocol: Protocol, sessions: ClientSessionService, links: Links
) -> APIRouter:
    """Return the routes of the protocol, but for the page of consent."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    document = _discovery(links.base_url)

    @router.get("/.well-known/openid-configuration")
    async def read_discovery() -> Response:
        return JSONResponse(document)

    @router.get("/jwks")
    async def read_keys() -> Response:
        await keys.provide(db)
        content = {"keys": await db.read(keys.shown)}
        return JSONResponse(content, headers={"Cache-Control": f"public, max-age={KEYS_SECONDS}"})

    @router.post("/token")
    async def give_tokens(request: Request) -> Response:
        await keys.provide(db)
        place = Place(address=address_of(request), device=request.headers.get("user-agent", "").replace("\0", ""))
        return await _answered(
            db, sessions, request, ("code", "refresh_token"), lambda tx, sent: protocol.token(tx, sent, place)
        )

    @router.post("/revoke")
    async def revoke_token(request: Request) -> Response:
        return await _answered(db, sessions, request, ("token",), protocol.revoked)

    @router.post("/end-session")
    async def end_session(request: Request) -> Response:
        """End the session of a refresh token, which the public command line client sends."""

        def ended(tx: Transaction, sent: Parameters) -> Said:
            revoked = {"token": sent.get("refresh_token", ()), "client_id": sent.get("client_id", ())}
            return protocol.revoked(tx, {name: values for name, values in revoked.items() if values})

        return await _answered(db, sessions, request, ("refresh_token",), ended)

    return router


def client_session_routes(db: Database, sessions: ClientSessionService) -> APIRouter:
    """Return the routes of the programs that act for oneself."""
    router = api_router(prefix="/api/blockyard/v1/me/client-sessions", tags=["Sign-in"])

    @router.get("")
    async def list_client_sessions(principal: CurrentPrincipal) -> ClientSessions:
        """Return the programs that you let act for you, the one used last first."""
        found = await db.read(lambda tx: sessions.own(tx, principal))
        return ClientSessions(client_sessions=[_shown(one) for one in found])

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_client_sessions(principal: CurrentPrincipal) -> None:
        """Sign out all programs that act for you."""
        await db.write(lambda tx: sessions.end_all_own(tx, principal))

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_client_session(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Sign out one of the programs that act for you."""
        await db.write(lambda tx: sessions.end_own(tx, principal, ClientSessionId(uuid)))

    return router


async def _answered(
    db: Database,
    sessions: ClientSessionService,
    request: Request,
    credentials: tuple[str, ...],
    answer: Callable[[Transaction, Parameters], Said],
) -> Response:
    """Answer a form; only one that brings something we gave gets a transaction that writes."""
    try:
        sent = (await read_form(request, SIGN_IN_BYTES)).lists
    except Invalid:
        sent = {}
    texts = [text for name in credentials for text in sent.get(name, ())]
    known = await db.read(lambda tx: any(sessions.knows(tx, text) for text in texts))
    said = await (db.write if known else db.read)(lambda tx: answer(tx, sent))
    return JSONResponse(said.document, said.status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _shown(session: ClientSession) -> ClientSessionOut:
    return ClientSessionOut(
        uuid=str(session.id),
        access_level=session.level.value,
        workspace=session.workspace,
        program=session.device,
        address=session.address,
        created_on=wire_time(session.created_at),
        last_used_on=wire_time(session.seen_at),
        expires_on=wire_time(session.expires_at),
    )


def _discovery(base_url: str) -> JsonObject:
    """Return what a program needs to know. Source: OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 9207."""
    return {
        "issuer": issuer_of(base_url),
        "authorization_endpoint": base_url + AUTHORIZE,
        "token_endpoint": f"{base_url}{PREFIX}/token",
        "jwks_uri": base_url + KEYS,
        "revocation_endpoint": f"{base_url}{PREFIX}/revoke",
        "end_session_endpoint": base_url + END_SESSION,
        "scopes_supported": [*SCOPES],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["sub", "name", "preferred_username", "email", "auth_time", "sid", WORKSPACE_CLAIM],
    }
