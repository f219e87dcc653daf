"""The tables of client sessions and of the keys that sign tokens."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid, delete, select

from blockyard.server.identity.model import AccessLevel, UserId
from blockyard.server.issuer.model import Algorithm, ClientSession, ClientSessionId, SigningKey
from blockyard.server.kit.columns import Bytes, Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store

_sessions = Table(
    "client_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("level", Word(AccessLevel, 16), nullable=False),
    Column("workspace", String(255)),
    Column("scopes", String(255), nullable=False),
    Column("strong", Boolean, nullable=False),
    Column("signed_in_at", Instant, nullable=False),
    Column("address", String(64), nullable=False),
    Column("device", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("redirect_uri", String(2000), nullable=False),
    Column("challenge", String(128), nullable=False),
    Column("nonce", String(255)),
    Column("redeemed_at", Instant),
    Column("turn", Integer, nullable=False),
    Column("turned_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_client_sessions_user_id", "user_id"),
    Index("ix_client_sessions_expires_at", "expires_at"),
    Index("ix_client_sessions_code_hash", "code_hash", unique=True),
)
_keys = Table(
    "signing_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("private", Bytes, nullable=False),
    Column("public", Text, nullable=False),
    Column("algorithm", Word(Algorithm, 16), nullable=False, server_default=Algorithm.RS256.value),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_signing_keys_created_at", "created_at", "id"),
)
_rows: Rows[ClientSession, ClientSessionId] = Rows(_sessions, ClientSession, "id", owner=None)
_key_rows: Rows[SigningKey, str] = Rows(_keys, SigningKey, "id", owner=None)


class ClientSessionStore(Store[ClientSession, ClientSessionId]):
    """Reads and writes client sessions."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def by_code(self, code_hash: str) -> ClientSession | None:
        """Return the session that a code was given for."""
        return next(iter(self.where(_sessions.c.code_hash == code_hash)), None)

    def of_user(self, user_id: UserId) -> Sequence[ClientSession]:
        """Return the sessions of a person, oldest first."""
        return self.where(_sessions.c.user_id == user_id)

    def remove_of(self, user_id: UserId) -> None:
        """Remove all sessions of a person."""
        self._tx.execute(delete(_sessions).where(_sessions.c.user_id == user_id))

    def has_ended(self, before: datetime) -> bool:
        """Whether there are sessions that ended before."""
        found = select(_sessions.c.id).where(_sessions.c.expires_at < before).limit(1)
        return self._tx.execute(found).one_or_none() is not None

    def remove_ended(self, before: datetime) -> None:
        """Remove the sessions that ended before."""
        self._tx.execute(delete(_sessions).where(_sessions.c.expires_at < before))


class SigningKeyStore(Store[SigningKey, str]):
    """Reads and writes the keys that sign tokens."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _key_rows)
