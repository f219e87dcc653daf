"""What follows a failure: it is explained and noted, and one that may pass by itself is tried again, as a new attempt of the run."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from blockyard.protocol.names import FailureCause, StepStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.breaker import Breaker
from blockyard.server.runs.model.causes import READ_CHARACTERS, explained
from blockyard.server.runs.model.failure import RETRIED, Failure
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import FailureStore, LogStore, RunStore, StepStore
from blockyard.server.runs.topics import wake_everybody

log = structlog.get_logger(__name__)


class Retrying:
    """Explains failures and decides what is tried again, and when. Only for the services of this feature."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def note(self, tx: Transaction, run: Run, known: Failure | None = None) -> Failure:
        """Explain why the newest attempt of a run failed, once, and open or move the breaker of its definition.

        What is `known` is not looked for in what was said.
        """
        store = FailureStore(tx)
        failure = store.of(run.id, run.attempt)
        if failure is not None:
            return failure
        now = self._context.clock()
        failure = known or self._explained(tx, run)
        store.add(run, failure, now)
        if failure.cause in RETRIED:
            self._move_breaker(tx, run, failure.cause, now)
        log.info("failure explained", run_id=str(run.id), cause=failure.cause.value, code=failure.code)
        return failure

    def again(self, tx: Transaction, run: Run, failure: Failure) -> Run | None:
        """Return `run` back in the queue if it shall be tried again; None if not.

        A saved plan is not applied twice, and what was handed over is repeated by nobody here.
        """
        limits, now = self._context.limits, self._context.clock()
        if failure.cause not in RETRIED or run.retries >= limits.retries or run.abort_requested_at is not None:
            return None
        if run.plan_run_id is not None or run.target.is_async:
            return None
        due_at, why = now + limits.pause_before_retry(run.retries + 1), ""
        breaker = self._breaker(tx, run.target.definition_id, failure.cause)
        if breaker is not None:
            due_at, breaker = breaker.turn(now)
            FailureStore(tx).put_breaker(breaker)
            why = "; many runs of this definition fail alike, so they are tried again one at a time"
        return run.retried(
            at=now,
            due_at=due_at,
            why=f"attempt {run.attempt} failed: {failure.message} The run is tried again "
            f"(repetition {run.retries + 1} of {limits.retries}) at {due_at:%Y-%m-%d %H:%M:%S} UTC{why}",
        )

    def succeeded(self, tx: Transaction, run: Run) -> None:
        """Close the breakers of a definition of which a run succeeded: what was disturbed works again."""
        for breaker in FailureStore(tx).breakers(run.target.definition_id):
            self.close(tx, breaker)

    def close(self, tx: Transaction, breaker: Breaker) -> None:
        """Close a breaker; what it held back begins now."""
        now, store = self._context.clock(), FailureStore(tx)
        store.close(breaker)
        for run in self._held_back(tx, breaker):
            saved = RunStore(tx).save(replace(run, due_at=now))
            wake_everybody(tx, saved)
        log.info("breaker closed", definition_id=str(breaker.definition_id), cause=breaker.cause.value)

    def _explained(self, tx: Transaction, run: Run) -> Failure:
        failed = [step for step in StepStore(tx).steps(run.id, run.attempt) if step.status is StepStatus.FAILED]
        messages = [step.user_message for step in failed if step.user_message]
        if run.summary:
            messages.append(run.summary)
        logged = next((step for step in failed if step.log_bytes), None)
        tail = b"" if logged is None else LogStore(tx).tail(logged, READ_CHARACTERS)
        patterns = FailureStore(tx).patterns(run.target.definition_id)
        return explained(messages, tail.decode(errors="replace"), patterns)

    def _move_breaker(self, tx: Transaction, run: Run, cause: FailureCause, now: datetime) -> None:
        store, limits, definition_id = FailureStore(tx), self._context.limits, run.target.definition_id
        breaker = self._breaker(tx, definition_id, cause)
        if breaker is not None:
            if run.retries:
                store.put_breaker(breaker.probe_failed(limits))
            return
        if store.number_since(definition_id, cause, now - limits.breaker_window) < limits.breaker_failures:
            return
        breaker = Breaker.open(definition_id, cause, at=now, limits=limits)
        log.warning("breaker opened", definition_id=str(definition_id), cause=cause.value)
        for waiting in self._held_back(tx, breaker):
            due_at, breaker = breaker.turn(now)
            RunStore(tx).save(replace(waiting, due_at=max(waiting.due_at, due_at)))
        store.put_breaker(breaker)

    def _held_back(self, tx: Transaction, breaker: Breaker) -> list[Run]:
        """Return the runs that wait to be tried again; none of them waits longer than all its pauses together."""
        since = breaker.opened_at - self._context.limits.breaker_window
        return list(FailureStore(tx).waiting(breaker.definition_id, breaker.cause, since))

    def _breaker(self, tx: Transaction, definition_id: UUID, cause: FailureCause) -> Breaker | None:
        found = FailureStore(tx).breakers(definition_id)
        return next((breaker for breaker in found if breaker.cause is cause), None)
