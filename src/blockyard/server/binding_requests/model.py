"""What a request for a binding is. Source: concepts.md 2.5."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.project_bindings import model as in_projects
from blockyard.server.projects.model import ProjectKey
from blockyard.server.workspaces.model import BindingKind as WorkspaceBindingKind
from blockyard.server.workspaces.model import NewBinding, parse_role

RequestId = NewType("RequestId", UUID)


class RequestedKind(StrEnum):
    """Whether a role in a workspace or in a project is asked for, and whether for a person or a group."""

    WORKSPACE_USER = "meshWorkspaceUserBinding"
    WORKSPACE_GROUP = "meshWorkspaceGroupBinding"
    PROJECT_USER = "meshProjectUserBinding"
    PROJECT_GROUP = "meshProjectGroupBinding"

    @property
    def is_of_project(self) -> bool:
        """Whether it is about a role in a project."""
        return self in {RequestedKind.PROJECT_USER, RequestedKind.PROJECT_GROUP}

    @property
    def is_for_group(self) -> bool:
        """Whether a group shall get the role."""
        return self in {RequestedKind.WORKSPACE_GROUP, RequestedKind.PROJECT_GROUP}

    @property
    def in_titles(self) -> str:
        """How titles of events call such a binding."""
        return f"{'Project' if self.is_of_project else 'Workspace'} {'Group' if self.is_for_group else 'User'} Binding"


class RequestState(StrEnum):
    """What became of a request."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who shall get which role in which workspace, or in which project of it, and why.

    Attributes:
        role: what bindings call it.
        project: the project of the workspace where the role is wanted; None where it is one of the workspace itself.
    """

    kind: RequestedKind
    name: str
    role: str
    workspace: str
    project: str | None = None
    subject: str
    expires_on: date | None
    reason: str

    @property
    def place(self) -> str:
        """Where the role is wanted, as people name it."""
        return self.workspace if self.project is None else f"{self.workspace}.{self.project}"

    def check(self) -> None:
        """Raise Invalid if the members do not go together, or say nothing."""
        if not self.reason.strip():
            raise Invalid(
                "a request needs a reason",
                code="Missing",
                field="/reason",
                remedy="Say why the role is wanted: those who decide read it.",
            )
        if self.kind.is_of_project and self.project is None:
            raise Invalid(
                f"a {self.kind} is about a project",
                code="Missing",
                field="/projectIdentifier",
                remedy="Send the identifier of a project of the workspace.",
            )
        if not self.kind.is_of_project and self.project is not None:
            raise Invalid(
                f"a {self.kind} is about no project",
                code="Unexpected",
                field="/projectIdentifier",
                remedy="Leave it out, or send the kind of a binding of projects.",
            )
        if self.kind.is_of_project and self.expires_on is not None:
            raise Invalid(
                "roles in projects have no last day",
                code="Unexpected",
                field="/expiryDate",
                remedy="Leave it out: who leaves the workspace has no part in its projects.",
            )

    def of_workspace(self) -> NewBinding:
        """Return the binding of the workspace that is asked for. Raises Invalid."""
        kind = WorkspaceBindingKind.GROUP if self.kind.is_for_group else WorkspaceBindingKind.USER
        return NewBinding(
            kind=kind,
            name=self.name,
            role=parse_role(self.role, field="/role"),
            workspace=self.workspace,
            subject=self.subject,
            expires_on=self.expires_on,
        )

    def of_project(self, project: str) -> in_projects.NewBinding:
        """Return the binding of the project that is asked for."""
        kind = in_projects.BindingKind.GROUP if self.kind.is_for_group else in_projects.BindingKind.USER
        return in_projects.NewBinding(
            kind=kind,
            name=self.name,
            role=self.role,
            project=ProjectKey(self.workspace, project),
            subject=self.subject,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRequest(Wanted):
    """Somebody shall get a role in a workspace, or in a project.

    Attributes:
        approvals: the usernames of those who want it, the requester first.
        decided_by: whose word decided it.
    """

    id: RequestId
    requested_by: str
    approvals: tuple[str, ...]
    created_at: datetime
    state: RequestState = RequestState.REQUESTED
    decided_at: datetime | None = None
    decided_by: str | None = None
    revision: int = 0

    @property
    def key(self) -> RequestId:
        """What addresses this request."""
        return self.id

    def approved_by(self, who: str) -> "BindingRequest":
        """Return this request with one more approval; everybody approves once. Raises Conflict: it is decided."""
        self.require_open()
        return self if who in self.approvals else replace(self, approvals=(*self.approvals, who))

    def is_complete(self, entitled: Collection[str], count: int) -> bool:
        """Whether enough of those who may decide want it: `count`, or all of them where there are fewer."""
        return len(set(self.approvals) & set(entitled)) >= max(1, min(count, len(set(entitled))))

    def decided(self, state: RequestState, by: str, at: datetime) -> "BindingRequest":
        """Return this request after its decision. Raises Conflict: it is decided already."""
        self.require_open()
        return replace(self, state=state, decided_by=by, decided_at=at)

    def require_open(self) -> None:
        """Raise Conflict if the request is decided."""
        if self.state is not RequestState.REQUESTED:
            raise Conflict(
                f"the request is {self.state} and cannot be decided again",
                code="RequestDecided",
                remedy="Make a new request.",
            )

    def document(self) -> JsonObject:
        """Return what events say about this request."""
        return {
            "name": self.name,
            "role": self.role,
            **({} if self.project is None else {"project": self.project}),
            "subject": self.subject,
            "expiryDate": self.expires_on.isoformat() if self.expires_on else None,
            "reason": self.reason,
            "requestedBy": self.requested_by,
            "approvals": [*self.approvals],
            "state": self.state.value,
        }
