"""Reports of runners and pipelines: sources, status, logs, signs of life, plans. Source: runner.md 1.6 to 1.9."""

import asyncio
import hashlib
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response

from blockyard.protocol.kinds import RUN
from blockyard.protocol.live import LOG_OFFSET_PARAMETER, LOG_STEP_PARAMETER, LogReply, Release
from blockyard.protocol.status import SourceRegistration, StatusUpdate, UpdateReply
from blockyard.server.identity.api import CurrentPrincipal, current_principal
from blockyard.server.kit.bodies import LARGE_BYTES, read_body
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.http import answers, media, media_class, require_accept, require_content_type
from blockyard.server.kit.routers import api_router, takes
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.api.claims import wait_seconds
from blockyard.server.runs.api.held import MAX_HELD_SECONDS, held_heartbeat
from blockyard.server.runs.api.plans import OCTETS, plan_answer
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import ReportService, plan_context

MAX_OFFSET = 2**53

_BYTES = {"requestBody": {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}}


def report_routes(db: Database, reports: ReportService, master_key: MasterKey) -> APIRouter:
    """Return the routes for whoever works on a run."""
    router = api_router(tags=["runs"])
    objects = "/api/meshobjects/meshbuildingblockruns"
    own = "/api/blockyard/v1/runs"

    async def may_report(request: Request) -> None:
        principal = await current_principal(request)
        run_id = _run_of(request)
        await db.read(lambda tx: reports.require(tx, principal, run_id))

    @router.post(
        f"{objects}/{{run_id}}/status/source",
        dependencies=[Depends(media(RUN.media))],
        response_class=media_class(RUN.media),
    )
    async def register_source(
        run_id: UUID,
        principal: CurrentPrincipal,
        registration: Annotated[SourceRegistration, Body(media_type=RUN.media)],
    ) -> UpdateReply:
        """Add a source and its steps; repeating it merges them."""
        return await db.write(lambda tx: reports.register(tx, principal, RunId(run_id), registration))

    @router.patch(
        f"{objects}/{{run_id}}/status/source/{{source_id:path}}",
        dependencies=[Depends(media(RUN.media))],
        response_class=media_class(RUN.media),
    )
    @takes(LARGE_BYTES, may_report)
    async def report_status(
        run_id: UUID,
        source_id: Annotated[str, Path(min_length=1, max_length=255)],
        principal: CurrentPrincipal,
        update: Annotated[StatusUpdate, Body(media_type=RUN.media)],
    ) -> UpdateReply:
        """Change status, steps and outputs of a run; what is absent, null or empty stays. The answer tells of an abort."""
        return await db.write(lambda tx: reports.report(tx, principal, RunId(run_id), source_id, update))

    @router.get(f"{objects}/{{run_id}}/planartifact", response_class=Response, responses=answers(OCTETS))
    async def read_plan(request: Request, run_id: UUID, principal: CurrentPrincipal) -> Response:
        """Return the saved plan of a DETECT run to the run that applies it."""
        require_accept(request, [OCTETS])
        sealed = await db.read(lambda tx: reports.artifact(tx, principal, RunId(run_id)))
        return await plan_answer(master_key, RunId(run_id), sealed)

    @router.put(
        f"{objects}/{{run_id}}/plan-artifact",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        openapi_extra=_BYTES,
    )
    async def upload_plan(request: Request, run_id: UUID, principal: CurrentPrincipal) -> None:
        """Keep the plan of a DETECT run, before its last report; sent again it replaces the one before."""
        require_content_type(request, [OCTETS])
        plan = await read_body(request, LARGE_BYTES, may_report)
        sealed = await asyncio.to_thread(master_key.encrypt, plan, context=plan_context(RunId(run_id)))
        digest = (await asyncio.to_thread(hashlib.sha256, plan)).hexdigest()
        await db.write(lambda tx: reports.store_plan(tx, principal, RunId(run_id), sealed, digest))

    @router.post(f"{own}/{{run_id}}/log", openapi_extra=_BYTES)
    async def append_log(
        request: Request,
        run_id: UUID,
        principal: CurrentPrincipal,
        step: Annotated[str, Query(alias=LOG_STEP_PARAMETER, min_length=1, max_length=255)],
        offset: Annotated[int, Query(alias=LOG_OFFSET_PARAMETER, ge=0, le=MAX_OFFSET)],
    ) -> LogReply:
        """Append bytes to the log of a step from `offset` on; what is there already is kept."""
        data = await read_body(request, LARGE_BYTES, may_report)
        return await db.write(
            lambda tx: reports.append_log(tx, principal, RunId(run_id), step=step, offset=offset, data=data)
        )

    @router.post(f"{own}/{{run_id}}/heartbeat")
    async def heartbeat(
        request: Request, run_id: UUID, principal: CurrentPrincipal, prefer: Annotated[str | None, Header()] = None
    ) -> UpdateReply:
        """Give a sign of life; the answer tells of an abort. With `Prefer: wait=5` it comes when there is one, or after 5 s."""
        seconds = wait_seconds(prefer, MAX_HELD_SECONDS)
        return await held_heartbeat(request, db, reports, principal, RunId(run_id), seconds=seconds)

    @router.post(f"{own}/{{run_id}}/release")
    async def release_run(
        run_id: UUID, principal: CurrentPrincipal, release: Annotated[Release | None, Body()] = None
    ) -> UpdateReply:
        """Hand a run back to the queue; another attempt may begin at once."""
        reason = "" if release is None else release.reason
        return await db.write(lambda tx: reports.release(tx, principal, RunId(run_id), reason))

    return router


def _run_of(request: Request) -> RunId:
    """Return the run that the address names. Raises NotFound."""
    try:
        return RunId(UUID(request.path_params["run_id"]))
    except ValueError as error:
        raise NotFound("there is no such run") from error
