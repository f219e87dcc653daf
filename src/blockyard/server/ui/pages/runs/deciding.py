"""Approving and declining what a run would change, beside the plan."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.service import RunDetail
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site, submit


def add_deciding(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes."""
    approvals = services.runs.approvals

    @router.post("/runs/{run_id}/approve")
    async def approve(request: Request, run_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"/runs/{run_id}/changes"

        def work(tx: Transaction) -> Run:
            return approvals.approve(
                tx,
                visitor.principal,
                RunId(run_id),
                plan=_plan(form.texts.get("plan", "")),
                comment=form.texts.get("comment", "").strip() or None,
                name=form.texts.get("name", ""),
            )

        return await submit(
            site.db.write(work),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="approved"),
        )

    @router.post("/runs/{run_id}/decline")
    async def decline(request: Request, run_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"/runs/{run_id}/changes"
        comment = form.texts.get("comment", "").strip() or None
        return await submit(
            site.db.write(lambda tx: approvals.decline(tx, visitor.principal, RunId(run_id), comment)),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="declined"),
        )


def deciding_of(tx: Transaction, services: Services, principal: Principal, detail: RunDetail) -> dict[str, object]:
    """Return what the template needs for the decision."""
    waits = services.runs.waits_of(tx, detail.run) if detail.run.awaits_approval else ()
    return {
        "approval": detail.approval if detail.run.awaits_approval else None,
        "approval_waits": [wait.message for wait in waits],
        "may_approve": detail.may_approve,
        "may_decline": detail.may_abort or detail.may_approve,
        "has_approved": detail.approval is not None and detail.approval.has_voted(principal.author),
    }


def _plan(text: str) -> RunId:
    """Return the run whose plan the page has shown. Raises Invalid."""
    try:
        return RunId(UUID(text))
    except ValueError as error:
        raise Invalid("the form is not complete", code="InvalidRequest", remedy="Load the page again.") from error
