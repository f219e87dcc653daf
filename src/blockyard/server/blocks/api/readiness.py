"""Our own endpoints of what another version makes of blocks: before it is released, and before one block is changed."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.server.blocks.model.block import Follows
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.readiness import Lack, ReadinessReport, UpgradePreview
from blockyard.server.definitions.model import PEOPLE, AssignmentType, VersionId
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.http import joined
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import WireJson, WireModel
from blockyard.server.runners.model import StoredSecret


class AnswerOut(WireModel):
    """An input that has no value: `filledBy` is CONSUMER or OPERATOR."""

    key: str
    display_name: str
    filled_by: str


class UnreadyOut(WireModel):
    """A building block that needs an answer: of which inputs, and of which definitions it needs a parent."""

    uuid: UUID
    display_name: str
    workspace_identifier: str
    version_number: int
    inputs: Sequence[AnswerOut]
    parents: Sequence[str]


class ReadinessOut(WireModel):
    """How many building blocks of other versions are ready for this one, how many need an answer, and the first 200 of these."""

    version_uuid: UUID
    version_number: int
    ready: int
    need_answer: int
    up_to_date: int
    building_blocks: Sequence[UnreadyOut]


class UpgradeOut(WireModel):
    """What changing a building block to the version it is offered would do; without one the version is null.

    `values` are those that it keeps or gets, but for `secrets`, of which only the keys are told.
    """

    building_block_uuid: UUID
    version_uuid: UUID | None
    version_number: int | None
    changes: Sequence[str]
    values: dict[str, WireJson]
    secrets: Sequence[str]
    inputs: Sequence[AnswerOut]
    parents: Sequence[str]


class FollowsIn(WireModel):
    """Which versions a building block is changed to by itself, when it runs next."""

    follows: Annotated[Follows, Field(strict=False)]


class FollowsOut(FollowsIn):
    """A building block and which versions it follows."""

    building_block_uuid: UUID


def readiness_routes(db: Database, blocks: BlockService) -> APIRouter:
    """Return the routes."""
    versions = api_router(prefix="/api/blockyard/v1/definitionversions", tags=["Definitions"])
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    @versions.get("/{uuid}/readiness")
    async def read_readiness(uuid: UUID, principal: CurrentPrincipal) -> ReadinessOut:
        """Return how ready the building blocks of a definition are for a version, also before it is released."""
        return _readiness(await db.read(lambda tx: blocks.readiness.of_version(tx, principal, VersionId(uuid))))

    @router.get("/{uuid}/upgrade")
    async def preview_upgrade(uuid: UUID, principal: CurrentPrincipal) -> UpgradeOut:
        """Return what changing a building block to the latest sound version would do. Nothing is changed."""
        return _upgrade(await db.read(lambda tx: blocks.readiness.of_block(tx, principal, uuid)))

    @router.put("/{uuid}/follows")
    async def follow_versions(uuid: UUID, body: FollowsIn, principal: CurrentPrincipal) -> FollowsOut:
        """Say which versions a building block is changed to by itself when it runs next: none, releases, or drafts too."""
        after = await db.write(lambda tx: blocks.follow(tx, principal, uuid, body.follows))
        return FollowsOut(building_block_uuid=uuid, follows=after.follows)

    return joined(versions, router)


def _readiness(report: ReadinessReport) -> ReadinessOut:
    return ReadinessOut(
        version_uuid=report.version.id,
        version_number=report.version.number,
        ready=report.ready,
        need_answer=report.need_answer,
        up_to_date=report.up_to_date,
        building_blocks=[
            UnreadyOut(
                uuid=one.block.id,
                display_name=one.block.name,
                workspace_identifier=one.block.workspace,
                version_number=one.block.version_number,
                inputs=_answers(one.lack),
                parents=one.lack.parents,
            )
            for one in report.unready
        ],
    )


def _upgrade(preview: UpgradePreview) -> UpgradeOut:
    version = preview.version
    return UpgradeOut(
        building_block_uuid=preview.block.id,
        version_uuid=None if version is None else version.id,
        version_number=None if version is None else version.number,
        changes=preview.changes,
        values={key: value for key, value in preview.values.items() if not isinstance(value, StoredSecret)},
        secrets=[key for key, value in preview.values.items() if isinstance(value, StoredSecret)],
        inputs=_answers(preview.lack),
        parents=preview.lack.parents,
    )


def _answers(lack: Lack) -> list[AnswerOut]:
    operators = PEOPLE - {AssignmentType.USER_INPUT}
    return [
        AnswerOut(
            key=spec.key,
            display_name=spec.label,
            filled_by="OPERATOR" if spec.assignment_type in operators else "CONSUMER",
        )
        for spec in lack.inputs
    ]
