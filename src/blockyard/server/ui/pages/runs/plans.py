"""The page with what a run changed, or what a dry run would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.names import Behavior, ChangeAction, RunStatus
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.paging import PageRequest
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.model.plan import PlanSource
from blockyard.server.runs.model.printed import SIGNS, Change, by_weight, changes_in, counts_of
from blockyard.server.runs.service import RunAccess, RunDetail
from blockyard.server.runs.service.changes import printed
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.runs.attributes import change_of
from blockyard.server.ui.pages.runs.deciding import deciding_of
from blockyard.server.ui.pages.runs.head import around, head_of, sum_of

_SHOWN = 500
"""So many changes are on the page; the others are in the API and on the command line."""

_OPEN = 20
"""With more changes than these each is folded at first."""


def add_changes(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    pages = ChangePages(site, services)

    @router.get("/runs/{run_id}/changes")
    async def show_changes(request: Request, run_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        only = request.query_params.get("only", "")
        context = await site.db.read_consistently(lambda tx: pages.context(tx, visitor.principal, RunId(run_id), only))
        return site.page(request, visitor, "pages/runs/changes.html", context)


class ChangePages:
    """Reads what the page shows."""

    def __init__(self, site: Site, services: Services) -> None:
        self._clock = site.clock
        self._services = services

    def context(self, tx: Transaction, principal: Principal, run_id: RunId, only: str) -> dict[str, object]:
        """Return what the template needs; `only` is the kind of change that is wanted. Raises NotFound."""
        detail = self._services.views.detail(tx, principal, run_id)
        run = detail.run
        found = self._found(tx, principal, detail, only) if detail.access is RunAccess.FULL else Found((), (), "")
        total = sum_of(tx, principal, self._services.views, detail)
        return {
            **around(tx, self._services, run),
            **head_of(detail, self._clock(), "Changes", total),
            "changes": found.changes,
            "chips": [
                (action.value, SIGNS[action], number, _address(run, action.value)) for action, number in found.counts
            ],
            "everything": _address(run, ""),
            "only": found.only,
            "total": found.total,
            "is_cut": len(found.changes) >= _SHOWN,
            "is_open": len(found.changes) <= _OPEN,
            "is_dry": run.behavior is Behavior.DETECT,
            "nothing": _nothing(run),
            "may_apply": self._may_apply(tx, principal, run),
            **deciding_of(tx, self._services, principal, detail),
        }

    def _found(self, tx: Transaction, principal: Principal, detail: RunDetail, only: str) -> "Found":
        """Return what is known of the changes: what the engine told of the plan, else what it printed."""
        run = detail.run
        summary = self._services.plans.summary(tx, run)
        if summary is None or summary.source is PlanSource.PRINTED:
            found = changes_in(printed(tx, detail.steps))
            counts = counts_of(found)
            wanted = _wanted(only, counts)
            return Found([change for change in found if wanted in {"", change.action.value}][:_SHOWN], counts, wanted)
        counts = by_weight(summary.counts)
        wanted = _wanted(only, counts)
        listed = self._services.plans.changes(
            tx, principal, run.id, ChangeAction(wanted) if wanted else None, PageRequest(0, _SHOWN)
        )
        return Found([change_of(change) for change in listed.page.items], counts, wanted)

    def _may_apply(self, tx: Transaction, principal: Principal, run: Run) -> bool:
        """Whether the visitor can apply the saved plan of this run: nothing ran since, and the plan is still kept."""
        if run.behavior is not Behavior.DETECT or run.status is not RunStatus.SUCCEEDED or not run.changes_detected:
            return False
        try:
            detail = self._services.blocks.detail(tx, principal, run.block_id)
        except Refusal:
            return False
        block = detail.view.block
        is_newest = block.latest_dry_run_id == run.id and block.version_id == run.target.version_id
        return detail.may_run and is_newest and not block.is_running and self._services.runs.has_plan(tx, run)


@dataclass(frozen=True, slots=True)
class Found:
    """The changes that a page shows, how many there are of each kind, and the one kind that is shown, if it is one."""

    changes: Sequence[Change]
    counts: Sequence[tuple[ChangeAction, int]]
    only: str

    @property
    def total(self) -> int:
        """How many changes there are in all."""
        return sum(number for _, number in self.counts)


def _wanted(only: str, counts: Sequence[tuple[ChangeAction, int]]) -> str:
    return only if only in {action.value for action, _ in counts} else ""


def _address(run: Run, only: str) -> str:
    return f"/runs/{run.id}/changes" + (f"?{urlencode({'only': only})}" if only else "")


def _nothing(run: Run) -> tuple[str, str]:
    """Return why there is nothing to show."""
    if not run.is_final:
        return "Not known yet", "The engine says what changes once it has made its plan."
    if run.changes_detected is False:
        return "No changes", "What is there is what was ordered."
    return "No changes were printed", "The log of this run has no plan; it says what the run did."
