"""What an event says. Source: concepts.md 22."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject


class EventType(StrEnum):
    """What happened to the subject."""

    ADDED = "Added"
    APPROVED = "Approved"
    CANCELLED = "Cancelled"
    CHANGED = "Changed"
    CREATED = "Created"
    DELETED = "Deleted"
    REJECTED = "Rejected"
    REMOVED = "Removed"
    REQUESTED = "Requested"


PERSON, KEY = "User", "ApiKey"
"""The types of authors who are people, and API keys."""

_BLOCK = "block-"
"""How the identifiers of building blocks begin that act by the ephemeral API keys of their runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who acted: `User`, `ApiKey`, `ApiUser` or `System`, as the wire spells it (runner.md 1.5, 1.5.1)."""

    type: str
    identifier: str
    display_name: str
    username: str | None = None
    email: str | None = None
    euid: str | None = None
    serves: UUID | None = None

    """The run in whose service this is done: it stays open until what it ordered has ended. Not part of the document."""

    @property
    def identity(self) -> tuple[str, str]:
        """Who it is, whatever they are called by now."""
        return (self.type, self.identifier)

    @property
    def block(self) -> UUID | None:
        """The building block whose run did it, with its ephemeral API key; None for everybody else."""
        if self.type != KEY or not self.identifier.startswith(_BLOCK):
            return None
        return UUID(self.identifier.removeprefix(_BLOCK))

    @classmethod
    def of_block(cls, block_id: UUID, name: str, *, run_id: UUID) -> "Author":
        """Return a building block that acts by the ephemeral API key of a run, which waits for what it orders."""
        return cls(type=KEY, identifier=f"{_BLOCK}{block_id}", display_name=f"building block '{name}'", serves=run_id)

    def document(self) -> JsonObject:
        """Return the author as run documents and AUTHOR inputs carry it."""
        return {
            "type": self.type,
            "identifier": self.identifier,
            "displayName": self.display_name,
            "username": self.username,
            "email": self.email,
            "euid": self.euid,
        }

    @classmethod
    def read(cls, document: JsonObject) -> "Author":
        """Return the author whose document this is."""
        texts = {name: value for name, value in document.items() if isinstance(value, str)}
        return cls(
            type=texts.get("type", "System"),
            identifier=texts.get("identifier", ""),
            display_name=texts.get("displayName", ""),
            username=texts.get("username"),
            email=texts.get("email"),
            euid=texts.get("euid"),
        )


SYSTEM = Author(type="System", identifier="system", display_name="System")
"""The author of what nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the log; `content` and `previous` never hold a secret."""

    id: UUID
    at: datetime
    title: str
    type: EventType
    author: Author
    workspace: str | None
    subject_kind: str
    subject_id: str
    description: str = ""
    content: JsonObject | None = None
    previous: JsonObject | None = None

    @property
    def key(self) -> UUID:
        """What addresses this event."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; what is None does not matter.

    Attributes:
        since: the first instant that counts.
        description: a part of the description, upper and lower case alike.
        nothing: the filters contradict each other, or name what no event has.
        workspaces: the workspaces whose events may be seen; None for everything.
    """

    since: datetime | None = None
    titles: Collection[str] = ()
    excluded_titles: Collection[str] = ()
    description: str | None = None
    type: EventType | None = None
    author_type: str | None = None
    author: str | None = None
    workspace: str | None = None
    workspaces: Collection[str] | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    nothing: bool = False
