"""The table of local accounts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from sqlalchemy import Boolean, Column, Index, Integer, RowMapping, String, Table, Uuid, func, insert, select, update

from blockyard.server.identity.model import User, UserId
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
    Column("revision", Integer, nullable=False),
    Index("ix_users_created_at", "created_at", "id"),
)


class UserStore:
    """Reads and writes accounts."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, user_id: UserId) -> User | None:
        """Return an account by its id."""
        row = self._tx.execute(select(_users).where(_users.c.id == user_id)).mappings().one_or_none()
        return None if row is None else _user(row)

    def by_username(self, username: str) -> User | None:
        """Return an account by its username."""
        row = self._tx.execute(select(_users).where(_users.c.username == username)).mappings().one_or_none()
        return None if row is None else _user(row)

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
        self._tx.execute(insert(_users).values(asdict(user)))

    def save(self, user: User) -> User:
        """Write a changed account. Raises Stale."""
        saved = replace(user, revision=user.revision + 1)
        as_read = (_users.c.id == user.id, _users.c.revision == user.revision)
        if self._tx.execute(update(_users).where(*as_read).values(asdict(saved))).rowcount == 0:
            raise Stale(f"user {user.id}")
        return saved


def _user(row: RowMapping) -> User:
    return User(**row)
