"""The table of requests for bindings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Uuid

from blockyard.server.binding_requests.model import BindingRequest, RequestId, RequestState
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.workspaces.model import BindingKind

_requests = Table(
    "binding_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Word(BindingKind, 32), nullable=False),
    Column("name", String(45), nullable=False),
    Column("role", Word(WorkspaceRole, 32), nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("expires_on", Date),
    Column("reason", String(255), nullable=False),
    Column("requested_by", String(255), nullable=False),
    Column("approvals", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", Word(RequestState, 16), nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", String(255)),
    Column("revision", Integer, nullable=False),
    Index("ix_binding_requests_created_at", "created_at", "id"),
    Index("ix_binding_requests_workspace", "workspace", "created_at", "id"),
    Index("ix_binding_requests_state", "state", "created_at", "id"),
)


def _request(row: dict[str, Any]) -> BindingRequest:  # Any: what the columns' types make of the row
    return BindingRequest(**row | {"approvals": tuple(row["approvals"])})


_rows: Rows[BindingRequest, RequestId] = Rows(_requests, BindingRequest, "id", read=_request)


class RequestStore(Store[BindingRequest, RequestId]):
    """Reads and writes requests for bindings."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_subject(self, kind: BindingKind, subject: str) -> Sequence[BindingRequest]:
        """Return the open requests for a person or a group, oldest first."""
        open_ = _requests.c.state == RequestState.REQUESTED
        return self.where(open_, _requests.c.kind == kind, _requests.c.subject == subject)
