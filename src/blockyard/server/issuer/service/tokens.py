"""Access tokens and ID tokens: what they say, and whether what somebody brings is one of them. Source: RFC 9068, OpenID Connect Core 2."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.model import User
from blockyard.server.issuer.model import ACCESS_LIFE, ClientSession, ClientSessionId
from blockyard.server.issuer.service.keys import ALGORITHM, SigningKeys
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.kit.ids import NewId

SKEW = timedelta(seconds=60)
"""How much the clocks of replicas may differ: one may see a token before it was made."""

WORKSPACE_CLAIM = "MC_CUSTOMER"
"""The claim that names the workspace a token is bound to."""

_ACCESS_TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class Named:
    """What an access token names: the session, and the workspace it is bound to."""

    session: ClientSessionId
    workspace: str | None


class IssuedTokens:
    """Makes and reads tokens."""

    def __init__(self, *, keys: SigningKeys, base_url: str, issuer: str, clock: Clock, new_id: NewId) -> None:
        self._keys = keys
        self._base_url = base_url
        self._issuer = issuer
        self._clock = clock
        self._new_id = new_id

    def access(self, tx: Transaction, session: ClientSession, user: User, workspace: str | None) -> str:
        """Return an access token for the API."""
        claims = self._common(session, user, self._base_url) | {
            "jti": str(self._new_id()),
            "client_id": session.client_id,
            "scope": session.scopes,
            "preferred_username": user.username,
        }
        if workspace is not None:
            claims[WORKSPACE_CLAIM] = workspace
        return self._keys.signed(tx, claims, _ACCESS_TYPE)

    def identity(self, tx: Transaction, session: ClientSession, user: User) -> str:
        """Return an ID token: it tells the program who the person is, and opens nothing."""
        scopes, author = session.scopes.split(), user.author
        told: dict[str, str | None] = {"nonce": session.nonce}
        if "profile" in scopes:
            told |= {
                "name": author.display_name,
                "preferred_username": user.username,
                "given_name": user.first_name,
                "family_name": user.last_name,
            }
        if "email" in scopes:
            told["email"] = user.email
        said = {name: value for name, value in told.items() if value}
        return self._keys.signed(tx, self._common(session, user, session.client_id) | said, "JWT")

    def read(self, tx: Transaction, token: str) -> Named | None:
        """Return what an access token names; None if it is no token of this kind. Raises Unauthenticated: it is worth nothing."""
        header = _header(token)
        if header.get("alg") != ALGORITHM:
            return None
        key = self._keys.public(tx, str(header.get("kid"))) if header.get("typ") == _ACCESS_TYPE else None
        if key is None:
            raise _not_valid()
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            if (claims["iss"], claims["aud"]) != (self._issuer, self._base_url):
                raise _not_valid()
            begins, ends = int(claims["iat"]), int(claims["exp"])
            workspace = claims.get(WORKSPACE_CLAIM)
            named = Named(ClientSessionId(UUID(str(claims["sid"]))), None if workspace is None else str(workspace))
        except (JoseError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise _not_valid() from error
        now = self._clock().timestamp()
        if now >= ends:
            raise Unauthenticated("the bearer token has expired", code="TokenExpired", remedy="Sign in again.")
        if begins > now + SKEW.total_seconds():
            raise _not_valid()
        return named

    def _common(self, session: ClientSession, user: User, audience: str) -> JsonObject:
        now = int(self._clock().timestamp())
        return {
            "iss": self._issuer,
            "sub": str(user.id),
            "aud": audience,
            "iat": now,
            "exp": now + int(ACCESS_LIFE.total_seconds()),
            "auth_time": _seconds(session.signed_in_at),
            "sid": str(session.id),
        }


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _header(token: str) -> Mapping[str, Json]:
    """Return what a token says of itself; nothing if it cannot be read."""
    first = token.partition(".")[0]
    try:
        found: Json = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _not_valid() -> Unauthenticated:
    return Unauthenticated("the bearer token is not valid", remedy="Sign in again.")
