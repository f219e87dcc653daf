"""Approving and declining runs. Source: api.md 3.20."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Text, WireModel, WireUuid
from blockyard.server.runs.api.rendering import list_item, run_summary
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service.approvals import ApprovalService

Comment = Annotated[Text, Field(max_length=500)]


class ApprovalIn(WireModel):
    """Which plan is approved: that of the run which the link `predecessor` leads to. The other members are Blockyard's own."""

    predecessor_run_uuid: WireUuid
    comment: Comment | None = None
    building_block_name: Annotated[Text, Field(max_length=255)] | None = None


class DeclineIn(WireModel):
    """Why a plan is not applied."""

    comment: Comment | None = None


def approval_routes(db: Database, approvals: ApprovalService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(tags=["runs"])

    @router.post(
        "/api/meshobjects/meshbuildingblockruns/{run_id}/approve",
        dependencies=[Depends(media(RUN.media))],
        response_class=media_class(RUN.media),
    )
    async def approve_run(
        run_id: UUID, principal: CurrentPrincipal, approval: Annotated[ApprovalIn, Body(media_type=RUN.media)]
    ) -> Response:
        """Approve the plan of a waiting run, as its link `approve` says. 409 if the plan has changed, 400 if it waits no longer."""

        def approve(tx: Transaction) -> JsonObject:
            run = approvals.approve(
                tx,
                principal,
                RunId(run_id),
                plan=RunId(approval.predecessor_run_uuid),
                comment=approval.comment,
                name=approval.building_block_name,
            )
            return list_item(run, links, may_abort=run.may_be_aborted)

        return media_class(RUN.media)(await db.write(approve))

    @router.post("/api/blockyard/v1/runs/{run_id}/decline", response_class=Answer)
    async def decline_run(
        run_id: UUID, principal: CurrentPrincipal, decline: Annotated[DeclineIn | None, Body()] = None
    ) -> Response:
        """Decline the plan of a waiting run: it ends as ABORTED, and nothing is applied."""
        comment = None if decline is None else decline.comment
        run = await db.write(lambda tx: approvals.decline(tx, principal, RunId(run_id), comment))
        return Answer(run_summary(run))

    return router
