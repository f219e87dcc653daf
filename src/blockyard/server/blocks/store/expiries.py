"""When blocks end by themselves: a row for each that does."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Table, Uuid, delete, select

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.blocks.model.expiry import Expiry
from blockyard.server.blocks.store.tables import IS_ACTIVE
from blockyard.server.blocks.store.tables import blocks as _blocks
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_expiries = Table(
    "block_expiries",
    metadata,
    Column("block_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("try_at", Instant, nullable=False, index=True),
    Column("warn_at", Instant, index=True),
)
_ACTIVE = select(_expiries).join(_blocks, _blocks.c.id == _expiries.c.block_id).where(IS_ACTIVE)


class ExpiryStore:
    """Reads and writes when blocks end."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, expiry: Expiry) -> None:
        """Write when a block ends, in place of what was said before."""
        values = {"expires_at": expiry.expires_at, "try_at": expiry.try_at, "warn_at": expiry.warn_at}
        upsert(self._tx, _expiries, {"block_id": expiry.block_id}, values)

    def remove(self, block_id: UUID) -> None:
        """Write that a block does not end by itself."""
        self._tx.execute(delete(_expiries).where(_expiries.c.block_id == block_id))

    def of(self, block_ids: Collection[UUID]) -> Mapping[BlockId, Expiry]:
        """Return when these blocks end, as far as they do."""
        rows = self._tx.execute(select(_expiries).where(_expiries.c.block_id.in_(sorted(block_ids))))
        return {
            BlockId(row.block_id): Expiry(BlockId(row.block_id), row.expires_at, row.try_at, row.warn_at)
            for row in rows
        }

    def due(self, now: datetime, limit: int) -> Sequence[BlockId]:
        """Return active blocks whose time is over, or of whose end people are to be warned."""
        found: dict[BlockId, None] = {}
        for column in (_expiries.c.try_at, _expiries.c.warn_at):
            rows = self._tx.execute(_ACTIVE.where(column <= now).order_by(column).limit(limit))
            found |= dict.fromkeys(BlockId(row.block_id) for row in rows)
        return [*found]

    def soon(
        self, until: datetime, workspaces: Collection[str] | None, limit: int
    ) -> Sequence[tuple[BlockId, datetime]]:
        """Return active blocks of workspaces (None: all) that end by then, the first ones first."""
        found = _ACTIVE.where(_expiries.c.expires_at <= until).order_by(_expiries.c.expires_at).limit(limit)
        if workspaces is not None:
            found = found.where(_blocks.c.workspace.in_(sorted(workspaces)))
        return [(BlockId(row.block_id), row.expires_at) for row in self._tx.execute(found)]
