"""The table of cascades: runs that follow from one run, by outputs that changed. All their SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    case,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from blockyard.server.blocks.model.block import BlockStatus
from blockyard.server.blocks.model.cascade import Cascade, StopReason
from blockyard.server.blocks.store.tables import IS_CASCADE, IS_DUE, IS_HELD, IS_LIVE, blocks
from blockyard.server.blocks.store.turns import turns
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_cascades = Table(
    "block_cascades",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("started", Integer, nullable=False),
    Column("stopped_at", Instant),
    Column("stop_reason", String(16)),
    Column("stop_message", Text),
    Column("changed_at", Instant),
    Index("ix_block_cascades_changed_at", "changed_at", "id"),
)

_SOON = (BlockStatus.PENDING, BlockStatus.IN_PROGRESS, BlockStatus.WAITING_FOR_DEPENDENT_INPUT)


class CascadeStore:
    """Reads and writes cascades; one without a row has started nothing yet."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find(self, cascade_id: UUID) -> Cascade:
        """Return a cascade."""
        row = self._tx.execute(select(_cascades).where(_cascades.c.id == cascade_id)).mappings().one_or_none()
        if row is None:
            return Cascade(cascade_id)
        reason = row["stop_reason"]
        return Cascade(
            row["id"],
            started=row["started"],
            stopped_at=row["stopped_at"],
            reason=None if reason is None else StopReason(reason),
            message=row["stop_message"],
        )

    def count(self, cascade_id: UUID, at: datetime) -> None:
        """Count one more run."""
        one = _cascades.c.id == cascade_id
        more = update(_cascades).where(one).values(started=_cascades.c.started + 1, changed_at=at)
        if self._tx.execute(more).rowcount == 0:
            self._tx.execute(insert(_cascades), {"id": cascade_id, "started": 1, "changed_at": at})

    def stop(self, cascade: Cascade, at: datetime, reason: StopReason, message: str) -> None:
        """Write that a cascade is stopped."""
        values = {"stopped_at": at, "stop_reason": reason.value, "stop_message": message, "changed_at": at}
        upsert(self._tx, _cascades, {"id": cascade.id}, {"started": cascade.started, **values})

    def uncount(self, cascade_id: UUID, withdrawn: int) -> None:
        """Count fewer runs: so many were withdrawn."""
        fewer = _cascades.c.started - withdrawn
        at_least = case((fewer > 0, fewer), else_=0)  # who goes on with a cascade counts them anew
        self._tx.execute(update(_cascades).where(_cascades.c.id == cascade_id).values(started=at_least))

    def go_on(self, cascade: Cascade, at: datetime) -> None:
        """Write that a cascade goes on; its runs are counted anew."""
        values = {"started": 0, "stopped_at": None, "stop_reason": None, "stop_message": None, "changed_at": at}
        self._tx.execute(update(_cascades).where(_cascades.c.id == cascade.id).values(**values))

    def remove_old(self, before: datetime, limit: int) -> int:
        """Remove cascades in which nothing has happened since, and which nothing can follow from; return how many."""
        old = _cascades.alias()
        held = exists().where(IS_HELD, blocks.c.held_by == old.c.id, IS_LIVE)
        under_way = exists().where(
            IS_CASCADE, blocks.c.cascade == old.c.id, IS_LIVE, or_(blocks.c.status.in_(_SOON), IS_DUE)
        )
        waits = exists().where(turns.c.cascade == old.c.id)
        over = (old.c.changed_at < before, ~held, ~under_way, ~waits)
        ids = select(old.c.id).where(*over).order_by(old.c.changed_at, old.c.id).limit(limit)
        return self._tx.execute(delete(_cascades).where(_cascades.c.id.in_(ids))).rowcount
