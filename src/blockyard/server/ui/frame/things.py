"""Things that can be found and pinned, as pages show them: where each is, its sign, and what its kind is called."""

from dataclasses import dataclass
from urllib.parse import quote

from blockyard.server.home.model import Kept, Kind, Thing

_SIGNS = {
    Kind.WORKSPACE: ("building-2", "Workspace"),
    Kind.PROJECT: ("folder", "Project"),
    Kind.TENANT: ("layers", "Tenant"),
    Kind.BLOCK: ("blocks", "Building block"),
    Kind.DEFINITION: ("store", "Marketplace"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingRow:
    """A thing as a row."""

    kind: str
    id: str
    name: str
    where: str
    href: str
    icon: str
    label: str


def thing_row(thing: Thing | Kept) -> ThingRow:
    """Return a thing as a row."""
    icon, label = _SIGNS[thing.kind]
    return ThingRow(
        kind=thing.kind.value,
        id=thing.id,
        name=thing.name,
        where=thing.where,
        href=_href(thing),
        icon=icon,
        label=label,
    )


def _href(thing: Thing | Kept) -> str:
    part = quote(thing.id, safe="")
    match thing.kind:
        case Kind.WORKSPACE:
            return f"/w/{part}"
        case Kind.PROJECT:
            workspace, _, name = thing.id.partition(".")
            return f"/w/{quote(workspace, safe='')}/projects/{quote(name, safe='')}"
        case Kind.TENANT:
            return f"/tenants/{part}"
        case Kind.BLOCK:
            return f"/blocks/{part}"
        case Kind.DEFINITION:
            return f"/marketplace/{part}"
