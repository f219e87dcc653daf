"""The event table."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    Uuid,
    and_,
    false,
    func,
    insert,
    select,
    true,
)

from blockyard.server.events.model import Author, Event, EventFilter, EventType
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest

_events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("title", String(255), nullable=False),
    Column("type", String(20), nullable=False),
    Column("author_type", String(20), nullable=False),
    Column("author_identifier", String(255), nullable=False),
    Column("author", JsonText, nullable=False),
    Column("workspace", String(255)),
    Column("subject_kind", String(64), nullable=False),
    Column("subject_id", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("content", JsonText),
    Column("previous", JsonText),
    Index("ix_events_workspace_at", "workspace", "at"),
    Index("ix_events_subject_id_at", "subject_id", "at"),
    Index("ix_events_author_identifier_at", "author_identifier", "at"),
    Index("ix_events_subject_kind_at", "subject_kind", "at"),
    Index("ix_events_title_at", "title", "at"),
    Index("ix_events_type_at", "type", "at"),
    Index("ix_events_author_type_at", "author_type", "at"),
    Index("ix_events_at", "at"),
)


_APPEND = insert(_events)


class EventStore:
    """Appends and finds events."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, event: Event) -> None:
        """Write one event."""
        self._tx.execute(
            _APPEND,
            {
                "id": event.id,
                "at": event.at,
                "title": event.title,
                "type": event.type.value,
                "author_type": event.author.type,
                "author_identifier": event.author.identifier,
                "author": event.author.document(),
                "workspace": event.workspace,
                "subject_kind": event.subject_kind,
                "subject_id": event.subject_id,
                "description": event.description,
                "content": event.content,
                "previous": event.previous,
            },
        )

    def find(self, event_id: UUID) -> Event | None:
        """Return one event."""
        row = self._tx.execute(select(_events).where(_events.c.id == event_id)).mappings().one_or_none()
        return None if row is None else _event(row)

    def page(self, wanted: EventFilter, request: PageRequest) -> Page[Event]:
        """Return one page of the wanted events, newest first unless asked otherwise."""
        condition = and_(true(), *_conditions(wanted), *before(_events.c.at, request))
        total = self._tx.execute(select(func.count()).select_from(_events).where(condition)).scalar_one()
        rows = self._tx.execute(
            select(_events)
            .where(condition)
            .order_by(*ordered((_events.c.at, _events.c.id), request, newest_first=True))
            .limit(request.limit)
            .offset(request.offset)
        )
        return Page([_event(row) for row in rows.mappings()], int(str(total)), request)


def _conditions(wanted: EventFilter) -> Sequence[ColumnElement[bool]]:
    equal = (
        (_events.c.type, wanted.type.value if wanted.type else None),
        (_events.c.author_type, wanted.author_type),
        (_events.c.author_identifier, wanted.author),
        (_events.c.workspace, wanted.workspace),
        (_events.c.subject_kind, wanted.subject_kind),
        (_events.c.subject_id, wanted.subject_id),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if wanted.since is not None:
        conditions.append(_events.c.at >= wanted.since)
    if wanted.titles:
        conditions.append(_events.c.title.in_(wanted.titles))
    if wanted.excluded_titles:
        conditions.append(_events.c.title.not_in(wanted.excluded_titles))
    if wanted.description:
        conditions.append(_events.c.description.icontains(wanted.description, autoescape=True))
    if wanted.nothing:
        conditions.append(false())
    if wanted.workspaces is not None:
        conditions.append(_events.c.workspace.in_(wanted.workspaces))
    return conditions


def _event(row: RowMapping) -> Event:
    return Event(
        id=row["id"],
        at=row["at"],
        title=row["title"],
        type=EventType(row["type"]),
        author=Author.read(row["author"]),
        workspace=row["workspace"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        description=row["description"],
        content=row["content"],
        previous=row["previous"],
    )
