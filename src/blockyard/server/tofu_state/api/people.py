"""Versions and locks of states for people. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.http import answers
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.tofu_state.api.wire import LockOut, lock_document, opened, version_document
from blockyard.server.tofu_state.service import StateService

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


def people_routes(db: Database, states: StateService, master_key: MasterKey) -> APIRouter:
    """Return the routes of people."""
    router = api_router(prefix="/api/blockyard/v1/blocks/{block_id}/state", tags=["state"])

    @router.get("/versions", response_class=JSONResponse)
    async def list_versions(block_id: UUID, principal: CurrentPrincipal) -> Response:
        """List the kept versions of a block's state, the newest first."""
        versions = await db.read(lambda tx: states.versions(tx, principal, block_id))
        items: list[Json] = [version_document(version) for version in versions]
        return JSONResponse({"versions": items})

    @router.get("/versions/{number}", response_class=Response, responses=answers("application/json"))
    async def read_version(block_id: UUID, number: VersionNumber, principal: CurrentPrincipal) -> Response:
        """Return the content of one version."""
        content = await db.read(lambda tx: opened(master_key, states.read_version(tx, principal, block_id, number)))
        return content.answer()

    @router.post("/versions/{number}/restore", response_class=JSONResponse)
    async def restore_version(block_id: UUID, number: VersionNumber, principal: CurrentPrincipal) -> Response:
        """Make an older version the current one again, as a new version."""
        version = await db.write(lambda tx: states.restore(tx, principal, block_id, number))
        return JSONResponse(version_document(version))

    @router.get("/lock", response_model=LockOut)
    async def read_held_lock(block_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return the lock of a block's state and who holds it. 404 when there is none."""
        return JSONResponse(lock_document(await db.read(lambda tx: states.read_lock(tx, principal, block_id))))

    @router.delete("/lock", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def force_unlock(
        block_id: UUID,
        principal: CurrentPrincipal,
        lock_id: Annotated[str | None, Query(alias="ID", max_length=255)] = None,
        reason: Annotated[str | None, Query(max_length=255)] = None,
    ) -> None:
        """Take the lock of a block's state away from whoever holds it; with `ID` only if it is that lock. The event says why."""
        await db.write(lambda tx: states.force_unlock(tx, principal, block_id, lock_id, reason=reason))

    return router
