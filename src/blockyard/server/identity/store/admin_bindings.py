"""The table of admin bindings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from blockyard.server.identity.model.admin_roles import AdminBinding, AdminBindingId, AdminRole, SubjectKind
from blockyard.server.identity.store.groups import groups_of
from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store

_bindings = Table(
    "admin_bindings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Word(AdminRole, 32), nullable=False),
    Column("kind", Word(SubjectKind, 8), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("expires_on", Date),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_admin_bindings_created_at", "created_at", "id"),
    Index("ix_admin_bindings_subject", "subject", "created_at", "id"),
    Index("ix_admin_bindings_role", "role", "created_at", "id"),
    Index("ix_admin_bindings_expires_on", "expires_on"),
)
_rows: Rows[AdminBinding, AdminBindingId] = Rows(_bindings, AdminBinding, "id", owner=None)

_valid = or_(_bindings.c.expires_on.is_(None), _bindings.c.expires_on >= bindparam("of_day"))
_is_user, _is_group = _bindings.c.kind == SubjectKind.USER, _bindings.c.kind == SubjectKind.GROUP
_ROLES_OF = (
    select(_bindings.c.role)
    .where(
        or_(
            and_(_bindings.c.subject == bindparam("of_user"), _is_user),
            and_(_bindings.c.subject.in_(groups_of("of_user")), _is_group),
        ),
        _valid,
    )
    .distinct()
)


class AdminBindingStore(Store[AdminBinding, AdminBindingId]):
    """Reads and writes admin bindings."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def roles_of(self, username: str, day: date) -> frozenset[AdminRole]:
        """Return the admin roles a person has on a day, directly or through a group."""
        found = self._tx.execute(_ROLES_OF, {"of_user": username, "of_day": day})
        return frozenset(AdminRole(str(role)) for (role,) in found)

    def roles_of_group(self, group: str, day: date) -> frozenset[AdminRole]:
        """Return the admin roles a group gives on a day."""
        bindings = self.of_subject(SubjectKind.GROUP, group)
        return frozenset(one.role for one in bindings if one.expires_on is None or one.expires_on >= day)

    def roles_of_users(self, usernames: Collection[str], day: date) -> Mapping[str, Sequence[AdminRole]]:
        """Return the admin roles that people have themselves on a day, by username."""
        found: dict[str, list[AdminRole]] = {name: [] for name in usernames}
        valid = or_(_bindings.c.expires_on.is_(None), _bindings.c.expires_on >= day)
        for one in self.where(_bindings.c.subject.in_(usernames), _is_user, valid):
            if one.role not in found[one.subject]:
                found[one.subject].append(one.role)
        return found

    def of_subject(self, kind: SubjectKind, subject: str) -> Sequence[AdminBinding]:
        """Return the admin bindings of a person, or of a group."""
        return self.where(_bindings.c.subject == subject, _bindings.c.kind == kind)

    def keepers(self) -> Sequence[AdminBinding]:
        """Return the bindings that keep the installation; they stay until this transaction ends."""
        is_admin = _bindings.c.role == AdminRole.ORGANIZATION_ADMIN
        kept = select(_bindings).where(is_admin, _is_user, _bindings.c.expires_on.is_(None)).with_for_update()
        return [_rows.read(row) for row in self._tx.execute(kept)]

    def over(self, day: date, limit: int) -> Sequence[AdminBinding]:
        """Return bindings whose last day lies before `day`, which nobody has noticed yet."""
        is_over = (_bindings.c.expires_on < day, _bindings.c.ended_at.is_(None))
        return [_rows.read(row) for row in self._tx.execute(select(_bindings).where(*is_over).limit(limit))]

    def end(self, binding: AdminBinding, at: datetime) -> bool:
        """Note that the binding is over; return whether nobody had before."""
        unnoticed = (_bindings.c.id == binding.id, _bindings.c.ended_at.is_(None))
        return self._tx.execute(update(_bindings).where(*unnoticed).values(ended_at=at)).rowcount > 0
