"""The event log of the meshObject API, read only. Source: api.md 3.21."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import EVENT_LOG as KIND
from blockyard.protocol.kinds import WORKSPACE
from blockyard.server.audit.api.own import MANY, Titles
from blockyard.server.audit.service import AuditService
from blockyard.server.events.model import Event, EventFilter, EventType
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.list_parameters import MaybeInstant
from blockyard.server.kit.objects import Answers, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import ShortText, WireJson, WireModel, WireUuid


class EventMetadata(WireModel):
    """Which event it is."""

    uuid: WireUuid


class WorkspaceRef(WireModel):
    """The workspace in which something happened."""

    kind: Literal["meshWorkspace"]
    name: str


class EventSpec(WireModel):
    """What happened; `previousContent` is there for changes."""

    title: str
    description: str
    event_type: str
    workspace_ref: WorkspaceRef | None
    content: dict[str, WireJson] | None
    previous_content: dict[str, WireJson] | None


class EventAuthor(WireModel):
    """Who acted."""

    type: str = Field(description="`User`, `ApiKey`, `ApiUser` or `System`.")
    identifier: str
    display_name: str
    username: str | None
    email: str | None
    euid: str | None


class EventCreated(WireModel):
    """When, and by whom."""

    timestamp: str
    author: EventAuthor


class EventStatus(WireModel):
    """Where the event comes from."""

    created: EventCreated


EventOut = object_schema(KIND, EventMetadata, EventSpec, EventStatus)


async def event_filter(
    *,
    since: Annotated[MaybeInstant, Query(alias="from")] = None,
    title: Titles = None,
    excluded_title: Annotated[list[ShortText] | None, Query(alias="excludeTitle", max_length=MANY)] = None,
    description: ShortText | None = None,
    event_type: Annotated[ShortText | None, Query(alias="eventType")] = None,
    author_type: Annotated[ShortText | None, Query(alias="authorType")] = None,
    author: Annotated[ShortText | None, Query(alias="authorIdentifier")] = None,
    workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    workspace_name: Annotated[ShortText | None, Query(alias="workspaceName")] = None,
) -> EventFilter:
    """Read which events are wanted. Without `from` the list goes back a month; `description` is a part of the description."""
    known = {kind.value for kind in EventType}
    return EventFilter(
        since=since,
        titles=[word for word in title or () if word],
        excluded_titles=[word for word in excluded_title or () if word],
        description=description,
        type=EventType(event_type) if event_type in known else None,
        author_type=author_type or None,
        author=author or None,
        workspace=workspace or workspace_name or None,
        nothing=(event_type or None) not in {None, *known} or len({workspace, workspace_name} - {None, ""}) > 1,
    )


def event_log_routes(db: Database, audit: AuditService, links: Links) -> APIRouter:
    """Return the routes that read events as objects."""
    router, answer = object_router(KIND, "Event log"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, EventOut))
    async def list_event_logs(
        request: Request,
        principal: CurrentPrincipal,
        wanted: Annotated[EventFilter, Depends(event_filter)],
        page: Annotated[PageRequest, Depends(page_request)],
    ) -> Response:
        """Return the events you may see, newest first; those of the last 31 days unless `from` says otherwise."""
        return answer.page(await db.read(lambda tx: audit.page(tx, principal, wanted, page)), request)

    @router.get("/{uuid}", response_model=EventOut)
    async def read_event_log(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return an event."""
        return answer.one(await db.read(lambda tx: audit.get(tx, principal, uuid)))

    return router


def _parts(event: Event) -> JsonObject:
    return {
        "metadata": {"uuid": str(event.id)},
        "spec": {
            "title": event.title,
            "description": event.description,
            "eventType": event.type.value,
            "workspaceRef": None if event.workspace is None else {"kind": WORKSPACE.name, "name": event.workspace},
            "content": event.content,
            "previousContent": event.previous,
        },
        "status": {"created": {"timestamp": wire_time(event.at), "author": event.author.document()}},
    }
