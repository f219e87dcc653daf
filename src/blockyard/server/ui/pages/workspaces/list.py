"""The list of workspaces."""

from fastapi import APIRouter

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page
from blockyard.server.services import Services
from blockyard.server.ui.frame.lists import Asked, Cell, Column, Listing, add_list
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.around import home_of
from blockyard.server.workspaces.model import Workspace


def add_workspace_list(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the list."""

    def find(tx: Transaction, principal: Principal, asked: Asked) -> Page[Workspace]:
        return services.workspaces.page(tx, principal, asked.request, search=asked.search or None)

    listing = Listing(
        path="/w",
        title="Workspaces",
        one="workspace",
        many="workspaces",
        about=lambda _: "Where teams have their projects, tenants and building blocks",
        columns=[
            Column(label="Name", cell=lambda one: Cell(text=one.display_name or one.name)),
            Column(label="Identifier", cell=lambda one: Cell(text=one.name)),
            Column(label="Made", sort="created", cell=lambda one: Cell(at=one.created_at)),
        ],
        sort="created",
        href=lambda one: home_of(one.name),
        find=find,
        around=lambda _, principal, __: {"may_create": services.workspaces.may_create(principal)},
        template="pages/workspaces/list.html",
    )
    add_list(router, site, listing)
