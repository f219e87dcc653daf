"""Groups of people, who are bound to workspaces, projects and admin roles together. Source: concepts.md 2.1."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject

GroupId = NewType("GroupId", UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who are bound together.

    Attributes:
        workspace: whose group it is; it can be bound there only. None of a group of the installation.
        external_id: what a directory calls it.
    """

    id: GroupId
    name: str
    display_name: str
    workspace: str | None
    created_at: datetime
    external_id: str | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this group."""
        return self.name

    def document(self) -> JsonObject:
        """Return what events say about this group."""
        return {"name": self.name, "displayName": self.display_name, "externalId": self.external_id}
