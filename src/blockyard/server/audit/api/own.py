"""The event log as people and the command line read it. Blockyard's own endpoint."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.audit.service import AuditService
from blockyard.server.events.model import Event, EventFilter, EventType
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.list_parameters import NOT_GIVEN, MaybeInstant
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import ShortText, WireJson

MANY = 50
"""How many titles one request may name."""

Titles = Annotated[list[ShortText] | None, Query(max_length=MANY)]


async def event_filter(
    *,
    since: MaybeInstant = None,
    title: Titles = None,
    excluded_title: Annotated[list[ShortText] | None, Query(alias="excludedTitle", max_length=MANY)] = None,
    type_: Annotated[EventType | None, NOT_GIVEN, Query(alias="type")] = None,
    author: ShortText | None = None,
    workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    subject_kind: Annotated[ShortText | None, Query(alias="subjectKind")] = None,
    subject: ShortText | None = None,
) -> EventFilter:
    """Read which events are wanted; without `since` the list goes back a month. A filter without a value filters nothing."""
    return EventFilter(
        since=since,
        titles=[word for word in title or () if word],
        excluded_titles=[word for word in excluded_title or () if word],
        type=type_,
        author=author or None,
        workspace=workspace or None,
        subject_kind=subject_kind or None,
        subject_id=subject or None,
    )


def own_routes(db: Database, audit: AuditService, links: Links) -> APIRouter:
    """Return the route of the event log."""
    router = APIRouter(tags=["Event log"])

    @router.get("/api/blockyard/v1/events")
    async def list_events(
        request: Request,
        principal: CurrentPrincipal,
        wanted: Annotated[EventFilter, Depends(event_filter)],
        page: Annotated[PageRequest, Depends(page_request)],
    ) -> dict[str, WireJson]:
        """Return what happened, newest first."""
        found = await db.read(lambda tx: audit.page(tx, principal, wanted, page))
        return page_at(links.own("events"), "events", found.map(_document), sent_query(request))

    return router


def _document(event: Event) -> JsonObject:
    return {
        "uuid": str(event.id),
        "at": wire_time(event.at),
        "title": event.title,
        "type": event.type.value,
        "author": event.author.document(),
        "workspaceIdentifier": event.workspace,
        "subject": {"kind": event.subject_kind, "identifier": event.subject_id},
        "description": event.description,
        "content": event.content,
        "previousContent": event.previous,
    }
