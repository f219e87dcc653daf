"""The table of bearer tokens that were signed out before they expired."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Table, Uuid, bindparam, delete, select

from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_ended = Table(
    "ended_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index("ix_ended_tokens_expires_at", "expires_at"),
)
_BY_ID = select(_ended.c.id).where(_ended.c.id == bindparam("of_token"))


class EndedTokenStore:
    """Remembers tokens that are worth nothing any more."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def has(self, token_id: UUID) -> bool:
        """Whether the token was signed out."""
        return self._tx.execute(_BY_ID, {"of_token": token_id}).one_or_none() is not None

    def add(self, token_id: UUID, expires_at: datetime) -> None:
        """Write that a token was signed out."""
        upsert(self._tx, _ended, {"id": token_id}, {"expires_at": expires_at})

    def remove_expired(self, at: datetime) -> None:
        """Remove tokens that expired before `at`."""
        self._tx.execute(delete(_ended).where(_ended.c.expires_at < at))
