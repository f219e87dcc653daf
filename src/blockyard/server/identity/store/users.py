"""The table of local accounts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
    false,
    func,
    insert,
    select,
    update,
)

from blockyard.server.identity.model import User, UserId, folded
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.paging import Page, PageRequest

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
    Column("admin", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("must_change_password", Boolean, nullable=False, server_default=false()),
    Column("username_key", String(255)),
    Column("email_key", String(255)),
    Column("revision", Integer, nullable=False),
    Index("ix_users_created_at", "created_at", "id"),
    Index("uq_users_username_key", "username_key", unique=True),
    Index("uq_users_email_key", "email_key", unique=True),
)


class UserStore:
    """Reads and writes accounts."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, user_id: UserId) -> User | None:
        """Return an account by its id."""
        return self._one(_users.c.id == user_id)

    def by_username(self, username: str) -> User | None:
        """Return an account by its username."""
        return self._one(_users.c.username == username)

    def alike(self, username: str) -> User | None:
        """Return the account whose username is the same but for case and the ways of writing a character."""
        return self._one(_users.c.username_key == folded(username))

    def by_email(self, email: str) -> User | None:
        """Return the account with this e-mail address, without regard to case; None for an empty one."""
        return self._one(_users.c.email_key == folded(email)) if email else None

    def by_usernames(self, usernames: Collection[str]) -> Sequence[User]:
        """Return the accounts with these usernames, sorted by username."""
        rows = self._tx.execute(select(_users).where(_users.c.username.in_(usernames)))
        return sorted((_user(row) for row in rows.mappings()), key=lambda user: user.username)

    def page(self, request: PageRequest) -> Page[User]:
        """Return one page of all accounts, oldest first."""
        total = self._tx.execute(select(func.count()).select_from(_users)).scalar_one()
        rows = self._tx.execute(
            select(_users).order_by(_users.c.created_at, _users.c.id).limit(request.limit).offset(request.offset)
        )
        return Page([_user(row) for row in rows.mappings()], int(str(total)), request)

    def add(self, user: User) -> None:
        """Write a new account."""
        keys = {"username_key": folded(user.username), "email_key": folded(user.email) or None}
        self._tx.execute(insert(_users).values(asdict(user) | keys))

    def save(self, user: User) -> User:
        """Write a changed account. Raises Stale."""
        saved = replace(user, revision=user.revision + 1)
        as_read = (_users.c.id == user.id, _users.c.revision == user.revision)
        if self._tx.execute(update(_users).where(*as_read).values(asdict(saved))).rowcount == 0:
            raise Stale(f"user {user.id}")
        return saved

    def _one(self, condition: ColumnElement[bool]) -> User | None:
        row = self._tx.execute(select(_users).where(condition)).mappings().one_or_none()
        return None if row is None else _user(row)


def _user(row: RowMapping) -> User:
    return User(**{name: value for name, value in row.items() if name not in {"username_key", "email_key"}})
