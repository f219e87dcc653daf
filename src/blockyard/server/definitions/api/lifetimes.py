"""The routes of lifetimes of blocks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.server.definitions.model import DefinitionId, Lifetimes
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.members import members
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireModel


class LifetimesWire(WireModel):
    """How many minutes a deletion can be taken back before anything is destroyed, and after how many days blocks end at most.

    Both are needed: what was left out would be taken away without a word.
    """

    undo_minutes: Annotated[int, Field(ge=0, le=30 * 24 * 60)]
    maximum_days: Annotated[int, Field(ge=1, le=3650)] | None


def lifetime_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/definitions/{uuid}/lifetimes", tags=["Definitions"])
    lifetimes = definitions.lifetimes

    @router.get("")
    async def read_lifetimes(uuid: UUID, principal: CurrentPrincipal) -> LifetimesWire:
        """Return how long blocks of a definition may live, and how long their deletion can be taken back."""
        return _shown(await db.read(lambda tx: lifetimes.get(tx, principal, DefinitionId(uuid))))

    @router.put("")
    async def change_lifetimes(uuid: UUID, body: LifetimesWire, principal: CurrentPrincipal) -> LifetimesWire:
        """Say how long new blocks of a definition may live, and how long deletions that begin now can be taken back."""
        said = body.into(Lifetimes)
        return _shown(await db.write(lambda tx: lifetimes.put(tx, principal, DefinitionId(uuid), said)))

    return router


def _shown(lifetimes: Lifetimes) -> LifetimesWire:
    return LifetimesWire(**members(lifetimes))
