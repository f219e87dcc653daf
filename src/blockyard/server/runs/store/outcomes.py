"""How the runs of each day ended, by definition: counted by a loop, so that a marketplace of many cards costs one statement.

A day is counted again as long as its runs may still end. Numbers of deleted blocks stay until their days are too old.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Table, Uuid, delete, func, select

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert
from blockyard.server.runs.model.outcomes import LOOKED_BACK, Outcomes, added_up, class_of
from blockyard.server.runs.store.tables import runs as _runs
from blockyard.server.runs.store.tallies import day_of

_DAY = timedelta(days=1)
_OPEN_DAYS = 2
"""Runs of today and yesterday may still end."""

_outcomes = Table(
    "run_outcomes",
    metadata,
    Column("day", Instant, primary_key=True),
    Column("definition_id", Uuid, primary_key=True),
    Column("succeeded", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("durations", JsonText, nullable=False),
    Index("ix_run_outcomes_definition_id", "definition_id", "day"),
)


class OutcomeStore:
    """Reads and writes outcomes."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of(self, definition_ids: Collection[UUID], now: datetime) -> Mapping[UUID, Outcomes]:
        """Return how the runs of these definitions ended in the last days."""
        found: defaultdict[UUID, list[Outcomes]] = defaultdict(list)
        since = day_of(now - LOOKED_BACK)
        wanted = select(_outcomes).where(_outcomes.c.definition_id.in_(list(definition_ids)), _outcomes.c.day >= since)
        for row in self._tx.execute(wanted):
            durations = {int(at): int(number) for at, number in row.durations.items()}
            found[row.definition_id].append(Outcomes(row.succeeded, row.failed, durations))
        return {definition_id: added_up(parts) for definition_id, parts in found.items()}

    def days(self, now: datetime) -> Sequence[datetime]:
        """Return the days that are to be counted: all that are looked back at, later those whose runs may still end."""
        newest = self._tx.execute(select(func.max(_outcomes.c.day).label("day"))).one().day
        first, last = day_of(now - LOOKED_BACK), day_of(now)
        day = first if newest is None else max(first, newest - (_OPEN_DAYS - 1) * _DAY)
        return [day + at * _DAY for at in range((last - day).days + 1)]

    def counted(self, day: datetime) -> Mapping[UUID, Outcomes]:
        """Return how the runs ended that were created in a day, by definition."""
        ended = select(_runs.c.definition_id, _runs.c.status, _runs.c.claimed_at, _runs.c.finished_at).where(
            _runs.c.created_at >= day,
            _runs.c.created_at < day + _DAY,
            _runs.c.behavior == Behavior.APPLY,
            _runs.c.status.in_([RunStatus.SUCCEEDED, RunStatus.FAILED]),
        )
        counts: Counter[tuple[UUID, str]] = Counter()
        durations: defaultdict[UUID, Counter[int]] = defaultdict(Counter)
        for row in self._tx.execute(ended):
            counts[row.definition_id, row.status] += 1
            if row.status == RunStatus.SUCCEEDED and row.claimed_at is not None:
                durations[row.definition_id][class_of((row.finished_at - row.claimed_at).total_seconds())] += 1
        return {
            key: Outcomes(counts[key, RunStatus.SUCCEEDED], counts[key, RunStatus.FAILED], durations[key])
            for key in {key for key, _ in counts}
        }

    def keep(self, day: datetime, counted: Mapping[UUID, Outcomes]) -> None:
        """Keep what was counted of a day, and forget days that nobody looks back at."""
        self._tx.execute(delete(_outcomes).where(_outcomes.c.day < day - LOOKED_BACK - _DAY))
        for definition_id, found in sorted(counted.items()):
            values = {
                "succeeded": found.succeeded,
                "failed": found.failed,
                "durations": {str(at): number for at, number in sorted(found.durations.items())},
            }
            upsert(self._tx, _outcomes, {"day": day, "definition_id": definition_id}, values)
