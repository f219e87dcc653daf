"""What plans would change, for people and programs: our own endpoints."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ChangeAction
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.plan import PlannedChange, PlanSummary
from blockyard.server.runs.service.changes import DifferentChange, PlanViews


def change_routes(db: Database, plans: PlanViews, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/runs", tags=["runs"])

    @router.get("/{run_id}/changes", response_class=Answer)
    async def list_changes(
        request: Request,
        run_id: UUID,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        action: ChangeAction | None = None,
    ) -> Response:
        """List what a dry run found to change, or what a run changes that applies its plan, in the order of the plan."""

        def read(tx: Transaction) -> JsonObject:
            listed = plans.changes(tx, principal, RunId(run_id), action, page)
            address = links.own("runs", run_id, "changes")
            found = page_at(address, "changes", listed.page.map(change_document), sent_query(request))
            return {**found, "plan": summary_document(listed.summary)}

        return Answer(await db.read(read))

    @router.get("/{run_id}/changes/comparison", response_class=Answer)
    async def compare_changes(
        request: Request,
        run_id: UUID,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        other: Annotated[
            UUID | None, Query(alias="with", description="The other run; the one before that has a plan, unless told.")
        ] = None,
    ) -> Response:
        """Compare what two runs would change: what only one of them does, and what they do otherwise."""

        def read(tx: Transaction) -> JsonObject:
            compared = plans.comparison(tx, principal, RunId(run_id), other, page)
            address = links.own("runs", run_id, "changes", "comparison")
            found = page_at(address, "differences", compared.page.map(_difference), sent_query(request))
            sums: JsonObject = {"here": summary_document(compared.here), "there": summary_document(compared.there)}
            return {**found, **sums, "alike": compared.alike, "isEqual": compared.is_equal}

        return Answer(await db.read(read))

    return router


def summary_document(summary: PlanSummary) -> JsonObject:
    """Return a plan in numbers."""
    return {
        "source": summary.source.value,
        "counts": {action.value: summary.counts.get(action, 0) for action in ChangeAction},
        "outputs": summary.outputs,
        "moved": summary.moved,
        "imported": summary.imported,
        "leftOut": summary.left_out,
        "digest": summary.digest,
    }


def change_document(change: PlannedChange) -> JsonObject:
    """Return what becomes of one resource or output."""
    return {**change.document, "isOutput": change.is_output}


def _difference(pair: DifferentChange) -> JsonObject:
    return {
        "difference": pair.difference.value,
        "here": None if pair.here is None else change_document(pair.here),
        "there": None if pair.there is None else change_document(pair.there),
    }
