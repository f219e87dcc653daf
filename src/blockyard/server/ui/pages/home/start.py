"""The start page: what needs the visitor, what they keep at hand, and what they used last."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.definitions.model.catalogue import CatalogueQuery
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame.needs import need_row
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.things import thing_row

_SHOWN_NEEDS = 20
_SHOWN_KEPT = 8


def _is_offered(tx: Transaction, principal: Principal, services: Services) -> bool:
    """Whether there is anything that the visitor could order."""
    return bool(services.definitions.catalogue.page(tx, principal, CatalogueQuery(), PageRequest(0, 1)).items)


def add_home(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the page and of the bell, which says how much needs the visitor."""
    home = services.home

    def read(tx: Transaction, principal: Principal) -> dict[str, object]:
        needs = home.needs(tx, principal)
        kept = home.kept(tx, principal)
        blocks = services.blocks.search(tx, principal, BlockQuery(), PageRequest(0, 1))
        return {
            "needs": [need_row(need) for need in needs.items[:_SHOWN_NEEDS]],
            "more_needs": max(0, needs.total - _SHOWN_NEEDS),
            "pinned": [thing_row(one) for one in kept if one.is_pinned],
            "recent": [(thing_row(one), one.visited_at) for one in kept if not one.is_pinned][:_SHOWN_KEPT],
            "has_blocks": blocks.total > 0,
            "is_offered": bool(blocks.total) or _is_offered(tx, principal, services),
            "may_create_workspace": services.workspaces.may_create(principal),
            "may_offer": principal.holds_somewhere("BUILDINGBLOCKDEFINITION_SAVE"),
            "may_order": principal.holds_somewhere("BUILDINGBLOCK_SAVE"),
            "is_nowhere": not principal.grants and not principal.everywhere,
        }

    @router.get("/")
    async def show_start(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal))
        return site.page(request, visitor, "pages/home/start.html", context)

    @router.get("/needs/count")
    async def count_needs(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        needs = await site.db.read(lambda tx: home.needs(tx, visitor.principal))
        return JSONResponse({"total": needs.total}, headers={"Cache-Control": "no-store"})

    @router.get("/tenants/{tenant_id}")
    async def lead_to_tenant(request: Request, tenant_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        found = await site.db.read(lambda tx: services.tenants.get(tx, visitor.principal, tenant_id))
        return site.go(f"/w/{found.tenant.workspace}/tenants/{tenant_id}", visitor)
