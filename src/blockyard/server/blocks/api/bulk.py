"""Our own endpoints of bulk jobs: the same thing done to many blocks."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.api.wire import PeoplesBlockFilters
from blockyard.server.blocks.model.bulk import BulkAction, BulkProgress, BulkRow, JobState, RowState
from blockyard.server.blocks.service.bulk import BulkService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ExactWireModel, WireModel, WireUuid


class BulkFilters(PeoplesBlockFilters, ExactWireModel):
    """Which blocks a job is about. A filter that is not known is refused: without it the job would be about more of them."""


class BulkIn(WireModel):
    """What is done, and to which blocks: those with these ids, or those that match all of a filter."""

    action: Annotated[BulkAction, Field(strict=False)]
    building_block_uuids: Annotated[list[WireUuid], Field(max_length=1000)] | None = None
    filter: BulkFilters | None = None


class BulkOut(WireModel):
    """How far a job is: HELD until it is started, UNDER_WAY, STOPPED or OVER.

    `counts` has the blocks by OPEN, DONE, UNCHANGED, REFUSED and STOPPED.
    """

    uuid: UUID
    action: BulkAction
    state: JobState
    created_at: str
    ended_at: str | None
    counts: dict[str, int]
    over: bool


def bulk_routes(db: Database, bulk: BulkService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/bulk-jobs", tags=["Building blocks"])

    @router.post("", status_code=HTTPStatus.CREATED)
    async def make_bulk_job(body: BulkIn, principal: CurrentPrincipal) -> BulkOut:
        """Store a job that runs, upgrades, deletes or purges many blocks. Nothing is done until it is started."""
        if (body.building_block_uuids is None) == (body.filter is None):
            raise Invalid(
                "either building blocks or a filter are needed",
                code="NothingChosen",
                field="/buildingBlockUuids",
                remedy="Send buildingBlockUuids, or filter, and not both.",
            )
        if body.filter is not None and body.filter.model() == BulkFilters().model():
            raise Invalid(
                "a filter that names nothing would choose every building block that you may see",
                code="EverythingChosen",
                field="/filter",
                remedy="Say which ones, such as by workspaceIdentifier, definitionUuid or status.",
            )
        chosen = body.filter.model() if body.filter is not None else (body.building_block_uuids or [])
        return _out(await db.write(lambda tx: bulk.create(tx, principal, body.action, chosen)))

    @router.get("", response_class=Answer)
    async def list_bulk_jobs(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """List your own jobs, the newest first."""
        found = await db.read(lambda tx: bulk.page(tx, principal, page).map(_document))
        return Answer(page_at(links.own("bulk-jobs"), "bulkJobs", found, sent_query(request)))

    @router.get("/{uuid}")
    async def read_bulk_job(uuid: UUID, principal: CurrentPrincipal) -> BulkOut:
        """Return how far a job of yours is."""
        return _out(await db.read(lambda tx: bulk.get(tx, principal, uuid)))

    @router.get("/{uuid}/blocks", response_class=Answer)
    async def list_blocks_of_bulk_job(
        request: Request,
        uuid: UUID,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        state: RowState | None = None,
    ) -> Response:
        """List the blocks of a job of yours, and what came of each."""
        found = await db.read(lambda tx: bulk.rows(tx, principal, uuid, page, state).map(_row))
        return Answer(page_at(links.own("bulk-jobs", uuid, "blocks"), "bulkJobBlocks", found, sent_query(request)))

    @router.post("/{uuid}/start")
    async def start_bulk_job(uuid: UUID, principal: CurrentPrincipal) -> BulkOut:
        """Let the server do what a job says, to one block after the other, with the rights that you have then.

        A job that was stopped goes on. Nobody has to ask again until it is over.
        """
        return _out(await db.write(lambda tx: bulk.start(tx, principal, uuid)))

    @router.post("/{uuid}/stop")
    async def stop_bulk_job(uuid: UUID, principal: CurrentPrincipal) -> BulkOut:
        """Leave the rest of a job; what was done stays done. It may be started again."""
        return _out(await db.write(lambda tx: bulk.stop(tx, principal, uuid)))

    return router


def _out(progress: BulkProgress) -> BulkOut:
    job = progress.job
    return BulkOut(
        uuid=job.id,
        action=job.action,
        state=progress.state,
        created_at=wire_time(job.created_at),
        ended_at=None if job.ended_at is None else wire_time(job.ended_at),
        counts={state.value: progress.counts.get(state, 0) for state in RowState},
        over=progress.is_over,
    )


def _document(progress: BulkProgress) -> JsonObject:
    return _out(progress).model_dump(mode="json", by_alias=True)


def _row(row: BulkRow) -> JsonObject:
    return {
        "buildingBlockUuid": str(row.block_id),
        "name": row.name,
        "state": row.state.value,
        "code": row.code,
        "message": row.message,
    }
