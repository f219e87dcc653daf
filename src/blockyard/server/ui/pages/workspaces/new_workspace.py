"""The form that makes a workspace, for administrators and, where they let people help themselves, for everybody."""

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.tags.model import TargetKind
from blockyard.server.ui.frame.plain_forms import Ask, Filled, again, send
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.around import home_of
from blockyard.server.ui.pages.workspaces.tags import tag_asks, tags_in
from blockyard.server.workspaces.model import Workspace, WorkspaceSettings

PATH = "/workspaces/new"
"""Not below `/w`, where a workspace may be called `new`."""


def add_new_workspace(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the form."""
    workspaces = services.workspaces

    def asks_of(tx: Transaction, principal: Principal) -> list[Ask]:
        workspaces.require_may_create(principal)
        return [
            Ask(
                name="name",
                label="Name",
                needed=True,
                pointers=["/spec/displayName"],
                placeholder="Web Shop",
                help="How people see it in lists.",
            ),
            Ask(
                name="identifier",
                label="Identifier",
                needed=True,
                longest=64,
                pointers=["/metadata/name"],
                placeholder="web-shop",
                help="Lower-case letters, digits and single hyphens. It never changes, and is never given again.",
            ),
            *tag_asks(tx, principal, services, TargetKind.WORKSPACE, {}),
        ]

    @router.get(PATH)
    async def show_new_workspace(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        asks = await site.db.read(lambda tx: asks_of(tx, visitor.principal))
        context = {"asks": again(asks, request, site, visitor), "crumbs": [("Workspaces", "/w"), ("New", None)]}
        return site.page(request, visitor, "pages/workspaces/new_workspace.html", context)

    @router.post(PATH)
    async def make_workspace(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        asks = await site.db.read(lambda tx: asks_of(tx, visitor.principal))

        def make(tx: Transaction, filled: Filled) -> Workspace:
            settings = WorkspaceSettings(display_name=filled.texts["name"], tags=tags_in(filled, asks, {}))
            return workspaces.create(tx, visitor.principal, filled.texts["identifier"], settings)

        return await send(
            site,
            visitor,
            asks,
            form,
            at=PATH,
            work=lambda filled: site.db.write(lambda tx: make(tx, filled)),
            done=lambda made: site.go(home_of(made.name), visitor, said="The workspace was made. You are its owner."),
        )
