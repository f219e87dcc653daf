"""Our own endpoints of cascades: who runs again because of a block, and an end to that."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter

from blockyard.server.blocks.model.cascade import Cascade as RunningCascade
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.cascade import Cascade
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ExactWireModel, WireModel


class StopIn(ExactWireModel):
    """Why a cascade is stopped."""

    reason: DisplayName


class BecauseOut(WireModel):
    """A parent, and which of its outputs a building block takes."""

    building_block_uuid: UUID
    display_name: str
    outputs: Sequence[str]


class FollowerOut(WireModel):
    """A building block that may run again: when one of the outputs has another value, or, if it waits, when its parent succeeded."""

    uuid: UUID
    display_name: str
    workspace_identifier: str
    depth: int
    waits: bool
    because: Sequence[BecauseOut]


class HeldOut(WireModel):
    """A building block that a stopped cascade holds."""

    uuid: UUID
    display_name: str
    workspace_identifier: str


class CascadeOut(WireModel):
    """The building blocks that may run again, the nearest first, and those that are held; `isCut` if there are more.

    `warning` says that they are more than one cascade may run again here.
    `stopped`, `reason` and `message` say whether and why no more runs follow from the latest run of the block, or from what made it run.
    """

    building_blocks: Sequence[FollowerOut]
    is_cut: bool
    warning: str | None
    stopped: bool
    reason: str | None
    message: str | None
    held: Sequence[HeldOut]


class StoppedOut(WireModel):
    """A cascade: how many blocks it has run again, whether and why it is stopped, how many of those it held run now."""

    building_block_uuid: UUID
    started: int
    stopped: bool
    reason: str | None
    message: str | None
    resumed: int = 0


def cascade_routes(db: Database, blocks: BlockService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    @router.get("/{uuid}/cascade")
    async def preview_cascade(uuid: UUID, principal: CurrentPrincipal) -> CascadeOut:
        """Return who may run again because of a run of the block, and why; and whether that is stopped, and who is held."""
        return _cascade(await db.read(lambda tx: blocks.cascades.preview(tx, principal, uuid)))

    @router.post("/{uuid}/cascade/stop")
    async def stop_cascade(uuid: UUID, body: StopIn, principal: CurrentPrincipal) -> StoppedOut:
        """Let no more runs follow from the latest run of a block, or from the one that made it run; what a runner has goes on."""
        stopped = await db.write(lambda tx: blocks.stop_cascade(tx, principal, uuid, body.reason))
        return _stopped(uuid, stopped)

    @router.post("/{uuid}/cascade/resume")
    async def resume_cascade(uuid: UUID, principal: CurrentPrincipal) -> StoppedOut:
        """Run again what a stopped cascade held back, as another cascade of the same run."""
        cascade, resumed = await db.write(lambda tx: blocks.resume_cascade(tx, principal, uuid))
        return _stopped(uuid, cascade, resumed)

    return router


def _cascade(cascade: Cascade) -> CascadeOut:
    followers = [
        FollowerOut(
            uuid=one.block.id,
            display_name=one.block.name,
            workspace_identifier=one.block.workspace,
            depth=one.depth,
            waits=one.waits,
            because=[
                BecauseOut(building_block_uuid=why.parent, display_name=why.name, outputs=why.outputs)
                for why in one.because
            ],
        )
        for one in cascade.followers
    ]
    current = cascade.current
    return CascadeOut(
        building_blocks=followers,
        is_cut=cascade.is_cut,
        warning=cascade.warning,
        stopped=current is not None and current.is_stopped,
        reason=None if current is None else current.reason,
        message=None if current is None else current.message,
        held=[HeldOut(uuid=one.id, display_name=one.name, workspace_identifier=one.workspace) for one in cascade.held],
    )


def _stopped(block_id: UUID, cascade: RunningCascade, resumed: int = 0) -> StoppedOut:
    return StoppedOut(
        building_block_uuid=block_id,
        started=cascade.started,
        stopped=cascade.is_stopped,
        reason=cascade.reason,
        message=cascade.message,
        resumed=resumed,
    )
