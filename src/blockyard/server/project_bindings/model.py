"""What a binding of a project is. Source: api.md 3.4, concepts.md 2.4."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.server.projects.model import ProjectId, ProjectKey

BindingId = NewType("BindingId", UUID)


class BindingKind(StrEnum):
    """Whether a binding is a person's or a group's."""

    USER = "meshProjectUserBinding"
    GROUP = "meshProjectGroupBinding"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBinding:
    """Who shall get which role, named as people see it, in which project."""

    kind: BindingKind
    name: str
    role: str
    project: ProjectKey
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A person or a group with a role in a project; `role` is the name of the role, which never changes."""

    id: BindingId
    kind: BindingKind
    name: str
    role: str
    workspace: str
    project: str
    project_id: ProjectId
    subject: str
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this binding among those of its kind."""
        return self.name

    @property
    def project_key(self) -> ProjectKey:
        """What addresses its project."""
        return ProjectKey(self.workspace, self.project)
