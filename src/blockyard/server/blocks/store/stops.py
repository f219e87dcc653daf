"""The table of stopped cascades whose runs are still being taken back: all its SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Table, Uuid, delete, select

from blockyard.server.blocks.model.cascade import Stop
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_stops = Table(
    "block_cascade_stops",
    metadata,
    Column("cascade", Uuid, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("parked", Boolean, nullable=False),
    Column("behind", Uuid),
    Column("again", Boolean, nullable=False),
)


class StopStore:
    """Writes how far the runs of stopped cascades are taken back."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def next(self) -> Stop | None:
        """Return the oldest stop that something is left of; no other server gets it before the end of the transaction."""
        oldest = select(_stops).order_by(_stops.c.at, _stops.c.cascade).limit(1).with_for_update(skip_locked=True)
        row = self._tx.execute(oldest).mappings().one_or_none()
        return None if row is None else Stop(**{name: row[name] for name in ("cascade", "parked", "behind", "again")})

    def put(self, cascade: UUID, stop: Stop | None, at: datetime) -> None:
        """Write how far a stop is; None: nothing is left of it."""
        if stop is None:
            self._tx.execute(delete(_stops).where(_stops.c.cascade == cascade))
        else:
            how_far = {"parked": stop.parked, "behind": stop.behind, "again": stop.again}
            upsert(self._tx, _stops, {"cascade": cascade}, {**how_far, "at": at})
