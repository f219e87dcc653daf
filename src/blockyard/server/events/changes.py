"""Telling the event log about the objects of one kind: made, changed, deleted."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.events.model import Author, EventType
from blockyard.server.events.service import EventLog
from blockyard.server.kit.database import Transaction

log = structlog.get_logger(__name__)


class Owned(Protocol):
    """An object, of a workspace or of the installation."""

    @property
    def workspace(self) -> str | None:
        """Its owner; None if it belongs to nobody."""

    @property
    def key(self) -> object:
        """What addresses it among its kind."""


M = TypeVar("M", bound=Owned)


class Saves(Protocol[M]):
    """Writes objects of one kind: a store."""

    def save(self, model: M) -> M:
        """Write a changed object. Raises Stale when another transaction wrote it since it was read."""


class Changes(Generic[M]):
    """Tells of changes in their own transaction.

    Attributes:
        title: begins the titles of events, such as "Project Created" (concepts.md 22).
        content: returns what events show of an object, never a secret.
        verb: ends the title of a change.
    """

    def __init__(
        self,
        event_log: EventLog,
        kind: Kind | str,
        title: str,
        content: Callable[[M], JsonObject],
        *,
        verb: str = "Modified",
    ) -> None:
        self._events = event_log
        self._kind = kind if isinstance(kind, str) else kind.name
        self._title = title
        self._content = content
        self._verb = verb

    def tell(
        self,
        tx: Transaction,
        author: Author,
        type_: EventType,
        what: M,
        *,
        before: M | None = None,
        also: JsonObject | None = None,
        verb: str = "",
    ) -> M:
        """Append what happened to `what`, and return it; `also` has what the event says besides, `verb` ends its title."""
        ends = verb or (self._verb if type_ is EventType.CHANGED else type_.value)
        self._events.append(
            tx,
            author,
            f"{self._title} {ends}",
            type_,
            workspace=what.workspace,
            subject_kind=self._kind,
            subject_id=str(what.key),
            content=self._content(what) | (also or {}),
            previous=None if before is None else self._content(before),
        )
        log.info(
            "object changed", kind=self._kind, key=str(what.key), workspace=what.workspace, change=type_.value.lower()
        )
        return what

    def save(self, tx: Transaction, author: Author, store: Saves[M], after: M, *, before: M) -> M:
        """Save what became of `before`, tell of it, and return it; where nothing is different nothing is written. Raises Stale."""
        if after == before:
            return before
        return self.tell(tx, author, EventType.CHANGED, store.save(after), before=before)

    def deleted_just_now(self, tx: Transaction, author: Author, key: object) -> bool:
        """Whether `author` deleted the object a moment ago: a client whose answer was lost asks again."""
        return self._events.deleted_just_now(tx, author, subject_kind=self._kind, subject_id=str(key))
