"""The table of bindings."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Date, ForeignKey, Index, String, Table, Uuid, and_, or_, select, update

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store, life
from blockyard.server.workspaces.model import Binding, BindingId, BindingKind

_bindings = Table(
    "workspace_bindings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Word(BindingKind, 32), nullable=False),
    Column("name", String(45), nullable=False),
    Column("role", Word(WorkspaceRole, 32), nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("expires_on", Date),
    Column("ended_at", Instant),
    *life(),
    Index("ix_workspace_bindings_expires_on", "expires_on"),
    Index("ix_workspace_bindings_workspace", "workspace", "created_at"),
    Index("ix_workspace_bindings_subject", "subject", "kind"),
    Index("ix_workspace_bindings_name", "name", "kind"),
)
_rows: Rows[Binding, BindingId] = Rows(_bindings, Binding, "id", address=("kind", "name"), apart=("ended_at",))


class BindingStore(Store[Binding, BindingId]):
    """Reads and writes bindings."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_workspace(self, workspace: str, valid_at: datetime | None = None) -> Sequence[Binding]:
        """Return the bindings of a workspace, oldest first; with `valid_at` without those that ended before."""
        return self.where(_bindings.c.workspace == workspace, *_valid(valid_at))

    def of_workspaces(self, names: Collection[str], valid_at: datetime) -> Sequence[Binding]:
        """Return the bindings of some workspaces that have not ended, oldest first."""
        return self.where(_rows.owned_by(names), *_valid(valid_at))

    def of_user(self, username: str, groups: Collection[str], valid_at: datetime) -> Sequence[Binding]:
        """Return the bindings of a person and of their groups that have not ended."""
        personal = and_(_bindings.c.kind == BindingKind.USER, _bindings.c.subject == username)
        shared = and_(_bindings.c.kind == BindingKind.GROUP, _bindings.c.subject.in_(groups))
        return self.where(or_(personal, shared) if groups else personal, *_valid(valid_at))

    def of_group(self, group: str, valid_at: datetime) -> Sequence[Binding]:
        """Return the bindings of a group that have not ended."""
        return self.where(_bindings.c.subject == group, _bindings.c.kind == BindingKind.GROUP, *_valid(valid_at))

    def of_subject(self, kind: BindingKind, subject: str) -> Sequence[Binding]:
        """Return the bindings of a person, or of a group, ended ones too."""
        return self.where(_bindings.c.subject == subject, _bindings.c.kind == kind)

    def behind(self, binding_id: UUID | None, limit: int, valid_at: datetime) -> Sequence[Binding]:
        """Return the first bindings behind one of them that have not ended, in the order of their ids."""
        found = select(_bindings).where(*_rows.living, *_valid(valid_at)).order_by(_bindings.c.id).limit(limit)
        if binding_id is not None:
            found = found.where(_bindings.c.id > binding_id)
        return [_rows.read(row) for row in self._tx.execute(found)]

    def over(self, at: datetime, limit: int) -> Sequence[Binding]:
        """Return bindings whose last day is over, which nobody has noticed yet."""
        is_over = (_bindings.c.expires_on < at.date(), _bindings.c.ended_at.is_(None), *_rows.living)
        rows = self._tx.execute(select(_bindings).where(*is_over).order_by(_bindings.c.expires_on).limit(limit))
        return [_rows.read(row) for row in rows]

    def end(self, binding: Binding, at: datetime) -> bool:
        """Note that the binding is over; return whether nobody had before."""
        unnoticed = (_bindings.c.id == binding.id, _bindings.c.ended_at.is_(None), *_rows.living)
        return self._tx.execute(update(_bindings).where(*unnoticed).values(ended_at=at)).rowcount > 0


def _valid(at: datetime | None) -> Sequence[ColumnElement[bool]]:
    """Return the condition that a binding has not ended before an instant; none without one."""
    return () if at is None else (or_(_bindings.c.expires_on.is_(None), _bindings.c.expires_on >= at.date()),)
