"""The event table."""

from sqlalchemy import Column, Index, String, Table, Text, Uuid, insert

from blockyard.server.events.model import Event
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata

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
    Index("ix_events_at", "at"),
)


class EventStore:
    """Appends events."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, event: Event) -> None:
        """Write one event."""
        self._tx.execute(
            insert(_events).values(
                id=event.id,
                at=event.at,
                title=event.title,
                type=event.type.value,
                author_type=event.author.type,
                author_identifier=event.author.identifier,
                author=event.author.document(),
                workspace=event.workspace,
                subject_kind=event.subject_kind,
                subject_id=event.subject_id,
                description=event.description,
                content=event.content,
                previous=event.previous,
            )
        )
