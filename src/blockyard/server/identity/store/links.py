"""The table of links that sign somebody in once."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, delete, insert, or_, select

from blockyard.server.identity.model import SignInLink, UserId
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata

_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_sign_in_links_user_id", "user_id"),
)


class SignInLinkStore:
    """Reads and writes links that sign somebody in once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, token_hash: str) -> SignInLink | None:
        """Return a link."""
        row = self._tx.execute(select(_links).where(_links.c.token_hash == token_hash)).mappings().one_or_none()
        return None if row is None else SignInLink(**row)

    def add(self, link: SignInLink) -> None:
        """Write a new link."""
        self._tx.execute(insert(_links).values(asdict(link)))

    def take(self, token_hash: str) -> bool:
        """Remove a link; return whether it was there: of two at once, one gets it."""
        return self._tx.execute(delete(_links).where(_links.c.token_hash == token_hash)).rowcount == 1

    def remove_old(self, user_id: UserId, at: datetime) -> None:
        """Remove the links of a person, and all that ended before `at`."""
        self._tx.execute(delete(_links).where(or_(_links.c.user_id == user_id, _links.c.expires_at < at)))
