"""The table of local accounts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    false,
    select,
    true,
    update,
)

from blockyard.server.identity.model import User, UserId, folded
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store

_users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("username", String(255), nullable=False, unique=True),
    Column("first_name", String(255), nullable=False),
    Column("last_name", String(255), nullable=False),
    Column("email", String(255), nullable=False),
    Column("euid", String(255)),
    Column("password_hash", String(255), nullable=False),
    Column("admin", Boolean, nullable=False),  # was for what admin bindings are for
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("must_change_password", Boolean, nullable=False, server_default=false()),
    Column("own_password", Boolean, nullable=False, server_default=false()),
    Column("username_key", String(255)),
    Column("email_key", String(255)),
    Column("external_id", String(255)),
    Column("email_type", String(255), nullable=False, server_default="work"),
    Column("email_primary", Boolean, nullable=False, server_default=true()),
    Column("revision", Integer, nullable=False),
    Index("ix_users_created_at", "created_at", "id"),
    Index("ix_users_external_id", "external_id", "created_at", "id"),
    Index("uq_users_username_key", "username_key", unique=True),
    Index("uq_users_email_key", "email_key", unique=True),
)


def _values(user: User) -> dict[str, object]:
    return {
        **members(user),
        "admin": False,
        "username_key": folded(user.username),
        "email_key": folded(user.email) or None,
    }


def _user(row: dict[str, Any]) -> User:  # Any: what the columns' types make of the row
    del row["admin"], row["username_key"], row["email_key"]
    return User(**row)


_rows: Rows[User, UserId] = Rows(
    _users, User, "id", owner=None, apart=["admin", "username_key", "email_key"], write=_values, read=_user
)
_KEPT = select(_users).where(_users.c.username == bindparam("of_username")).with_for_update(read=True, key_share=True)


class UserStore(Store[User, UserId]):
    """Reads and writes accounts; their usernames never change."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def by_username(self, username: str) -> User | None:
        """Return an account by its username."""
        return self._with(_users.c.username == username)

    def kept_by_username(self, username: str) -> User | None:
        """Return what `by_username` does; it may change, but not be deleted until this transaction ends."""
        return self._one(_KEPT, {"of_username": username})

    def alike(self, username: str) -> User | None:
        """Return the account whose username is the same but for case and the ways of writing a character."""
        return self._with(_users.c.username_key == folded(username))

    def matching(self, request: PageRequest, wanted: Mapping[str, object | None]) -> Page[User]:
        """Return one page of the accounts with these values of members, oldest first."""
        return self.page_of(request, *self.with_members(wanted))

    def note_email(self, user: User) -> None:
        """Write by which e-mail address the account is found."""
        changed = update(_users).where(_users.c.id == user.id)
        self._tx.execute(changed.values(email_key=folded(user.email) or None))

    def by_email(self, email: str) -> User | None:
        """Return the account with this e-mail address, without regard to case; None for an empty one."""
        return self._with(_users.c.email_key == folded(email)) if email else None

    def by_usernames(self, usernames: Collection[str]) -> Sequence[User]:
        """Return the accounts with these usernames, sorted by username."""
        return sorted(self.where(_users.c.username.in_(usernames)), key=lambda user: user.username)

    def _with(self, condition: ColumnElement[bool]) -> User | None:
        return self._one(select(_users).where(condition))
