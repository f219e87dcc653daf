"""Our own endpoints of the lives of blocks: when they end by themselves, and a deletion that is taken back."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from blockyard.server.blocks.service import BlockService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ExactWireModel, WireInstant, WireModel


class ExpiryIn(ExactWireModel):
    """When a block ends by itself; null: not at all."""

    expires_at: WireInstant | None


class ExpiryOut(WireModel):
    """When a block ends by itself."""

    building_block_uuid: UUID
    expires_at: str | None


class KeptOut(WireModel):
    """A block that lives on."""

    building_block_uuid: UUID
    status: str


def life_routes(db: Database, blocks: BlockService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    @router.get("/{uuid}/expiry")
    async def read_expiry(uuid: UUID, principal: CurrentPrincipal) -> ExpiryOut:
        """Return when a block ends by itself."""
        return _expiry(uuid, await db.read(lambda tx: blocks.expiring.get(tx, principal, uuid)))

    @router.put("/{uuid}/expiry")
    async def change_expiry(uuid: UUID, body: ExpiryIn, principal: CurrentPrincipal) -> ExpiryOut:
        """Say when a block ends by itself, or put that off, as far as its definition allows.

        People are warned a week and a day before; then it is deleted as if somebody had asked for it. A hold keeps it.
        """
        return _expiry(uuid, await db.write(lambda tx: blocks.expiring.put(tx, principal, uuid, body.expires_at)))

    @router.post("/{uuid}/take-back-deletion")
    async def take_back_deletion(uuid: UUID, principal: CurrentPrincipal) -> KeptOut:
        """Let a block live on whose deletion nobody has begun yet; where it is not being deleted that changes nothing."""
        view = await db.write(lambda tx: blocks.take_back(tx, principal, uuid))
        return KeptOut(building_block_uuid=uuid, status=view.block.status.value)

    return router


def _expiry(block_id: UUID, expires_at: datetime | None) -> ExpiryOut:
    return ExpiryOut(building_block_uuid=block_id, expires_at=None if expires_at is None else wire_time(expires_at))
