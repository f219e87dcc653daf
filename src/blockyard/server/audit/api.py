"""The route of the event log. Blockyard's own endpoint."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.audit.service import AuditService
from blockyard.server.events.model import Event, EventFilter, EventType
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.hal import Query as LinkQuery
from blockyard.server.kit.http import page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import ShortText, WireJson

_MANY = 50
"""How many titles one request may name."""

_Titles = Annotated[list[ShortText] | None, Query(max_length=_MANY)]


async def event_filter(
    *,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    title: _Titles = None,
    excluded_title: Annotated[list[ShortText] | None, Query(alias="excludedTitle", max_length=_MANY)] = None,
    type_: Annotated[EventType | None, Query(alias="type")] = None,
    author: ShortText | None = None,
    workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    subject_kind: Annotated[ShortText | None, Query(alias="subjectKind")] = None,
    subject: ShortText | None = None,
) -> EventFilter:
    """Read which events are wanted; `until` is exclusive, without `since` the list goes back a month."""
    return EventFilter(
        since=since,
        until=until,
        titles=title or (),
        excluded_titles=excluded_title or (),
        type=type_,
        author=author,
        workspace=workspace,
        subject_kind=subject_kind,
        subject_id=subject,
    )


def audit_routes(db: Database, audit: AuditService, links: Links) -> APIRouter:
    """Return the route of the event log."""
    router = APIRouter(tags=["Event log"])

    @router.get("/api/blockyard/v1/events")
    async def list_events(
        principal: CurrentPrincipal,
        wanted: Annotated[EventFilter, Depends(event_filter)],
        page: Annotated[PageRequest, Depends(page_request)],
    ) -> dict[str, WireJson]:
        """Return what happened, newest first."""
        found = await db.read(lambda tx: audit.page(tx, principal, wanted, page))
        return page_at(links.own("events"), "events", found.map(_document), _query(wanted))

    return router


def _query(wanted: EventFilter) -> LinkQuery:
    values: dict[str, str | list[str] | None] = {
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "title": list(wanted.titles),
        "excludedTitle": list(wanted.excluded_titles),
        "type": wanted.type.value if wanted.type else None,
        "author": wanted.author,
        "workspaceIdentifier": wanted.workspace,
        "subjectKind": wanted.subject_kind,
        "subject": wanted.subject_id,
    }
    return {name: value for name, value in values.items() if value is not None}


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
