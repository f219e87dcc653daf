"""The page with what a run changed, or what a dry run would change."""

from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.service import RunAccess, RunDetail
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.runs.changes import MOST_RESOURCES, SIGNS, changes_in, counts_of
from blockyard.server.ui.pages.runs.head import around, head_of, sum_of
from blockyard.server.ui.pages.runs.steps import without_colours

_MOST_BYTES = 4 * 1024 * 1024
"""Of all steps together, from the end: engines print a plan at the end of a step."""

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
        found = changes_in(self._printed(tx, principal, detail)) if detail.access is RunAccess.FULL else []
        counts = counts_of(found)
        wanted = only if only in {action.value for action, _ in counts} else ""
        shown = [change for change in found if wanted in {"", change.action.value}]
        total = sum_of(tx, principal, self._services.views, detail)
        return {
            **around(tx, self._services, run),
            **head_of(detail, self._clock(), "Changes", total),
            "changes": shown,
            "chips": [(action.value, SIGNS[action], number, _address(run, action.value)) for action, number in counts],
            "everything": _address(run, ""),
            "only": wanted,
            "total": len(found),
            "is_cut": len(found) >= MOST_RESOURCES,
            "is_open": len(shown) <= _OPEN,
            "is_dry": run.behavior is Behavior.DETECT,
            "nothing": _nothing(run),
            "may_apply": self._may_apply(tx, principal, run),
        }

    def _printed(self, tx: Transaction, principal: Principal, detail: RunDetail) -> str:
        """Return the end of what the steps printed."""
        room, texts = _MOST_BYTES, []
        for step in reversed(detail.steps):
            if room <= 0 or not step.log_bytes:
                continue
            _, data = self._services.views.step_log(
                tx, principal, step.run_id, source=step.id.source, step=step.id.name, offset=None, size=room
            )
            room -= len(data)
            texts.append(without_colours(data.decode(errors="replace")).replace("\r\n", "\n"))
        return "\n".join(reversed(texts))

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


def _address(run: Run, only: str) -> str:
    return f"/runs/{run.id}/changes" + (f"?{urlencode({'only': only})}" if only else "")


def _nothing(run: Run) -> tuple[str, str]:
    """Return why there is nothing to show."""
    if not run.is_final:
        return "Not known yet", "The engine says what changes once it has made its plan."
    if run.changes_detected is False:
        return "No changes", "What is there is what was ordered."
    return "No changes were printed", "The log of this run has no plan; it says what the run did."
