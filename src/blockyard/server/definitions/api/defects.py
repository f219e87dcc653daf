"""Defective versions: how a defect looks, and the routes that mark and unmark one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import Defect, Version, VersionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Text, WireModel


class DefectOut(WireModel):
    """Why nothing new uses a version any more, and since when."""

    reason: str
    marked_on: str


class DefectIn(WireModel):
    """What is wrong with a version; those who have building blocks of it read it."""

    reason: Annotated[Text, Field(max_length=4000)]


class MarkedVersion(WireModel):
    """A version and its defect, if it has one."""

    version_uuid: UUID
    version_number: int
    defect: DefectOut | None


def defect_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the routes that mark and unmark a version."""
    router = api_router(prefix="/api/blockyard/v1/definitionversions/{uuid}/defect", tags=["Definitions"])
    defects = definitions.defects

    @router.put("")
    async def mark_version_defective(uuid: UUID, body: DefectIn, principal: CurrentPrincipal) -> MarkedVersion:
        """Mark a released version as defective: nothing new uses it, blocks that do go on and are offered another one."""
        reason = body.reason
        return _marked(await db.write(lambda tx: defects.mark(tx, principal, VersionId(uuid), reason)))

    @router.delete("")
    async def unmark_defective_version(uuid: UUID, principal: CurrentPrincipal) -> MarkedVersion:
        """Say that a version is not defective."""
        return _marked(await db.write(lambda tx: defects.unmark(tx, principal, VersionId(uuid))))

    return router


def defect_member(defect: Defect | None) -> JsonObject:
    """Return the member that tells of a defect; nothing where there is none."""
    return {} if defect is None else {"defect": {"reason": defect.reason, "markedOn": wire_time(defect.marked_at)}}


def _marked(version: Version) -> MarkedVersion:
    defect = version.defect
    shown = None if defect is None else DefectOut(reason=defect.reason, marked_on=wire_time(defect.marked_at))
    return MarkedVersion(version_uuid=version.id, version_number=version.number, defect=shown)
