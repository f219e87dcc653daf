"""What a request for a binding is. Source: concepts.md 2.5."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.errors import Conflict
from blockyard.server.workspaces.model import BindingKind, NewBinding

RequestId = NewType("RequestId", UUID)


class RequestState(StrEnum):
    """What became of a request."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRequest:
    """Somebody shall get a role in a workspace.

    Attributes:
        approvals: the usernames of those who want it, the requester first.
        decided_by: whose word decided it.
    """

    id: RequestId
    kind: BindingKind
    name: str
    role: WorkspaceRole
    workspace: str
    subject: str
    expires_on: date | None
    reason: str
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

    def binding(self) -> NewBinding:
        """Return the binding that is asked for."""
        return NewBinding(
            kind=self.kind,
            name=self.name,
            role=self.role,
            workspace=self.workspace,
            subject=self.subject,
            expires_on=self.expires_on,
        )

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
            "role": self.role.value,
            "subject": self.subject,
            "expiryDate": self.expires_on.isoformat() if self.expires_on else None,
            "reason": self.reason,
            "requestedBy": self.requested_by,
            "approvals": [*self.approvals],
            "state": self.state.value,
        }
