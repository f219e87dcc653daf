"""Reading runs by the meshObject API. Source: runner.md 1.3 #6, #9, #10, 1.10; api.md 3.20."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import answers, media, media_class, page_request, require_accept, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.api.plans import OCTETS, plan_answer
from blockyard.server.runs.api.rendering import list_item, listed
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RUN_FINISHED, ReportService, RunFilter, RunService, RunViews


def object_routes(
    db: Database, runs: RunService, views: RunViews, reports: ReportService, *, links: Links, master_key: MasterKey
) -> APIRouter:
    """Return the routes for readers."""
    router = api_router(prefix="/api/meshobjects/meshbuildingblockruns", tags=["runs"])

    @router.get("", dependencies=[Depends(media(RUN.media))], response_class=media_class(RUN.media))
    async def list_runs(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        block_id: Annotated[UUID | None, Query(alias="buildingBlockUuid")] = None,
        workspace: Annotated[str | None, Query(alias="workspaceIdentifier")] = None,
    ) -> Response:
        """List runs, oldest first, those of one block newest first. Consumers see those of a block with run transparency."""
        chosen = RunFilter(block_id=block_id, workspace=workspace)
        items = await db.read(lambda tx: listed(tx, runs, principal, runs.page(tx, principal, chosen, page), links))
        return media_class(RUN.media)(links.page_of(RUN, items, sent_query(request)))

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

    @router.get("/{run_id}/plan-artifact", response_class=Response, responses=answers(OCTETS))
    async def download_plan(request: Request, run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return the saved plan of a DETECT run; it holds the same secrets as the state, and takes the same permission."""
        require_accept(request, [OCTETS])
        read = views.plan if principal.run is None else reports.artifact
        return await plan_answer(
            master_key, RunId(run_id), await db.read(lambda tx: read(tx, principal, RunId(run_id)))
        )

    @router.post("/{run_id}/abort", response_class=media_class(RUN.media))
    async def abort_by_link(request: Request, run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Stop a run, as its link `abort` says. 400 if it has ended already."""
        accepted = require_accept(request, [RUN.media, "application/json"])

        def abort(tx: Transaction) -> JsonObject:
            run = runs.abort(tx, principal, RunId(run_id))
            return list_item(run, links, may_abort=False)

        try:
            return Answer(await db.write(abort), media_type=accepted)
        except Conflict as error:
            if error.code != RUN_FINISHED:
                raise
            raise Invalid(error.message, code=error.code, remedy=error.remedy) from error

    return router
