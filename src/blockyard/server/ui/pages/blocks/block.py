"""The overview of one building block: what came of it, and how to use that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import Block, BlockStatus
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.twins import told_apart
from blockyard.server.ui.frame.values import output_rows, summary_of
from blockyard.server.ui.pages.blocks.head import Heads, head_of

_FEW_RUNS = 3
"""The overview shows the latest runs; all of them have a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list of a block."""

    id: UUID
    number: int
    behavior: str
    version: int
    since: datetime | None
    reason: str
    author: str
    summary: str | None
    badge: words.Badge
    created_at: datetime
    took: timedelta | None


def add_block(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    pages = BlockPages(services, site.clock)

    @router.get("/blocks/{block_id}")
    async def show_block(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: pages.context(tx, visitor.principal, block_id))
        return site.page(request, visitor, "pages/blocks/block.html", context)


class BlockPages:
    """Reads what the overview shows."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._heads = Heads(services)
        self._clock = clock

    def context(self, tx: Transaction, principal: Principal, block_id: UUID) -> dict[str, object]:
        """Return what the template needs. Raises NotFound."""
        about = self._heads.read(tx, principal, block_id)
        detail, view = about.detail, about.view
        now = self._clock()
        return {
            **head_of(about, None),
            "summary": summary_of(view),
            "outputs": output_rows(view),
            "no_outputs": _no_outputs(view.block),
            "runs": [run_row(run, now) for run in detail.runs[:_FEW_RUNS]],
            "more_runs": len(detail.runs) > _FEW_RUNS,
            "parents": detail.parents,
            "children": detail.children,
            "more_about": told_apart([*detail.parents, *detail.children]),
        }


def run_row(run: Run, now: datetime) -> RunRow:
    """Return a run as a line."""
    return RunRow(
        id=run.id,
        number=run.number,
        behavior=words.behavior(run.behavior),
        version=run.target.version_number,
        since=None if run.is_final else run.claimed_at,
        reason=words.reason(run.trigger.reason),
        author=run.trigger.author.display_name,
        summary=run.summary,
        badge=words.run_badge(run),
        created_at=run.created_at,
        took=None if run.claimed_at is None else (run.finished_at or now) - run.claimed_at,
    )


def _no_outputs(block: Block) -> str:
    if block.is_running:
        return "They appear here when the run has succeeded."
    return (
        "This building block has no outputs." if block.status is BlockStatus.SUCCEEDED else "There are no outputs yet."
    )
