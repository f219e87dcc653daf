"""How many runs there were each day: lists of all runs count and turn pages by days instead of by runs.

Days that are long over are tallied once, by a loop: no run is added to them any more, and runs go only with their block. The
runs after the last tallied day are counted themselves. So a list is exact whether or not the loop has come to a day, and
requests of runs have nothing to keep up to date. Whoever changes tallies locks the only row of `run_tallied` first.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Column, Integer, String, Table, delete, func, insert, select, update

from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.runs.store.tables import runs as _runs

SETTLED_AFTER = timedelta(hours=1)
"""A day is tallied once it is over for so long: a run is stored some time after its `created_at`, replicas' clocks differ."""

_DAYS_AT_ONCE = 7
_EVERYBODY = ""
"""Instead of a provider: the runs of all of them."""

_DAY = timedelta(days=1)

_tallies = Table(
    "run_tallies",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("day", Instant, primary_key=True),
    Column("runs", Integer, nullable=False),
)
_tallied = Table(
    "run_tallied",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
    Column("changes", Integer, nullable=False),
)
"""One row: up to when days are tallied."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The tallied days, oldest first, each with how many runs were created in it; and when the last one ended."""

    days: Sequence[tuple[datetime, int]]
    until: datetime | None

    @property
    def total(self) -> int:
        """How many runs were created in all these days."""
        return sum(runs for _, runs in self.days)

    def place(self, offset: int) -> tuple[datetime | None, int]:
        """Return where to begin in order to skip `offset` runs, and how many are to be skipped from there."""
        begin: datetime | None = None
        for day, runs in self.days:
            begin = day
            if offset < runs:
                return begin, offset
            offset -= runs
        return (self.until or begin), offset


class TallyStore:
    """Reads and writes tallies."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def read(self, providers: Collection[str] | None) -> Tally:
        """Return the tallied days of the runs that `providers` provide for; of all runs if None."""
        until = self._until()
        if until is None:
            return Tally((), None)
        wanted = [_EVERYBODY] if providers is None else sorted(providers)
        rows = self._tx.execute(
            select(_tallies.c.day, func.sum(_tallies.c.runs).label("runs"))
            .where(_tallies.c.provider.in_(wanted), _tallies.c.day < until)
            .group_by(_tallies.c.day)
            .order_by(_tallies.c.day)
        )
        return Tally([(row.day, int(row.runs)) for row in rows], until)

    def tally(self, now: datetime) -> bool:
        """Tally the next days that are settled; return whether there may be more of them."""
        begin = self._begin()
        last = day_of(now - SETTLED_AFTER)
        if begin is None or begin >= last:
            return False
        end = min(begin + _DAYS_AT_ONCE * _DAY, last)
        self._tx.execute(update(_tallied).values(until=end, changes=_tallied.c.changes + 1))
        day = begin
        while day < end:
            self._add(day)
            day += _DAY
        return end < last

    def forget(self, block_ids: Collection[UUID]) -> None:
        """Subtract the runs of blocks, before they are removed."""
        if self._tx.execute(update(_tallied).values(changes=_tallied.c.changes + 1)).rowcount == 0:
            return
        until = self._until()
        removed: Counter[tuple[str, datetime]] = Counter()
        gone = select(_runs.c.provider, _runs.c.created_at).where(_runs.c.block_id.in_(list(block_ids)))
        for row in self._tx.execute(gone):
            if until is not None and row.created_at < until:
                removed[row.provider, day_of(row.created_at)] += 1
                removed[_EVERYBODY, day_of(row.created_at)] += 1
        for (provider, day), runs in sorted(removed.items()):
            of_day = (_tallies.c.provider == provider, _tallies.c.day == day)
            self._tx.execute(update(_tallies).where(*of_day).values(runs=_tallies.c.runs - runs))
        self._tx.execute(delete(_tallies).where(_tallies.c.runs <= 0))

    def _until(self) -> datetime | None:
        row = self._tx.execute(select(_tallied.c.until)).one_or_none()
        return None if row is None else row.until

    def _begin(self) -> datetime | None:
        """Lock the tallies; return the first day that is not tallied, None if there has never been a run."""
        if self._tx.execute(update(_tallied).values(changes=_tallied.c.changes + 1)).rowcount:
            return self._until()
        first = self._tx.execute(select(func.min(_runs.c.created_at).label("at"))).one().at
        if first is None:
            return None
        begin = day_of(first)
        self._tx.execute(insert(_tallied).values(id=1, until=begin, changes=0))
        return begin

    def _add(self, day: datetime) -> None:
        of_day = (_runs.c.created_at >= day, _runs.c.created_at < day + _DAY)
        counted = select(_runs.c.provider, func.count().label("runs")).where(*of_day).group_by(_runs.c.provider)
        rows: list[dict[str, object]] = [
            {"provider": row.provider, "day": day, "runs": row.runs} for row in self._tx.execute(counted)
        ]
        if rows:
            total = sum(int(str(row["runs"])) for row in rows)
            self._tx.execute(insert(_tallies), [*rows, {"provider": _EVERYBODY, "day": day, "runs": total}])


def day_of(instant: datetime) -> datetime:
    """Return when the day of an instant begins."""
    return datetime.combine(instant.date(), time(), instant.tzinfo)
