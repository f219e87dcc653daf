"""The table of requests for bindings."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, ForeignKey, Index, Integer, String, Table, Uuid, and_, or_

from blockyard.server.binding_requests.model import BindingRequest, RequestedKind, RequestId, RequestState, Wanted
from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, in_reach

_requests = Table(
    "binding_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Word(RequestedKind, 32), nullable=False),
    Column("name", String(45), nullable=False),
    Column("role", String(255), nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("project", String(64)),
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
    Index("ix_binding_requests_project", "project", "created_at", "id"),
    Index("ix_binding_requests_state", "state", "created_at", "id"),
)
_open = _requests.c.state == RequestState.REQUESTED


def _index_open(name: str, *columns: str, where: ColumnElement[bool]) -> None:
    """Let there be one open request for the same, also where two ask at one moment."""
    Index(
        f"uq_binding_requests_open_{name}",
        *(_requests.c[column] for column in columns),
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


_index_open("workspace", "kind", "role", "workspace", "subject", where=and_(_open, _requests.c.project.is_(None)))
_index_open(
    "project", "kind", "role", "workspace", "project", "subject", where=and_(_open, _requests.c.project.is_not(None))
)


def _request(row: dict[str, Any]) -> BindingRequest:  # Any: what the columns' types make of the row
    return BindingRequest(**row | {"approvals": tuple(row["approvals"])})


_rows: Rows[BindingRequest, RequestId] = Rows(_requests, BindingRequest, "id", read=_request)


class RequestStore(Store[BindingRequest, RequestId]):
    """Reads and writes requests for bindings."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(
        self,
        request: PageRequest,
        *,
        owners: Collection[str] | None,
        only: Mapping[str, Collection[str]],
        wanted: Mapping[str, object | None],
    ) -> Page[BindingRequest]:
        """Return what `page` does; about projects of the workspaces in `only`, those about these projects alone."""
        conditions, columns = self.with_members(wanted), _requests.c
        if owners is not None:
            known = in_reach(columns.workspace, columns.project, owners, only)
            conditions += [_rows.owned_by(owners), or_(columns.project.is_(None), known)]
        return self.page_of(request, *conditions)

    def open_like(self, wanted: Wanted) -> Sequence[BindingRequest]:
        """Return the open requests for the same role of the same person or group in the same place, oldest first."""
        columns = _requests.c
        same = [columns[name] == getattr(wanted, name) for name in ("kind", "role", "workspace", "project", "subject")]
        return self.where(_open, *same)

    def open_of_project(self, workspace: str, project: str) -> Sequence[BindingRequest]:
        """Return the open requests for roles in a project, oldest first."""
        columns = _requests.c
        of_project = (columns.workspace == workspace, columns.project == project)
        return self.where(*of_project, _open)

    def of_subject(self, subject: str, *, is_group: bool) -> Sequence[BindingRequest]:
        """Return the open requests for a person or a group, oldest first."""
        kinds = [kind for kind in RequestedKind if kind.is_for_group is is_group]
        return self.where(_open, _requests.c.kind.in_(kinds), _requests.c.subject == subject)
