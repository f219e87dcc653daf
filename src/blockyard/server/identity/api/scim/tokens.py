"""Fixed tokens for directories, which cannot sign in every five minutes: client id and secret of an API key, with a dot between."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from blockyard.server.identity.api.login import address_of
from blockyard.server.identity.api.signin import SignIn
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import ApiKeyService
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Unauthenticated

FixedToken = Callable[[Request, str], Awaitable[Principal]]
"""Returns whose fixed token it is. Raises Unauthenticated, TooManyRequests."""


def fixed_tokens(db: Database, keys: ApiKeyService, sign_in: SignIn) -> FixedToken:
    """Return what reads fixed tokens; failures are counted as those of sign-ins are."""

    async def by_fixed_token(request: Request, token: str) -> Principal:
        client_id, _, secret = token.partition(".")
        key = await db.read(lambda tx: keys.sign_in(tx, client_id, secret))
        if key is None:
            await sign_in.count_failed_key(client_id, address_of(request))
            raise Unauthenticated(
                "the token is not the client id and the secret of an API key, or the key is expired or deleted",
                code="WrongCredentials",
                remedy="Check both, or ask for a new key.",
            )
        used = key
        if keys.login_note_due(used):
            await db.write(lambda tx: keys.note_login(tx, used))
        return used.principal()

    return by_fixed_token
