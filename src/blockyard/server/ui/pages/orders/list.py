"""The drafts of orders that somebody has."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.order_drafts.model import MAX_DRAFTS, OrderDraft
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.lists import Cell, Head, Row
from blockyard.server.ui.frame.site import Site


def add_draft_list(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the list: nobody has more drafts than a page shows."""

    def read(tx: Transaction, principal: Principal) -> Mapping[str, object]:
        page = PageRequest(0, MAX_DRAFTS, newest_first=True)
        found = services.order_drafts.page(tx, principal, page)
        names = services.definitions.names(tx, {draft.definition_id for draft in found.items})
        return {
            "heads": [Head("Order of", None, None), Head("Last change", None, None)],
            "rows": [_row(draft, names[draft.definition_id]) for draft in found.items],
            "told": words.count(found.total, "draft", "drafts"),
        }

    @router.get("/orders")
    async def show_drafts(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: read(tx, visitor.principal))
        return site.page(request, visitor, "pages/orders/list.html", context)


def _row(draft: OrderDraft, definition: str) -> Row:
    name = draft.fields.get("name")
    detail = name if isinstance(name, str) and name else None
    return Row(f"/orders/{draft.id}", [Cell(text=definition, detail=detail), Cell(at=draft.changed_at)])
