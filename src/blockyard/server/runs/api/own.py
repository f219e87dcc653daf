"""Our own endpoints for people, pages and the CLI."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RunStatus
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import answers, page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ExactWireModel
from blockyard.server.runs.api.rendering import listed, run_detail, run_summary
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunFilter, RunService, RunViews

MAX_LOG_BYTES = 4 * 1024 * 1024
"""How much of a log one answer carries."""


class PassIn(ExactWireModel):
    """Why a run may pass what keeps it back."""

    reason: DisplayName


def own_routes(db: Database, runs: RunService, views: RunViews, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/runs", tags=["runs"])

    @router.get("", response_class=Answer)
    async def list_runs(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        block_id: Annotated[UUID | None, Query(alias="buildingBlockUuid")] = None,
        workspace: Annotated[str | None, Query(alias="workspaceIdentifier", max_length=255)] = None,
        status: RunStatus | None = None,
    ) -> Response:
        """List the runs whose status you may see, the newest first: of your workspaces, and of what they provide."""
        chosen = RunFilter(block_id=block_id, workspace=workspace, status=status)
        items = await db.read(lambda tx: listed(tx, runs, principal, runs.search(tx, principal, chosen, page), links))
        return Answer(page_at(links.own("runs"), RUN.plural, items, sent_query(request)))

    @router.get("/{run_id}", response_class=Answer)
    async def read_detail(run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return a run with attempts, sources, steps and outputs; `position` is where its events go on."""

        def read(tx: Transaction) -> JsonObject:
            detail = views.detail(tx, principal, RunId(run_id))
            return run_detail(detail, runs.wait_of(tx, detail.run), runs.waits_of(tx, detail.run))

        return Answer(await db.read(read))

    @router.post("/{run_id}/abort", status_code=HTTPStatus.ACCEPTED, response_class=Answer)
    async def abort_run(run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Stop a run. It is ABORTED at once or when its runner confirms, after 5 minutes at the latest."""
        run = await db.write(lambda tx: runs.abort(tx, principal, RunId(run_id)))
        return Answer(run_summary(run), status_code=HTTPStatus.ACCEPTED)

    @router.post("/{run_id}/break-glass", status_code=HTTPStatus.ACCEPTED, response_class=Answer)
    async def break_glass(run_id: UUID, body: PassIn, principal: CurrentPrincipal) -> Response:
        """Let one run that waits pass every hold, stop and freeze. It is an event of its own, and a warning of the run."""
        run = await db.write(lambda tx: runs.brakes.let_pass(tx, principal, run_id, body.reason))
        return Answer(run_summary(run), status_code=HTTPStatus.ACCEPTED)

    @router.get("/{run_id}/log", response_class=Response, responses=answers("text/plain"))
    async def read_log(
        run_id: UUID,
        *,
        principal: CurrentPrincipal,
        step: Annotated[str, Query(min_length=1, max_length=255)],
        source: Annotated[str | None, Query(max_length=255)] = None,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
        size: Annotated[int, Query(ge=1, le=MAX_LOG_BYTES)] = MAX_LOG_BYTES,
    ) -> Response:
        """Return what was kept of `size` bytes of a step's log from `offset` on; `X-Log-Bytes` tells how long it is."""
        found, text = await db.read(
            lambda tx: views.step_log(tx, principal, RunId(run_id), source=source, step=step, offset=offset, size=size)
        )
        headers = {"X-Log-Bytes": str(found.log_bytes), "X-Content-Type-Options": "nosniff"}
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)

    return router
