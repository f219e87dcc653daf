"""The first page of a workspace: what needs the visitor, what there is, who is in it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.tenants.model import TenantQuery
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.needs import need_row
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.access import active, binding_rows
from blockyard.server.ui.pages.workspaces.around import around, home_of
from blockyard.server.ui.pages.workspaces.tenants import replication_badge
from blockyard.server.workspaces.model import Workspace

_SOME = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """A kind of thing: how many there are, and the first of them, each with its address and a badge or a word."""

    title: str
    icon: str
    href: str
    total: int
    none: str
    first: tuple[str, str] | None
    """What somebody does who has none yet: its words and its address."""
    items: list[tuple[str, str, words.Badge | None, str]]


def add_workspace_overview(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the page."""

    def read(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context = around(tx, principal, services, name)
        needs = services.home.needs(tx, principal, workspace=name)
        return {
            **context,
            "thing": Thing(
                kind=Kind.WORKSPACE, id=name, name=_called(services.workspaces.get(tx, principal, name)), where=name
            ),
            "needs": [need_row(need) for need in needs.items[:_SOME]],
            "more_needs": max(0, needs.total - _SOME),
            "tiles": _tiles(tx, principal, services, name),
            "people": _people(tx, principal, services, name),
            "may_create": principal.allows("PROJECT_SAVE", workspace=name),
        }

    @router.get("/w/{workspace}")
    async def show_workspace(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, workspace))
        return site.page(request, visitor, "pages/workspaces/overview.html", context)


def _called(workspace: Workspace) -> str:
    return workspace.display_name or workspace.name


def _tiles(tx: Transaction, principal: Principal, services: Services, name: str) -> list[Tile]:
    some, home = PageRequest(0, _SOME), home_of(name)
    blocks = services.blocks.search(tx, principal, BlockQuery(workspace=name), some, descending=True)
    found = [
        Tile(
            "Building blocks",
            "blocks",
            f"/blocks?workspace={name}",
            blocks.total,
            "Nothing is ordered yet.",
            ("Open the marketplace", "/marketplace"),
            [
                (
                    line.block.name,
                    f"/blocks/{line.block.id}",
                    words.block_badge(line.block, is_yours=line.is_yours),
                    line.definition,
                )
                for line in blocks.items
            ],
        )
    ]
    if principal.allows("PROJECT_LIST", workspace=name):
        projects = services.projects.page(tx, principal, some, workspace=name)
        items = [
            (one.display_name or one.name, f"{home}/projects/{one.name}", None, one.name) for one in projects.items
        ]
        new = ("New project", f"{home}/projects/new") if principal.allows("PROJECT_SAVE", workspace=name) else None
        found.append(
            Tile("Projects", "folder", f"{home}/projects", projects.total, "There is no project yet.", new, [*items])
        )
    if principal.allows("TENANT_LIST", workspace=name):
        tenants = services.tenants.search(tx, principal, TenantQuery(workspace=name), some)
        found.append(
            Tile(
                "Tenants",
                "layers",
                f"{home}/tenants",
                tenants.total,
                "There is no tenant yet.",
                ("New tenant", f"{home}/tenants/new") if principal.allows("TENANT_SAVE", workspace=name) else None,
                [
                    (
                        f"{one.view.tenant.project} on {one.view.tenant.platform}",
                        f"{home}/tenants/{one.view.tenant.id}",
                        replication_badge(one),
                        one.view.tenant.platform_tenant_id or "",
                    )
                    for one in tenants.items
                ],
            )
        )
    return found


def _people(tx: Transaction, principal: Principal, services: Services, name: str) -> list[object]:
    if not principal.allows("WORKSPACEPRINCIPALBINDING_LIST", workspace=name):
        return []
    bindings = active(services.bindings.of_workspace(tx, principal, name), services.clock())
    return [*binding_rows(tx, services, bindings[:_SOME])]
