"""All runs of a block, the newest first."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.runs.service import RunFilter
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.block import run_row
from blockyard.server.ui.pages.blocks.head import Heads, head_of
from blockyard.server.ui.pages.blocks.paging import page_number, pages_around

_PAGE_SIZE = 25


def add_block_runs(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    heads = Heads(services)

    def read(tx: Transaction, principal: Principal, block_id: UUID, page: int) -> dict[str, object]:
        about = heads.read(tx, principal, block_id)
        chosen = RunFilter(block_id=block_id)
        found = services.runs.search(tx, principal, chosen, PageRequest(page - 1, _PAGE_SIZE))
        now = site.clock()
        return {
            **head_of(about, "Runs"),
            "runs": [run_row(run, now) for run in found.items],
            "total": found.total,
            **pages_around(f"/blocks/{block_id}/runs", page, found.pages),
        }

    @router.get("/blocks/{block_id}/runs")
    async def show_runs(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        page = page_number(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, block_id, page))
        return site.page(request, visitor, "pages/blocks/runs.html", context)
