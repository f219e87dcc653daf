"""The queue: which run a runner gets next. On PostgreSQL claimers skip rows that others are taking."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from blockyard.protocol.names import ImplementationType, RunStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.store.runs import remember
from blockyard.server.runs.store.tables import runs as _runs

COUNTED = 1000
"""Nobody wants to know a place in the queue more exactly, and counting would grow with the queue."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How full the queue is."""

    pending: int
    in_progress: int
    oldest_pending_at: datetime | None


_WAITING = (
    _runs.c.status == RunStatus.PENDING.value,
    _runs.c.awaits_approval.is_(False),
    _runs.c.runner_id == bindparam("of_runner"),
    _runs.c.implementation.in_(bindparam("of_types", expanding=True)),
)
_OLDEST = (
    select(_runs.c.id)
    .where(*_WAITING, _runs.c.due_at <= bindparam("due_until"))
    .order_by(_runs.c.created_at, _runs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_waiting_run = _runs.alias("waiting_run")
_served = _runs.alias("served")
_SERVING = (
    *_WAITING,
    _runs.c.serves.is_not(None),
    exists().where(_served.c.id == _runs.c.serves, _served.c.status == RunStatus.IN_PROGRESS.value),
)
_DEEPEST = (
    select(_runs.c.id)
    .where(*_SERVING, _runs.c.due_at <= bindparam("due_until"))
    .order_by(_runs.c.depth.desc(), _runs.c.created_at, _runs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
"""What others wait for that are at work, the deepest first: then no more of them wait at once than they are deep."""


def _taking(chosen: ScalarSelect[UUID]) -> ReturningUpdate[tuple[object, ...]]:
    taken = update(_runs).where(
        _runs.c.id == chosen, _runs.c.status == RunStatus.PENDING.value, _runs.c.awaits_approval.is_(False)
    )
    return taken.values(
        status=RunStatus.IN_PROGRESS.value,
        attempt=_runs.c.attempt + 1,
        node_id=bindparam("given_node"),
        claimed_at=bindparam("given_at"),
        sequence=_runs.c.sequence + 1,
        changed=_runs.c.sequence + 1,
        revision=_runs.c.revision + 1,
    ).returning(_runs)


_TAKE, _TAKE_SERVING = _taking(_OLDEST), _taking(_DEEPEST)
_NEXT_SERVING = select(func.min(_runs.c.due_at).label("due")).where(*_SERVING)
_NEXT_DUE = select(func.min(_runs.c.due_at).label("due")).where(*_WAITING)


class QueueStore:
    """Takes runs out of the queue."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def take(
        self,
        runner_id: UUID,
        types: Collection[ImplementationType],
        *,
        node_id: str | None,
        at: datetime,
        serving: bool = False,
    ) -> Run | None:
        """Give the oldest run that is due to the runner, in one statement: a new attempt of it begins.

        With `serving` only one that another run waits for.
        """
        given = {"given_node": node_id, "given_at": at}
        row = self._tx.execute(
            _TAKE_SERVING if serving else _TAKE, {**_waiting(runner_id, types), "due_until": at, **given}
        ).one_or_none()
        return None if row is None else remember(self._tx, row)

    def next_due(
        self, runner_id: UUID, types: Collection[ImplementationType], *, serving: bool = False
    ) -> datetime | None:
        """Return when the next run for the runner is or was due; with `serving` of those that another run waits for."""
        row = self._tx.execute(_NEXT_SERVING if serving else _NEXT_DUE, _waiting(runner_id, types)).one()
        due: datetime | None = row.due
        return due

    def computing(self, runner_id: UUID, held: Collection[UUID]) -> int:
        """Return how many of the runs that a runner executes do not wait for runs they ordered."""
        waits = exists().where(_waiting_run.c.serves == _runs.c.id, _waiting_run.c.finished_at.is_(None))
        ours = (_runs.c.id.in_(list(held)), _runs.c.runner_id == runner_id)
        found = select(func.count()).where(*ours, _runs.c.status == RunStatus.IN_PROGRESS.value, ~waits)
        return int(str(self._tx.execute(found).scalar_one()))

    def position(self, run: Run) -> int:
        """Return the place of a waiting run in the queue of its runner, at most `COUNTED`."""
        earlier = (
            select(_runs.c.id)
            .where(
                _runs.c.status == RunStatus.PENDING.value,
                _runs.c.awaits_approval.is_(False),
                _runs.c.runner_id == run.target.runner_id,
                or_(
                    _runs.c.created_at < run.created_at,
                    and_(_runs.c.created_at == run.created_at, _runs.c.id < run.id),
                ),
            )
            .limit(COUNTED - 1)
            .subquery()
        )
        return 1 + int(str(self._tx.execute(select(func.count()).select_from(earlier)).scalar_one()))

    def at_work(self, runner_id: UUID) -> int:
        """Return how many runs a runner executes now, at most `COUNTED`."""
        working = (
            select(_runs.c.id)
            .where(
                _runs.c.finished_at.is_(None),
                _runs.c.status == RunStatus.IN_PROGRESS.value,
                _runs.c.runner_id == runner_id,
            )
            .limit(COUNTED)
            .subquery()
        )
        return int(str(self._tx.execute(select(func.count()).select_from(working)).scalar_one()))

    def aborts_due(self, at: datetime, limit: int) -> Sequence[RunId]:
        """Return unfinished runs whose abort takes effect now."""
        query = (
            select(_runs.c.id)
            .where(_runs.c.abort_due_at <= at, _runs.c.finished_at.is_(None))
            .order_by(_runs.c.abort_due_at)
            .limit(limit)
        )
        return [RunId(row.id) for row in self._tx.execute(query)]

    def figures(self) -> QueueFigures:
        """Return how many runs wait and how many are worked on."""
        unfinished = (
            select(_runs.c.status, func.count().label("runs"), func.min(_runs.c.created_at).label("oldest"))
            .where(_runs.c.finished_at.is_(None), _runs.c.awaits_approval.is_(False))
            .group_by(_runs.c.status)
        )
        by_status = {row.status: row for row in self._tx.execute(unfinished)}
        pending, working = by_status.get(RunStatus.PENDING.value), by_status.get(RunStatus.IN_PROGRESS.value)
        return QueueFigures(
            pending=pending.runs if pending else 0,
            in_progress=working.runs if working else 0,
            oldest_pending_at=pending.oldest if pending else None,
        )


def _waiting(runner_id: UUID, types: Collection[ImplementationType]) -> dict[str, object]:
    """Return the values of the parameters of `_WAITING`."""
    return {"of_runner": runner_id, "of_types": sorted(kind.value for kind in types)}
