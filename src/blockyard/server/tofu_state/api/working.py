"""Runs that work on states. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.protocol.names import MaintenanceCommand
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ExactWireModel, Text, WireModel
from blockyard.server.tofu_state.api.people import VersionNumber
from blockyard.server.tofu_state.service.working import MOST_ADDRESSES, StateWork


class RestoreIn(ExactWireModel):
    """Why a state is restored."""

    reason: DisplayName


class MaintenanceIn(ExactWireModel):
    """What the engine does with a state itself, and why; `arguments` are addresses, and the id of what is imported."""

    command: Annotated[MaintenanceCommand, Field(strict=False)]
    arguments: Annotated[list[Text], Field(min_length=1, max_length=MOST_ADDRESSES)]
    reason: DisplayName


class StateRunOut(WireModel):
    """A run that works on the state of a building block."""

    building_block_uuid: UUID
    run_uuid: UUID | None


class RestoredOut(WireModel):
    """The run that restores a version when it begins, and applies the plan; or the version, where no run is needed. The other is null."""

    building_block_uuid: UUID
    version: int | None
    run_uuid: UUID | None


def working_routes(db: Database, work: StateWork) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/blocks/{block_id}/state", tags=["state"])

    @router.post("/versions/{number}/plan-restore", status_code=HTTPStatus.ACCEPTED)
    async def plan_restore(block_id: UUID, number: VersionNumber, principal: CurrentPrincipal) -> StateRunOut:
        """Start a dry run that says what would change if a version of the state were restored and applied."""
        run_id = await db.write(lambda tx: work.plan_restore(tx, principal, block_id, number))
        return StateRunOut(building_block_uuid=block_id, run_uuid=run_id)

    @router.post("/versions/{number}/apply-restore", status_code=HTTPStatus.ACCEPTED)
    async def apply_restore(
        block_id: UUID, number: VersionNumber, body: RestoreIn, principal: CurrentPrincipal
    ) -> RestoredOut:
        """Request the run that makes a version of the state the current one, and applies exactly what its dry run has planned."""
        restored = await db.write(lambda tx: work.restore(tx, principal, block_id, number, body.reason))
        return RestoredOut(
            building_block_uuid=block_id,
            version=None if restored.version is None else restored.version.number,
            run_uuid=restored.run_id,
        )

    @router.post("/maintenance", status_code=HTTPStatus.ACCEPTED)
    async def maintain_state(block_id: UUID, body: MaintenanceIn, principal: CurrentPrincipal) -> StateRunOut:
        """Start a run in which the engine works on the state itself: removes, moves, imports, taints, untaints."""
        run_id = await db.write(
            lambda tx: work.maintain(tx, principal, block_id, body.command, body.arguments, reason=body.reason)
        )
        return StateRunOut(building_block_uuid=block_id, run_uuid=run_id)

    return router
