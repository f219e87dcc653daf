"""Our own endpoints of holds: nothing that a block made is changed, and it stays."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter

from blockyard.server.blocks.service import BlockService
from blockyard.server.brakes.api import BrakeOut, LiftIn, brake_out
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireInstant


class HoldIn(LiftIn):
    """Why a block is put on hold, and until when; without an end until somebody lifts it."""

    until: WireInstant | None = None


def hold_routes(db: Database, blocks: BlockService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    @router.get("/{uuid}/holds")
    async def list_holds(uuid: UUID, principal: CurrentPrincipal) -> list[BrakeOut]:
        """Return the holds that are on a block now, the oldest first."""
        holds = await db.read(lambda tx: blocks.holding.holds(tx, principal, uuid))
        return [brake_out(hold, is_on=True) for hold in holds]

    @router.post("/{uuid}/holds", status_code=HTTPStatus.CREATED)
    async def place_hold(uuid: UUID, body: HoldIn, principal: CurrentPrincipal) -> BrakeOut:
        """Put a block on hold: it is not deleted, purged or upgraded, no bulk job takes it, and no run changes what it made.

        Dry runs go on; other runs wait for the end of the hold.
        """
        hold = await db.write(lambda tx: blocks.holding.hold(tx, principal, uuid, body.reason, body.until))
        return brake_out(hold, is_on=True)

    @router.post("/{uuid}/holds/lift")
    async def lift_holds(uuid: UUID, body: LiftIn, principal: CurrentPrincipal) -> list[BrakeOut]:
        """Lift the holds of a block that you may lift, and return them. Where there is none that changes nothing."""
        lifted = await db.write(lambda tx: blocks.holding.lift(tx, principal, uuid, body.reason))
        return [brake_out(hold, is_on=False) for hold in lifted]

    return router
