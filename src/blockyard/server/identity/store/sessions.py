"""The table of sessions on the web pages."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, delete, insert, select, update

from blockyard.server.identity.model import Session, UserId
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata

_sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
)


class SessionStore:
    """Reads and writes sessions."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, token_hash: str) -> Session | None:
        """Return a session."""
        row = self._tx.execute(select(_sessions).where(_sessions.c.token_hash == token_hash)).mappings().one_or_none()
        return None if row is None else Session(**row)

    def add(self, session: Session) -> None:
        """Write a new session."""
        self._tx.execute(insert(_sessions).values(asdict(session)))

    def extend(self, token_hash: str, expires_at: datetime) -> None:
        """Write until when a session lives."""
        self._tx.execute(update(_sessions).where(_sessions.c.token_hash == token_hash).values(expires_at=expires_at))

    def remove(self, token_hash: str) -> None:
        """Remove one session."""
        self._tx.execute(delete(_sessions).where(_sessions.c.token_hash == token_hash))

    def remove_of(self, user_id: UserId) -> None:
        """Remove all sessions of a person."""
        self._tx.execute(delete(_sessions).where(_sessions.c.user_id == user_id))

    def remove_expired(self, at: datetime) -> None:
        """Remove the sessions that ended before `at`."""
        self._tx.execute(delete(_sessions).where(_sessions.c.expires_at < at))
