"""Whether a workspace keeps its rules: violations of policies, and what happened in it."""

from fastapi import APIRouter, Request, Response

from blockyard.server.events.model import Event, EventFilter, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame.lists import Asked, Cell, Column, Filter, Listing, add_list
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.around import around

_MOST = 200


def add_compliance(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the pages."""
    add_list(router, site, _events(services))

    def read(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context = around(tx, principal, services, name)
        page = services.policies.violations(tx, principal, PageRequest(0, _MOST), workspace=name)
        return {
            **context,
            "violations": page.items,
            "more": page.total - len(page.items),
            "may_read_events": principal.allows("EVENTLOG_LIST", workspace=name),
        }

    @router.get("/w/{workspace}/compliance")
    async def show_compliance(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))
        return site.page(request, visitor, "pages/workspaces/compliance.html", context)


def _about(event: Event) -> str | None:
    """Return what an event is about: its description, or what its content calls it, such as whose role it was."""
    match event.content:
        case _ if event.description:
            return event.description
        case {"subject": str(subject), "role": str(role)}:
            return f"{subject}: {role}"
        case {"displayName": str(name)} | {"username": str(name)}:
            return name
        case _:
            return None


def _events(services: Services) -> Listing[Event]:
    def find(tx: Transaction, principal: Principal, asked: Asked) -> Page[Event]:
        wanted = EventFilter(
            workspace=asked.within["workspace"],
            description=asked.search or None,
            type=EventType(asked.filters["type"]) if asked.filters["type"] else None,
        )
        return services.audit.page(tx, principal, wanted, asked.request)

    return Listing(
        path="/w/{workspace}/events",
        title="Event log",
        one="event",
        many="events",
        about=lambda _: "What happened in the workspace, newest first",
        columns=[
            Column(label="What", cell=lambda one: Cell(text=one.title, detail=_about(one))),
            Column(label="Who", cell=lambda one: Cell(text=one.author.display_name)),
            Column(label="When", cell=lambda one: Cell(at=one.at)),
        ],
        sort="",
        filters=[
            Filter(
                name="type",
                label="Kind",
                every="Everything",
                choices=[(one.value, one.value) for one in EventType],
            )
        ],
        href=lambda _: "",
        find=find,
        around=lambda tx, principal, asked: around(tx, principal, services, asked.within["workspace"]),
        searches="description",
        template="pages/workspaces/events.html",
    )
