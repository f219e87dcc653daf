"""The keys that tokens are signed with, for administrators: which there are, the next one, one that is not to be trusted any more."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.issuer.model import Algorithm, KeyUse
from blockyard.server.issuer.service import ShownKey, SigningKeys
from blockyard.server.kit.aside import aside
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireModel


class SigningKeyOut(WireModel):
    """A key. NEXT is shown and will sign, LAST signs no more, but what it signed may still be good."""

    key_id: str
    algorithm: Algorithm
    use: KeyUse
    created_on: str
    changes_on: Annotated[
        str | None, Field(description="When it begins to sign, or is gone; null where nothing is due.")
    ]


class SigningKeysOut(WireModel):
    """All keys of the issuer, the oldest first."""

    signing_keys: list[SigningKeyOut]


def signing_key_routes(db: Database, keys: SigningKeys) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/signing-keys", tags=["Installation"])

    @router.get("")
    async def list_signing_keys(principal: CurrentPrincipal) -> SigningKeysOut:
        """Return the keys that tokens are signed with, without what is secret of them."""
        return _shown(await db.read(lambda tx: keys.page(tx, principal)))

    @router.post("", status_code=HTTPStatus.CREATED)
    async def rotate_signing_keys(principal: CurrentPrincipal) -> SigningKeysOut:
        """Make the keys that follow: they are shown at once and sign a day later, so that nobody meets an unknown one."""
        await db.read(lambda tx: keys.require_rotatable(tx, principal))
        made = await aside(keys.make)
        return _shown(await db.write(lambda tx: keys.rotate(tx, principal, made)))

    @router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def withdraw_signing_key(
        key_id: Annotated[str, Path(min_length=1, max_length=64)], principal: CurrentPrincipal
    ) -> None:
        """Withdraw a key that others may know: nothing it signed is good any more, tokens of runs that go on included."""
        await db.write(lambda tx: keys.withdraw(tx, principal, key_id))

    return router


def _shown(found: Sequence[ShownKey]) -> SigningKeysOut:
    return SigningKeysOut(signing_keys=[_key(one) for one in found])


def _key(one: ShownKey) -> SigningKeyOut:
    return SigningKeyOut(
        key_id=one.key.id,
        algorithm=one.key.algorithm,
        use=one.use,
        created_on=wire_time(one.key.created_at),
        changes_on=None if one.changes_at is None else wire_time(one.changes_at),
    )
