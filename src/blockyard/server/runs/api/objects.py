"""Reading runs by the meshObject API. Source: runner.md 1.3 #6, #9, #10, 1.10; api.md 3.20."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class, page_request, require_accept
from blockyard.server.kit.paging import PageRequest
from blockyard.server.runs.api.rendering import list_item
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunFilter, RunService, RunViews


def object_routes(db: Database, runs: RunService, views: RunViews, links: Links) -> APIRouter:
    """Return the routes for readers."""
    router = APIRouter(prefix="/api/meshobjects/meshbuildingblockruns", tags=["runs"])

    @router.get("", dependencies=[Depends(media(RUN.media))], response_class=media_class(RUN.media))
    async def list_runs(
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        block_id: Annotated[UUID | None, Query(alias="buildingBlockUuid")] = None,
        workspace: Annotated[str | None, Query(alias="workspaceIdentifier")] = None,
    ) -> Response:
        """List runs, oldest first. Consumers see those of a block whose definition has run transparency."""
        chosen = RunFilter(block_id=block_id, workspace=workspace)
        found = await db.read(lambda tx: runs.page(tx, principal, chosen, page))
        pairs = (("buildingBlockUuid", block_id), ("workspaceIdentifier", workspace))
        query = {name: str(value) for name, value in pairs if value is not None}
        items = found.map(lambda run: list_item(run, links))
        return media_class(RUN.media)(links.page_of(RUN, items, query))

    @router.get("/{run_id}", dependencies=[Depends(media(RUN.media))], response_class=media_class(RUN.media))
    async def read_run(run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return a run without its token; hashes stand for secrets."""
        document = await db.read(lambda tx: views.document(tx, principal, RunId(run_id)))
        return media_class(RUN.media)(document)

    @router.get("/{run_id}/logs", response_class=media_class(RUN.media))
    async def read_logs(request: Request, run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return the steps of a run with their messages; a system message is the end of the step's log."""
        accepted = require_accept(request, [RUN.media, "application/json"])
        logs = await db.read(lambda tx: views.logs(tx, principal, RunId(run_id)))
        steps: list[Json] = [
            {
                "displayName": log.step.display_name,
                "status": log.step.status.value,
                "userMessage": log.step.user_message,
                "systemMessage": log.system_message,
            }
            for log in logs
        ]
        document: JsonObject = {"steps": steps}
        return Answer(document, status_code=HTTPStatus.OK, media_type=accepted)

    return router
