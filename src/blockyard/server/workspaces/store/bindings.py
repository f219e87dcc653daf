"""The table of bindings."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Uuid,
    and_,
    insert,
    or_,
    select,
    update,
)

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.workspaces.model import Binding, BindingKind

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
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("ended_at", Instant),
    Index("ix_workspace_bindings_expires_on", "expires_on"),
    Index("ix_workspace_bindings_workspace", "workspace", "created_at"),
    Index("ix_workspace_bindings_subject", "subject", "kind"),
    Index("ix_workspace_bindings_name", "name", "kind"),
)
Index(
    "uq_workspace_bindings_live_name",
    _bindings.c.kind,
    _bindings.c.name,
    unique=True,
    sqlite_where=_bindings.c.deleted_at.is_(None),
    postgresql_where=_bindings.c.deleted_at.is_(None),
)


class BindingStore:
    """Reads and writes bindings."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, kind: BindingKind, name: str) -> Binding | None:
        """Return the binding of this name; the last deleted one if none lives."""
        row = (
            self._tx.execute(
                select(_bindings)
                .where(_bindings.c.kind == kind, _bindings.c.name == name)
                .order_by(_bindings.c.deleted_at.is_not(None), _bindings.c.deleted_at.desc())
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else Binding(**row)

    def of_workspace(self, workspace: str, valid_at: datetime | None = None) -> Sequence[Binding]:
        """Return the bindings of a workspace, oldest first; with `valid_at` without those that ended before."""
        return self._find(_bindings.c.workspace == workspace, valid_at)

    def of_user(self, username: str, groups: Collection[str], valid_at: datetime) -> Sequence[Binding]:
        """Return the bindings of a person and of their groups that have not ended."""
        personal = and_(_bindings.c.kind == BindingKind.USER, _bindings.c.subject == username)
        if not groups:
            return self._find(personal, valid_at)
        shared = and_(_bindings.c.kind == BindingKind.GROUP, _bindings.c.subject.in_(groups))
        return self._find(or_(personal, shared), valid_at)

    def of_group(self, group: str, valid_at: datetime) -> Sequence[Binding]:
        """Return the bindings of a group that have not ended."""
        return self._find(and_(_bindings.c.subject == group, _bindings.c.kind == BindingKind.GROUP), valid_at)

    def of_subject(self, kind: BindingKind, subject: str) -> Sequence[Binding]:
        """Return the bindings of a person, or of a group, ended ones too."""
        return self._find(and_(_bindings.c.subject == subject, _bindings.c.kind == kind), None)

    def over(self, at: datetime, limit: int) -> Sequence[Binding]:
        """Return bindings whose last day is over, which nobody has noticed yet."""
        is_over = (_bindings.c.expires_on < at.date(), _bindings.c.ended_at.is_(None), _bindings.c.deleted_at.is_(None))
        rows = self._tx.execute(select(_bindings).where(*is_over).order_by(_bindings.c.expires_on).limit(limit))
        return [Binding(**row) for row in rows.mappings()]

    def end(self, binding: Binding, at: datetime) -> bool:
        """Note that the binding is over; return whether nobody had before."""
        unnoticed = (_bindings.c.id == binding.id, _bindings.c.ended_at.is_(None), _bindings.c.deleted_at.is_(None))
        return self._tx.execute(update(_bindings).where(*unnoticed).values(ended_at=at)).rowcount > 0

    def add(self, binding: Binding) -> None:
        """Write a new binding."""
        self._tx.execute(insert(_bindings), members(binding))

    def remove(self, binding: Binding, at: datetime) -> None:
        """Mark a binding as deleted."""
        self._tx.execute(update(_bindings).where(_bindings.c.id == binding.id).values(deleted_at=at))

    def _find(self, condition: ColumnElement[bool], valid_at: datetime | None) -> Sequence[Binding]:
        query = select(_bindings).where(condition, _bindings.c.deleted_at.is_(None))
        if valid_at is not None:
            query = query.where(or_(_bindings.c.expires_on.is_(None), _bindings.c.expires_on >= valid_at.date()))
        rows = self._tx.execute(query.order_by(_bindings.c.created_at, _bindings.c.id))
        return [Binding(**row) for row in rows.mappings()]
