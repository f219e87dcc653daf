"""The areas that every page leads to, where in the tenancy a page is, and the way to it, which stands above it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

NO_WORKSPACE = "/w"
"""The list of workspaces: where the area of workspaces begins for who has chosen none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the site in the navigation of every page.

    Attributes:
        route: the area is there if the site has this route.
        key: after `g`, leads to the area.
        within: pages below these addresses belong to it; the start page has none.
    """

    label: str
    route: str
    icon: str
    key: str
    within: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether a page belongs to the area."""
        if not self.within:
            return path == self.route
        return any(path == one or path.startswith(f"{one}/") for one in self.within)

    def href(self, scope: "Scope") -> str:
        """Return where the area begins for a visitor who is in `scope`."""
        return scope.workspace.href if self.route == NO_WORKSPACE and scope.workspace else self.route


_AREAS = (
    Area(label="Home", route="/", icon="house", key="h"),
    Area(
        label="Marketplace",
        route="/marketplace",
        icon="store",
        key="m",
        within=("/marketplace", "/order", "/orders"),
    ),
    Area(label="Blocks", route="/blocks", icon="blocks", key="b", within=("/blocks", "/runs")),
    Area(label="Workspace", route=NO_WORKSPACE, icon="building-2", key="w", within=("/w",)),
)


def areas_of(routes: Collection[str]) -> Sequence[Area]:
    """Return the areas of a site with these routes."""
    return [area for area in _AREAS if area.route in routes]


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace, project or tenant: what it is called, and its page."""

    name: str
    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where in the tenancy a page is, or its visitor was last; stands in the bar of every page and leads to others there."""

    workspace: Place | None = None
    project: Place | None = None
    tenant: Place | None = None

    @property
    def places(self) -> Sequence[tuple[str, Place]]:
        """The places from the outermost one on, each with what it is."""
        found = (("workspace", self.workspace), ("project", self.project), ("tenant", self.tenant))
        return [(kind, place) for kind, place in found if place is not None]


def workspace_place(name: str, label: str) -> Place:
    """Return a workspace as a place."""
    return Place(name, label or name, f"/w/{name}")


def place_of_block(workspace: Place, project: str | None, tenant: tuple[UUID, str] | None = None) -> Scope:
    """Return where a block is; `tenant` is an id and a platform."""
    return Scope(
        workspace=workspace,
        project=Place(project, project, f"{workspace.href}/projects/{project}") if project else None,
        tenant=Place(tenant[1], tenant[1], f"{workspace.href}/tenants/{tenant[0]}") if tenant else None,
    )


Crumb = tuple[str, str | None]
"""A place on the way: what it is called and its address; None for the page itself."""

BLOCKS: Crumb = ("Blocks", "/blocks")


def within_block(block_id: UUID, name: str, *inside: Crumb) -> Sequence[Crumb]:
    """Return the way to a page of a block."""
    return [BLOCKS, (name, f"/blocks/{block_id}"), *inside]
