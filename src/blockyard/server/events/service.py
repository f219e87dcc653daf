"""Appending to the event log, in the transaction of the change, and finding in it."""

from datetime import timedelta
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.model import Author, Event, EventFilter, EventType
from blockyard.server.events.store import EventStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.paging import Page, PageRequest

REPLAY = timedelta(minutes=15)
"""How long a DELETE may be sent again and still succeed; clients give up retrying after 5 minutes. Source: api.md 1.8, 6."""


class EventLog:
    """Writes events; every mutating use case calls `append` once for each thing it changed."""

    def __init__(self, *, clock: Clock, new_id: NewId) -> None:
        self._clock = clock
        self._new_id = new_id

    def append(
        self,
        tx: Transaction,
        author: Author,
        title: str,
        type_: EventType,
        *,
        workspace: str | None,
        subject_kind: str,
        subject_id: str,
        description: str = "",
        content: JsonObject | None = None,
        previous: JsonObject | None = None,
    ) -> None:
        """Record that `author` did `title` (a title of concepts.md 22) to the subject; never pass a secret."""
        EventStore(tx).append(
            Event(
                id=self._new_id(),
                at=self._clock(),
                title=title,
                type=type_,
                author=author,
                workspace=workspace,
                subject_kind=subject_kind,
                subject_id=subject_id,
                description=description,
                content=content,
                previous=previous,
            )
        )

    def page(self, tx: Transaction, wanted: EventFilter, request: PageRequest) -> Page[Event]:
        """Return one page of the wanted events, newest first; for services that checked who asks."""
        return EventStore(tx).page(wanted, request)

    def find(self, tx: Transaction, event_id: UUID) -> Event | None:
        """Return an event by its id; for services that check who asks."""
        return EventStore(tx).find(event_id)

    def deleted_just_now(self, tx: Transaction, author: Author, *, subject_kind: str, subject_id: str) -> bool:
        """Whether `author` deleted the subject in the last `REPLAY` of time: a client whose answer was lost asks again."""
        wanted = EventFilter(
            since=self._clock() - REPLAY,
            type=EventType.DELETED,
            author=author.identifier,
            subject_kind=subject_kind,
            subject_id=subject_id,
        )
        return EventStore(tx).page(wanted, PageRequest(0, 1)).total > 0
