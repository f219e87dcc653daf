"""The queue: which run a runner gets next. On PostgreSQL claimers skip rows that others are taking."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
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
    _runs.c.needs_protocol <= bindparam("spoken"),
)
_waiting_run = _runs.alias("waiting_run")
_served = _runs.alias("served")
_SERVING = (
    *_WAITING,
    _runs.c.serves.is_not(None),
    exists().where(_served.c.id == _runs.c.serves, _served.c.status == RunStatus.IN_PROGRESS.value),
)
_AGE = (_runs.c.created_at, _runs.c.id)
_DEEPEST_FIRST = (_runs.c.depth.desc(), *_AGE)
"""What others wait for that are at work, the deepest first: then no more of them wait at once than they are deep."""


class Braked(Hashable, Protocol):
    """What keeps runs back that change something, as a condition of the store of brakes."""

    def on(self, runs: FromClause) -> ColumnElement[bool]:
        """Return it for a table that has the columns of runs; its parameter is `braked_at`."""


@cache
def _free(braked: Braked | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that no brake keeps a run back."""
    if braked is None:
        return ()
    changes_nothing = and_(
        _runs.c.behavior == Behavior.DETECT.value, _runs.c.needs_protocol == 0
    )  # but for work on states
    passes = _runs.c.passes_since.is_not(None)
    return (or_(changes_nothing, passes, not_(braked.on(_runs))),)


def _next(
    conditions: tuple[ColumnElement[bool], ...], order: tuple[ColumnElement[object], ...], braked: Braked | None
) -> ScalarSelect[UUID]:
    due = (*conditions, _runs.c.due_at <= bindparam("due_until"), *_free(braked))
    found = select(_runs.c.id).where(*due).order_by(*order).limit(1)
    return found.with_for_update(of=_runs, skip_locked=True).scalar_subquery()


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


@cache
def _take(*, serving: bool, braked: Braked | None) -> ReturningUpdate[tuple[object, ...]]:
    return _taking(_next(_SERVING, _DEEPEST_FIRST, braked) if serving else _next(_WAITING, _AGE, braked))


@cache
def _next_due(*, serving: bool, braked: Braked | None) -> Select[tuple[datetime]]:
    return select(func.min(_runs.c.due_at).label("due")).where(*(_SERVING if serving else _WAITING), *_free(braked))


_PENDING_RUNNERS = select(_runs.c.runner_id).where(_runs.c.status == RunStatus.PENDING.value).distinct()


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
        braked: Braked | None = None,
        spoken: int = 0,
    ) -> Run | None:
        """Give the oldest run that is due to the runner, in one statement: a new attempt of it begins.

        With `serving` only one that another run waits for; none that changes something while it is `braked`.
        """
        given: dict[str, object] = {"given_node": node_id, "given_at": at, "due_until": at} | _braked_at(braked, at)
        taken = self._tx.execute(_take(serving=serving, braked=braked), {**_waiting(runner_id, types, spoken), **given})
        row = taken.one_or_none()
        return None if row is None else remember(self._tx, row)

    def next_due(
        self,
        runner_id: UUID,
        types: Collection[ImplementationType],
        *,
        at: datetime,
        serving: bool = False,
        braked: Braked | None = None,
        spoken: int = 0,
    ) -> datetime | None:
        """Return when the next run for the runner is or was due that is not `braked` now; with `serving` as in `take`."""
        given = {**_waiting(runner_id, types, spoken), **_braked_at(braked, at)}
        row = self._tx.execute(_next_due(serving=serving, braked=braked), given).one()
        due: datetime | None = row.due
        return due

    def waited_for(self) -> Sequence[UUID]:
        """Return the runners for which runs wait."""
        return [row.runner_id for row in self._tx.execute(_PENDING_RUNNERS)]

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


def _braked_at(braked: Braked | None, at: datetime) -> dict[str, object]:
    """Return the value of the parameter of `Braked`, if there is one."""
    return {} if braked is None else {"braked_at": at}


def _waiting(runner_id: UUID, types: Collection[ImplementationType], spoken: int) -> dict[str, object]:
    """Return the values of the parameters of `_WAITING`."""
    return {"of_runner": runner_id, "of_types": sorted(kind.value for kind in types), "spoken": spoken}
