"""What time does to runs: lost attempts, aborts nobody confirms, old plans, tallies. Safe with several replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from blockyard.protocol.names import RunStatus
from blockyard.server.events.model import SYSTEM
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Attempt, AttemptState, Run, RunId
from blockyard.server.runs.model.outcomes import Outcomes
from blockyard.server.runs.model.run import lock_hold
from blockyard.server.runs.service.approvals import ApprovalService
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.ending import RunEnding
from blockyard.server.runs.store import AttemptStore, FileStore, OutcomeStore, QueueStore, RunStore, TallyStore
from blockyard.server.runs.topics import wake_everybody

log = structlog.get_logger(__name__)

BATCH = 100
"""How many runs one look-up returns; each is then changed in a transaction of its own."""


class RunSweeper:
    """Finds runs whose time is over and changes one at a time. The decisions are made again on fresh rows."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.approvals = ApprovalService(context)
        self._ending = RunEnding(context)

    def due(self, tx: Transaction, *, with_leases: bool = True) -> list[RunId]:
        """Return runs that `settle` shall look at; those of silent runners only `with_leases`."""
        now = self._context.clock()
        expired = [run_id for run_id, _number in AttemptStore(tx).expired(now, BATCH)] if with_leases else []
        return list(dict.fromkeys([*QueueStore(tx).aborts_due(now, BATCH), *expired]))

    def settle(self, tx: Transaction, run_id: RunId) -> None:
        """End the abort of a run, or take it back from its lost attempt, if its time is over."""
        run = RunStore(tx).get(run_id)
        now = self._context.clock()
        if not run.is_final and run.abort_due_at is not None and run.abort_due_at <= now:
            self._ending.finish(tx, run, RunStatus.ABORTED, author=SYSTEM, summary="aborted", confirmed=False)
            return
        attempt = AttemptStore(tx).get(run_id, run.attempt)
        if attempt is None or attempt.state is not AttemptState.LIVE or attempt.expires_at > now:
            self._close_older(tx, run_id, run.attempt)
            return
        self._lose(tx, run, attempt, now)

    def remove_old_plans(self, tx: Transaction) -> int:
        """Remove saved plans that nobody applied in time; return how many."""
        return FileStore(tx).remove_artifacts(self._context.clock() - self._context.limits.artifact_lifetime)

    def tally(self, tx: Transaction) -> bool:
        """Count the runs of the next days that are over, for lists; return whether there may be more such days."""
        return TallyStore(tx).tally(self._context.clock())

    def days_to_count(self, tx: Transaction) -> Sequence[datetime]:
        """Return the days of which is to be counted how their runs ended."""
        return OutcomeStore(tx).days(self._context.clock())

    def outcomes(self, tx: Transaction, day: datetime) -> Mapping[UUID, Outcomes]:
        """Return how the runs of a day ended, by definition; reading them holds no writer up."""
        return OutcomeStore(tx).counted(day)

    def keep_outcomes(self, tx: Transaction, day: datetime, counted: Mapping[UUID, Outcomes]) -> None:
        """Keep what was counted of a day."""
        OutcomeStore(tx).keep(day, counted)

    def _lose(self, tx: Transaction, run: Run, attempt: Attempt, now: datetime) -> None:
        over = attempt.timed_out(now, self._context.limits)
        AttemptStore(tx).save(attempt, replace(attempt, state=AttemptState.TIMED_OUT if over else AttemptState.LOST))
        if run.status is not RunStatus.IN_PROGRESS or run.abort_requested_at is not None:
            return  # an abort ends the run by itself
        holds_lock = self._context.ports().locks.held_by(tx, run.id)
        last_sign = now if over else attempt.last_sign_at
        hold = lock_hold(last_sign, self._context.limits) if holds_lock else None
        why = _why(attempt, over=over)
        limits = self._context.limits
        if limits.losses and run.losses + 1 >= limits.losses:
            self._give_up(tx, run, why)
            return
        lost = run.lost(at=now, not_before=hold, why=f"{why}; the run is offered again", limits=limits)
        saved = RunStore(tx).save(lost)
        self._context.ports().listener.run_changed(tx, saved)
        wake_everybody(tx, run)
        log.warning("attempt lost", run_id=str(run.id), attempt=attempt.number, cause=why)

    def _give_up(self, tx: Transaction, run: Run, why: str) -> None:
        """Fail a run of which as many attempts were lost as the installation allows."""
        message = f"{why}, and this was the last of {self._context.limits.losses} attempts"
        self._ending.explain(tx, run, "lost", "Wait for the runner", message)
        self._ending.finish(tx, run, RunStatus.FAILED, author=SYSTEM, summary=message, confirmed=False)

    def _close_older(self, tx: Transaction, run_id: RunId, newest: int) -> None:
        """Settle attempts that a newer one followed, so that they are not found again."""
        attempts = AttemptStore(tx)
        for attempt in attempts.of_run(run_id):
            if attempt.number < newest and attempt.state is AttemptState.LIVE:
                attempts.save(attempt, replace(attempt, state=AttemptState.LOST))


def _why(attempt: Attempt, *, over: bool) -> str:
    if over:
        return f"attempt {attempt.number} reached the time limit"
    if attempt.registered_at is None:
        return f"the runner that claimed attempt {attempt.number} never began"
    return f"the runner of attempt {attempt.number} was not heard of since {attempt.last_sign_at:%H:%M:%S} UTC"
