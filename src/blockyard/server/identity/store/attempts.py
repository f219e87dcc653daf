"""The tables of sign-in attempts, and of the places people signed in from."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    case,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from blockyard.server.identity.model import UserId
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert

_counts = Table(
    "sign_in_counts",
    metadata,
    Column("bucket", String(64), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_sign_in_counts_started_at", "started_at"),
)
_places = Table(
    "sign_in_places",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("used_at", Instant, nullable=False),
)


class AttemptStore:
    """Counts attempts; each bucket begins anew when its period is over."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def count(self, bucket: str, *, now: datetime, since: datetime) -> tuple[int, datetime]:
        """Count one more, in one statement; return how many that are since the returned instant, which is after `since`."""
        row = (
            self._tx.execute(_counting(self._tx.dialect), {"bucket": bucket, "now": now, "since": since})
            .mappings()
            .one()
        )
        return int(row["count"]), row["started_at"]

    def give_back(self, bucket: str, started_at: datetime) -> None:
        """Count one less in the period that began then, unless another one has begun."""
        same = (_counts.c.bucket == bucket, _counts.c.started_at == started_at, _counts.c.count > 0)
        self._tx.execute(update(_counts).where(*same).values(count=_counts.c.count - 1))

    def remove_before(self, at: datetime) -> None:
        """Remove counts that began before `at`."""
        self._tx.execute(delete(_counts).where(_counts.c.started_at < at))


class PlaceStore:
    """Remembers where people signed in from, as keyed hashes."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def known(self, user_id: UserId, places: Collection[str], *, since: datetime) -> set[str]:
        """Return those of `places` that the person signed in from since then."""
        rows = self._tx.execute(
            select(_places.c.place).where(
                _places.c.user_id == user_id, _places.c.place.in_(places), _places.c.used_at >= since
            )
        )
        return {str(place) for (place,) in rows}

    def note(self, user_id: UserId, place: str, at: datetime) -> None:
        """Write that the person signed in from a place."""
        upsert(self._tx, _places, {"user_id": user_id, "place": place}, {"used_at": at})

    def forget(self, user_id: UserId, place: str) -> None:
        """Remove one place of a person."""
        self._tx.execute(delete(_places).where(_places.c.user_id == user_id, _places.c.place == place))

    def forget_before(self, user_id: UserId, at: datetime) -> None:
        """Remove the places of a person that were last used before `at`."""
        self._tx.execute(delete(_places).where(_places.c.user_id == user_id, _places.c.used_at < at))

    def forget_all(self, user_id: UserId) -> None:
        """Remove all places of a person."""
        self._tx.execute(delete(_places).where(_places.c.user_id == user_id))


@cache
def _counting(dialect: str) -> Executable:
    """Return the statement that counts one attempt; built once."""
    over = _counts.c.started_at <= bindparam("since", type_=Instant)
    changes = {
        "count": case((over, 1), else_=_counts.c.count + 1),
        "started_at": case((over, bindparam("now", type_=Instant)), else_=_counts.c.started_at),
    }
    first = {"bucket": bindparam("bucket"), "started_at": bindparam("now", type_=Instant), "count": 1}
    if dialect == "postgresql":
        there = postgresql.insert(_counts).values(first)
        return there.on_conflict_do_update(index_elements=["bucket"], set_=changes).returning(
            _counts.c.count, _counts.c.started_at
        )
    here = sqlite.insert(_counts).values(first)
    return here.on_conflict_do_update(index_elements=["bucket"], set_=changes).returning(
        _counts.c.count, _counts.c.started_at
    )
