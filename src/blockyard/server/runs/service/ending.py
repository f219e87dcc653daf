"""The end of a run: the same few things happen however it ends."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus, StepStatus
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import AttemptState, Run, Source, Step, StepId
from blockyard.server.runs.model.approval import ApprovalOutcome
from blockyard.server.runs.model.failure import Failure
from blockyard.server.runs.model.run import lock_hold
from blockyard.server.runs.model.step import OPEN_STEPS
from blockyard.server.runs.ports import RunFinish
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.retrying import Retrying
from blockyard.server.runs.store import ApprovalStore, AttemptStore, FileStore, RunStore, StepBatch, StepStore
from blockyard.server.runs.topics import wake_everybody

log = structlog.get_logger(__name__)

SERVER_SOURCE = "blockyard"
"""The source of steps the server itself adds."""


class Finish(Protocol):
    """One of the ways to end a run."""

    def __call__(
        self, tx: Transaction, run: Run, status: RunStatus, *, author: Author, summary: str | None, confirmed: bool
    ) -> Run:
        """End a run and return it."""


class RunEnding:
    """Ends runs. Only for the services of this feature."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._retrying = Retrying(context)

    def finish(
        self, tx: Transaction, run: Run, status: RunStatus, *, author: Author, summary: str | None, confirmed: bool
    ) -> Run:
        """End `run` as `status`, or as its listener says, and tell everybody.

        `confirmed` means that whoever worked on the run knows: otherwise its engine may still write state, and the next
        run of the block waits for it.
        """
        ended = self._ended(tx, run, status, summary)
        verdict = self._context.ports().listener.run_finished(tx, ended, FileStore(tx).reported(run.id, run.attempt))
        settled = self._settle(tx, ended, verdict, author=author, confirmed=confirmed)
        self._context.ports().listener.run_ended(tx, settled)
        return settled

    def finish_untold(
        self, tx: Transaction, run: Run, status: RunStatus, *, author: Author, summary: str | None, confirmed: bool
    ) -> Run:
        """Do what `finish` does without asking the listener: for whoever ends a run and knows what that means."""
        ended = self._ended(tx, run, status, summary)
        return self._settle(tx, ended, RunFinish(status), author=author, confirmed=confirmed)

    def _ended(self, tx: Transaction, run: Run, status: RunStatus, summary: str | None) -> Run:
        AttemptStore(tx).hold(run.id, run.attempt)
        return run.ended(status, at=self._context.clock(), summary=summary)

    def _settle(self, tx: Transaction, ended: Run, verdict: RunFinish, *, author: Author, confirmed: bool) -> Run:
        now = self._context.clock()
        if verdict.status is not ended.status:
            ended = self._overruled(tx, ended, verdict)
        for warning in verdict.warnings:
            ended = ended.warned(now, warning)
        ended = self._with_open_steps(tx, ended)
        if ended.awaits_approval:
            self._close_approval(tx, ended, author)
            ended = replace(ended, awaits_approval=False)
        ended = self.cut_off(tx, ended, at=now, confirmed=confirmed)
        saved = RunStore(tx).save(ended)
        if saved.status is RunStatus.FAILED:
            self._retrying.note(tx, saved)
        elif saved.status is RunStatus.SUCCEEDED:
            self._retrying.succeeded(tx, saved)
        self._tell(tx, saved, author)
        return saved

    def supersede(self, tx: Transaction, run: Run) -> None:
        """End a run that waits for another attempt as FAILED: a newer one takes its place, which its block follows now."""
        now = self._context.clock()
        message = "a newer run was requested while this one waited for another attempt"
        self.explain(tx, run, "superseded", "Superseded", message)
        ended = run.warned(now, message).ended(RunStatus.FAILED, at=now, summary=message)
        RunStore(tx).save(self.cut_off(tx, ended, at=now, confirmed=False))
        self._tell(tx, ended, SYSTEM)

    def _close_approval(self, tx: Transaction, run: Run, author: Author) -> None:
        """Note that an approval is not waited for any more, unless whoever ended the run has said how it was decided."""
        store = ApprovalStore(tx)
        approval = store.find(run.id)
        if approval is not None and approval.is_open:
            is_declined = run.abort_requested_at is not None
            outcome = ApprovalOutcome.DECLINED if is_declined else ApprovalOutcome.SUPERSEDED
            store.save(approval.decided(outcome, by=author, at=self._context.clock()))

    def try_again(self, tx: Transaction, run: Run) -> Run | None:
        """Put a run whose attempt has failed back into the queue, if that may help; None if it ends.

        Only for a failure that whoever worked on the run has reported: nothing goes on beside the next attempt.
        """
        again = self._retrying.again(tx, run, self._retrying.note(tx, run))
        if again is None:
            return None
        attempts, now, ports = AttemptStore(tx), self._context.clock(), self._context.ports()
        attempt = attempts.hold(run.id, run.attempt)
        if attempt is not None:
            attempts.save(attempt, replace(attempt, state=AttemptState.FAILED, last_sign_at=now, expires_at=now))
        ports.locks.release(tx, run.block_id, run.id)
        saved = RunStore(tx).save(again)
        ports.listener.run_changed(tx, saved)
        wake_everybody(tx, saved)
        log.info("run tried again", run_id=str(run.id), attempt=run.attempt, retries=saved.retries)
        return saved

    def note(self, tx: Transaction, run: Run, failure: Failure) -> None:
        """Note why a run is about to fail, where that is known for certain."""
        self._retrying.note(tx, run, failure)

    def cut_off(self, tx: Transaction, run: Run, *, at: datetime, confirmed: bool) -> Run:
        """Free the state lock of an ended run and note how long its engine may still write."""
        locks = self._context.ports().locks
        attempts = AttemptStore(tx)
        attempt = attempts.get(run.id, run.attempt)
        if attempt is not None and not confirmed and locks.held_by(tx, run.id):
            until = lock_hold(attempt.last_sign_at, self._context.limits)
            run = replace(run, quiet_until=until) if until > at else run
        locks.release(tx, run.block_id, run.id)
        attempts.end(run.id, run.attempt, AttemptState.ENDED)
        return run

    def explain(self, tx: Transaction, run: Run, name: str, display_name: str, message: str) -> None:
        """Add a failed step of the server itself, so that every view of the run shows the reason."""
        steps = StepStore(tx)
        sources = steps.sources(run.id, run.attempt)
        if all(source.id != SERVER_SOURCE for source in sources):
            position = 1 + max((source.position for source in sources), default=0)
            source = Source(run_id=run.id, attempt=run.attempt, id=SERVER_SOURCE, position=position)
            steps.put_source(source, is_new=True)
        now = self._context.clock()
        step = Step(
            run_id=run.id,
            attempt=run.attempt,
            id=StepId(SERVER_SOURCE, name),
            position=1,
            display_name=display_name,
            status=StepStatus.FAILED,
            user_message=message,
            started_at=now,
            ended_at=now,
        )
        batch = StepBatch(tx, run.id, run.attempt)
        batch.put(step, is_new=True)
        batch.write(log_limit=self._context.limits.log_bytes)

    def _overruled(self, tx: Transaction, run: Run, finish: RunFinish) -> Run:
        message = finish.message or f"the run was reported as {run.status}, but it is {finish.status}"
        self.explain(tx, run, "result", "Check the result", message)
        return replace(run, status=finish.status, summary=message)

    def _with_open_steps(self, tx: Transaction, run: Run) -> Run:
        all_steps = StepStore(tx).steps(run.id, run.attempt)
        unfinished = [step for step in all_steps if step.status in OPEN_STEPS]
        if run.status is RunStatus.ABORTED:
            batch = StepBatch(tx, run.id, run.attempt)
            for step in unfinished:
                batch.put(replace(step, status=StepStatus.ABORTED, ended_at=run.finished_at))
            batch.write(log_limit=self._context.limits.log_bytes)
        if run.status is RunStatus.SUCCEEDED and run.finished_at is not None:
            odd = [step.display_name for step in all_steps if step.status is not StepStatus.SUCCEEDED]
            if odd:
                names = ", ".join(f"'{name}'" for name in odd[:5])
                return run.warned(run.finished_at, f"the run succeeded although steps did not: {names}")
        return run

    def _tell(self, tx: Transaction, run: Run, author: Author) -> None:
        wake_everybody(tx, run)
        content: JsonObject = {"status": run.status.value, "number": run.number, "behavior": run.behavior.value}
        self._context.event_log.append(
            tx,
            author,
            "Building Block Run Finished",
            EventType.CHANGED,
            workspace=run.workspace,
            subject_kind="meshBuildingBlockRun",
            subject_id=str(run.id),
            content=content,
        )
        log.info("run finished", run_id=str(run.id), block_id=str(run.block_id), status=run.status.value)
