"""The table of what people used last."""

from collections.abc import Sequence

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Uuid, delete, select, update

from blockyard.server.home.model import Kept, Kind
from blockyard.server.identity.model import UserId
from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_kept = Table(
    "kept_things",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Word(Kind, 16), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("where", String(255), nullable=False),
    Column("visited_at", Instant, nullable=False),
    Column("is_pinned", Boolean, nullable=False),
    Index("ix_kept_things_user_id", "user_id", "visited_at"),
)


class KeptStore:
    """Reads and writes what people used last."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of(self, user_id: UserId) -> Sequence[Kept]:
        """Return what a person used, the last first."""
        wanted = (_kept.c[name] for name in ("kind", "id", "name", "where", "visited_at", "is_pinned"))
        rows = self._tx.execute(
            select(*wanted).where(_kept.c.user_id == user_id).order_by(_kept.c.visited_at.desc(), _kept.c.id)
        )
        return [Kept(**row) for row in rows.mappings()]

    def put(self, user_id: UserId, kept: Kept) -> None:
        """Remember a thing, or when it was used again."""
        key = {"user_id": user_id, "kind": kept.kind, "id": kept.id}
        values = {
            "name": kept.name,
            "where": kept.where,
            "visited_at": kept.visited_at,
            "is_pinned": kept.is_pinned,
        }
        upsert(self._tx, _kept, key, values)

    def pin(self, user_id: UserId, kind: Kind, thing_id: str, *, pinned: bool) -> None:
        """Pin a thing that is remembered, or pin it no more."""
        of = (_kept.c.user_id == user_id, _kept.c.kind == kind, _kept.c.id == thing_id)
        self._tx.execute(update(_kept).where(*of).values(is_pinned=pinned))

    def forget(self, user_id: UserId, things: Sequence[Kept]) -> None:
        """Remember these no more."""
        for kept in things:
            of = (_kept.c.user_id == user_id, _kept.c.kind == kept.kind, _kept.c.id == kept.id)
            self._tx.execute(delete(_kept).where(*of))
