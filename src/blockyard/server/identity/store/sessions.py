"""The table of sessions on the web pages."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
    update,
)

from blockyard.server.identity.model import Session, SignInWay, UserId
from blockyard.server.kit.columns import Bytes, Instant, Word
from blockyard.server.kit.database import Transaction, metadata

_sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("way", Word(SignInWay, 16), nullable=False),
    Column("strong", Boolean, nullable=False),
    Column("address", String(64), nullable=False),
    Column("device", String(255), nullable=False),
    Column("provider", String(64)),
    Column("provider_session", String(255)),
    Column("id_token", Bytes),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
    Index("ix_sessions_provider_session", "provider", "provider_session"),
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

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return the sessions of a person, the one used last first."""
        found = select(_sessions).where(_sessions.c.user_id == user_id).order_by(_sessions.c.seen_at.desc())
        return [Session(**row) for row in self._tx.execute(found.order_by(_sessions.c.token_hash)).mappings()]

    def extend(self, token_hash: str, expires_at: datetime, seen_at: datetime) -> None:
        """Write until when a session lives, and when it was used."""
        of_session = update(_sessions).where(_sessions.c.token_hash == token_hash)
        self._tx.execute(of_session.values(expires_at=expires_at, seen_at=seen_at))

    def strengthen(self, token_hash: str) -> None:
        """Write that two factors were shown."""
        self._tx.execute(update(_sessions).where(_sessions.c.token_hash == token_hash).values(strong=True))

    def remove(self, token_hash: str) -> None:
        """Remove one session."""
        self._tx.execute(delete(_sessions).where(_sessions.c.token_hash == token_hash))

    def remove_of(self, user_id: UserId) -> None:
        """Remove all sessions of a person."""
        self._tx.execute(delete(_sessions).where(_sessions.c.user_id == user_id))

    def remove_others(self, user_id: UserId, kept: Collection[str]) -> None:
        """Remove the sessions of a person but those with these hashes."""
        self._tx.execute(
            delete(_sessions).where(_sessions.c.user_id == user_id, _sessions.c.token_hash.not_in(sorted(kept)))
        )

    def remove_of_provider(self, provider: str, *, session: str | None, user_id: UserId | None) -> int:
        """Remove sessions that an identity provider vouched for, by what it calls them or by whose they are."""
        conditions = [_sessions.c.provider == provider]
        if session is not None:
            conditions.append(_sessions.c.provider_session == session)
        if user_id is not None:
            conditions.append(_sessions.c.user_id == user_id)
        return self._tx.execute(delete(_sessions).where(*conditions)).rowcount

    def remove_expired(self, at: datetime) -> None:
        """Remove the sessions that ended before `at`."""
        self._tx.execute(delete(_sessions).where(_sessions.c.expires_at < at))
