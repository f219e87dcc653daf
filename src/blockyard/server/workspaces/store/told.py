"""The table of the people that others were told of last."""

from sqlalchemy import Column, String, Table, select

from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_told = Table(
    "told_people",
    metadata,
    Column("scope", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
)


class ToldStore:
    """Reads and writes what was told last."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def digest(self, scope: str) -> str | None:
        """Return what stands for the people that were told of last; None if nobody ever was."""
        row = self._tx.execute(select(_told.c.digest).where(_told.c.scope == scope)).one_or_none()
        return None if row is None else str(row[0])

    def put(self, scope: str, digest: str) -> None:
        """Write what stands for the people that are told of now."""
        upsert(self._tx, _told, {"scope": scope}, {"digest": digest})
