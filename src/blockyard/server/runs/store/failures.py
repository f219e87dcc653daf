"""Why attempts failed, what owners of definitions know of failures, and breakers that hold repetitions back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from blockyard.protocol.names import FailureCause, RunStatus
from blockyard.server.kit.columns import Instant
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.upsert import upsert
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.model.breaker import Breaker
from blockyard.server.runs.model.failure import Failure, FailurePattern
from blockyard.server.runs.store.runs import RunRow, as_run
from blockyard.server.runs.store.tables import runs as _runs

_MOVED = 200
"""How many waiting runs a breaker moves at once; the others follow when their own time comes."""

_GROUPS = 200
"""No list of causes is longer."""

_failures = Table(
    "run_failures",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("definition_id", Uuid, nullable=False),
    Column("block_id", Uuid, nullable=False),
    Column("cause", String(12), nullable=False),
    Column("code", String(255), nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_run_failures_definition_id", "definition_id", "at", "cause", "code", "block_id"),
)

_patterns = Table(
    "failure_patterns",
    metadata,
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("cause", String(12), nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
)

_breakers = Table(
    "run_breakers",
    metadata,
    Column("definition_id", Uuid, primary_key=True),
    Column("cause", String(12), primary_key=True),
    Column("opened_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("pause_seconds", Float, nullable=False),
)

_OF_ATTEMPT = select(_failures).where(
    _failures.c.run_id == bindparam("of_run"), _failures.c.attempt == bindparam("of_attempt")
)
_OPEN = select(_breakers).where(_breakers.c.definition_id == bindparam("of_definition"))


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of a definition that are alike."""

    failure: Failure
    attempts: int
    runs: int
    blocks: int
    first_at: datetime
    last_at: datetime
    latest_run_id: RunId


class FailureStore:
    """Reads and writes them."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of(self, run_id: RunId, attempt: int) -> Failure | None:
        """Return why an attempt failed; None if it did not, or nobody noted it."""
        row = self._tx.execute(_OF_ATTEMPT, {"of_run": run_id, "of_attempt": attempt}).one_or_none()
        return None if row is None else _failure(row)

    def add(self, run: Run, failure: Failure, at: datetime) -> None:
        """Note why the newest attempt of a run failed."""
        values = {
            "definition_id": run.target.definition_id,
            "block_id": run.block_id,
            "cause": failure.cause.value,
            "code": failure.code[:255],
            "message": failure.message,
            "remedy": failure.remedy,
            "at": at,
        }
        self._tx.execute(insert(_failures), {"run_id": run.id, "attempt": run.attempt, **values})

    def number_since(self, definition_id: UUID, cause: FailureCause, since: datetime) -> int:
        """Return how many attempts failed for this cause."""
        found = select(func.count()).where(
            _failures.c.definition_id == definition_id, _failures.c.at >= since, _failures.c.cause == cause.value
        )
        return int(str(self._tx.execute(found).scalar_one()))

    def groups(self, definition_id: UUID, since: datetime) -> Sequence[FailureGroup]:
        """Return the failures of a definition, those that are alike as one, the most frequent first."""
        alike = (_failures.c.cause, _failures.c.code, _failures.c.message, _failures.c.remedy)
        ours = (_failures.c.definition_id == definition_id, _failures.c.at >= since)
        later = _failures.alias("later")
        latest = (
            select(later.c.run_id)
            .where(later.c.definition_id == definition_id, later.c.at >= since)
            .where(later.c.cause == _failures.c.cause, later.c.code == _failures.c.code)
            .order_by(later.c.at.desc(), later.c.run_id)
            .limit(1)
            .scalar_subquery()
        )
        counted = (
            select(
                *alike,
                latest.label("latest_run_id"),
                func.count().label("attempts"),
                func.count(_failures.c.run_id.distinct()).label("runs"),
                func.count(_failures.c.block_id.distinct()).label("blocks"),
                func.min(_failures.c.at).label("first_at"),
                func.max(_failures.c.at).label("last_at"),
            )
            .where(*ours)
            .group_by(*alike)
            .order_by(func.count().desc(), _failures.c.code)
            .limit(_GROUPS)
        )
        return [
            FailureGroup(
                _failure(row),
                row.attempts,
                row.runs,
                row.blocks,
                row.first_at,
                row.last_at,
                RunId(row.latest_run_id),
            )
            for row in self._tx.execute(counted)
        ]

    def patterns(self, definition_id: UUID) -> Sequence[FailurePattern]:
        """Return what the owner of a definition knows of its failures."""
        found = select(_patterns).where(_patterns.c.definition_id == definition_id).order_by(_patterns.c.position)
        return [
            FailurePattern(row.text, FailureCause(row.cause), row.message, row.remedy)
            for row in self._tx.execute(found)
        ]

    def put_patterns(self, definition_id: UUID, patterns: Sequence[FailurePattern]) -> None:
        """Write what the owner of a definition knows of its failures, in place of what was there."""
        self._tx.execute(delete(_patterns).where(_patterns.c.definition_id == definition_id))
        for position, pattern in enumerate(patterns):
            values = {"text": pattern.text, "cause": pattern.cause.value, "message": pattern.message}
            where = {"definition_id": definition_id, "position": position}
            self._tx.execute(insert(_patterns), {**where, **values, "remedy": pattern.remedy})

    def breakers(self, definition_id: UUID) -> Sequence[Breaker]:
        """Return the open breakers of a definition."""
        rows = self._tx.execute(_OPEN, {"of_definition": definition_id})
        return sorted((_breaker(row) for row in rows), key=lambda breaker: breaker.cause.value)

    def put_breaker(self, breaker: Breaker) -> None:
        """Write an open breaker."""
        key = {"definition_id": breaker.definition_id, "cause": breaker.cause.value}
        values = {
            "opened_at": breaker.opened_at,
            "next_at": breaker.next_at,
            "pause_seconds": breaker.pause.total_seconds(),
        }
        upsert(self._tx, _breakers, key, values)

    def close(self, breaker: Breaker) -> None:
        """Remove a breaker."""
        which = (_breakers.c.definition_id == breaker.definition_id, _breakers.c.cause == breaker.cause.value)
        self._tx.execute(delete(_breakers).where(*which))

    def waiting(self, definition_id: UUID, cause: FailureCause, since: datetime) -> Sequence[Run]:
        """Return runs that wait to be tried again after a failure of this cause, the one that is due first first."""
        ours = (_failures.c.definition_id == definition_id, _failures.c.at >= since, _failures.c.cause == cause.value)
        found = (
            select(_runs)
            .join(_failures, (_failures.c.run_id == _runs.c.id) & (_failures.c.attempt == _runs.c.attempt))
            .where(*ours, _runs.c.status == RunStatus.PENDING.value)
            .order_by(_runs.c.due_at, _runs.c.id)
            .limit(_MOVED)
        )
        return [as_run(row) for row in self._tx.execute(found)]


def _failure(row: RunRow) -> Failure:
    return Failure(FailureCause(row.cause), row.code, row.message, row.remedy)


def _breaker(row: RunRow) -> Breaker:
    pause = timedelta(seconds=row.pause_seconds)
    return Breaker(row.definition_id, FailureCause(row.cause), row.opened_at, row.next_at, pause)
