"""What runners and pipelines say about runs, and what they are told. Source: runner.md 1.6 to 1.8, architecture.md 4."""

import binascii
import hashlib
from base64 import b64decode
from dataclasses import dataclass, replace

import structlog

from blockyard.protocol.live import LogReply
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate, UpdateReply
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Invalid, Stale
from blockyard.server.runs.model import FINAL, Attempt, AttemptState, Run, RunId, clean
from blockyard.server.runs.model.amounts import MAX_MESSAGE_CHARACTERS, cut
from blockyard.server.runs.service.access import require_report, superseded
from blockyard.server.runs.service.changes import kept_plan, printed_plan
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.ending import RunEnding
from blockyard.server.runs.service.standing import StateStanding, standing_of
from blockyard.server.runs.service.steps import StepReports
from blockyard.server.runs.store import ApprovalStore, AttemptStore, FileStore, PlanStore, RunStore, StepStore
from blockyard.server.runs.topics import run_topic, wake_everybody, wake_viewers

log = structlog.get_logger(__name__)

OTHER_PLAN = (
    "the runner has applied another plan than the one that was approved: look at what it has made, and at the runner"
)
UNEXPLAINED = "the runner ended the run before its first step without saying why; the log of the runner tells more"


@dataclass(frozen=True, slots=True)
class _Caller:
    """A run and the attempt somebody reports on."""

    run: Run
    attempt: Attempt
    is_runner: bool
    """It came with the run token, not with an API key."""

    @property
    def is_current(self) -> bool:
        """Whether the attempt may still change the run."""
        return not self.run.is_final and self.attempt.number == self.run.attempt and self.attempt.may_go_on

    @property
    def must_stop(self) -> bool:
        """Whether the caller shall stop working on the run; who reported a failure that is tried again has stopped already."""
        if self.attempt.state is AttemptState.FAILED and self.attempt.number == self.run.attempt:
            return False
        return self.run.must_stop(self.attempt.number, may_go_on=self.attempt.may_go_on)


class ReportService:
    """Records reports. An older attempt, or a finished run, changes nothing and is answered without an error."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._ending = RunEnding(context)

    def require(self, tx: Transaction, principal: Principal, run_id: RunId) -> None:
        """Refuse whoever may not report on a run, before the report is there. Raises NotFound, Denied."""
        require_report(principal, RunStore(tx).get(run_id))

    def register(
        self, tx: Transaction, principal: Principal, run_id: RunId, registration: SourceRegistration
    ) -> UpdateReply:
        """Add a source and its steps; it acknowledges the claim. Raises NotFound, Denied, Invalid."""
        caller = self._caller(tx, principal, run_id)
        if caller.is_current:
            caller = self._heard(tx, caller)
            self._steps(tx, caller).register(registration)
            tx.wake(run_topic(run_id))
        return self._reply(tx, caller, "registration")

    def report(
        self, tx: Transaction, principal: Principal, run_id: RunId, source_id: str, update: StatusUpdate
    ) -> UpdateReply:
        """Record a status update; the first final status ends the run. Raises NotFound, Denied, Invalid."""
        caller = self._caller(tx, principal, run_id)
        if caller.is_current:
            caller = self._heard(tx, caller)
            self._steps(tx, caller).apply(source_id, update.steps or ())
            caller = replace(caller, run=self._report_run(tx, principal, caller, update))
            tx.wake(run_topic(run_id))
        elif self._may_complete(caller):
            self._steps(tx, caller).complete(source_id, update.steps or ())
            tx.wake(run_topic(run_id))
        return self._reply(tx, caller, "report")

    def append_log(
        self, tx: Transaction, principal: Principal, run_id: RunId, *, step: str, offset: int, data: bytes
    ) -> LogReply:
        """Append to the log of a step and return how much of it is there. Raises NotFound, Denied, Invalid."""
        caller = self._caller(tx, principal, run_id)
        if not caller.is_current:
            end = offset + len(data)
            return LogReply(offset=end, run_aborted=self._reply(tx, caller, "log").run_aborted)
        caller = self._heard(tx, caller)
        changed = self._steps(tx, caller).chunk(step, offset, data)
        tx.wake(run_topic(run_id))
        return LogReply(offset=changed.log_bytes, run_aborted=self._reply(tx, caller, "log").run_aborted)

    def heartbeat(self, tx: Transaction, principal: Principal, run_id: RunId) -> UpdateReply:
        """Record a sign of life. Raises NotFound, Denied."""
        caller = self._caller(tx, principal, run_id)
        if caller.is_current:
            caller = self._heard(tx, caller)
        return self._reply(tx, caller, "heartbeat")

    def release(self, tx: Transaction, principal: Principal, run_id: RunId, reason: str) -> UpdateReply:
        """Take a run back from its runner and offer it again at once; repeating it changes nothing.

        Raises NotFound, Denied.
        """
        caller = self._caller(tx, principal, run_id)
        if not caller.is_current:
            return UpdateReply(run_aborted=caller.run.status is RunStatus.ABORTED)
        if caller.run.abort_requested_at is not None:
            self._ending.finish(
                tx, caller.run, RunStatus.ABORTED, author=principal.author, summary="aborted", confirmed=True
            )
            return UpdateReply(run_aborted=True)
        now = self._context.clock()
        released = replace(caller.attempt, state=AttemptState.RELEASED, last_sign_at=now)
        AttemptStore(tx).save(caller.attempt, released)
        why = f"the runner handed the run back: {clean(reason) or 'no reason given'}"
        back = caller.run.released(at=now, why=why) if caller.run.status is RunStatus.IN_PROGRESS else caller.run
        saved = RunStore(tx).save(back)
        ports = self._context.ports()
        ports.locks.release(tx, saved.block_id, saved.id)
        ports.listener.run_changed(tx, saved)
        wake_everybody(tx, saved)
        log.info("run handed back", run_id=str(run_id), attempt=caller.attempt.number)
        return UpdateReply(run_aborted=False)

    def store_plan(self, tx: Transaction, principal: Principal, run_id: RunId, sealed: bytes, digest: str) -> None:
        """Keep the encrypted plan of a DETECT run, whose SHA-256 is `digest`; sent again it replaces the one before.

        Raises NotFound, Denied, Conflict (it is no DETECT run, or the attempt may not report any more).
        """
        caller = self._caller(tx, principal, run_id)
        if principal.run is not None and standing_of(self._context, tx, principal.run) is StateStanding.OVER:
            raise Denied("this run token is too old", code="RunTokenExpired", remedy="Stop working on this run.")
        if caller.run.behavior is not Behavior.DETECT:
            raise Conflict(
                f"this run is {caller.run.behavior.value}: only DETECT runs leave a plan",
                code="NoDetectRun",
                remedy="Send plans of DETECT runs only.",
            )
        if not caller.is_current:
            raise superseded()
        caller = self._heard(tx, caller)
        FileStore(tx).put_artifact(run_id, sealed, digest=digest, at=self._context.clock())

    def artifact(self, tx: Transaction, principal: Principal, run_id: RunId) -> bytes | None:
        """Return the encrypted plan of a DETECT run for a run of the same block that applies it; None if it is gone.

        Raises NotFound, Denied.
        """
        grant = principal.run
        applying = None if grant is None else RunStore(tx).get(RunId(grant.run_id))
        if grant is None or applying is None or applying.attempt != grant.attempt or applying.is_final:
            raise _plan_denied()
        if run_id not in {applying.plan_run_id, applying.id}:
            raise _plan_denied()
        return FileStore(tx).artifact(run_id)

    def _caller(self, tx: Transaction, principal: Principal, run_id: RunId) -> _Caller:
        attempts = AttemptStore(tx)
        number = principal.attempt_of(run_id)
        if number is not None:
            attempts.hold(run_id, number)
        run = RunStore(tx).get(run_id)
        require_report(principal, run)
        attempt = attempts.hold(run_id, run.attempt if number is None else number)
        if attempt is None:
            raise Conflict(
                "no runner has claimed this run yet", code="RunNotClaimed", remedy="Report after the run was claimed."
            )
        if attempt.state is AttemptState.ENDED and not run.is_final:
            raise Stale(f"run {run_id}")  # it ended between the two reads
        return _Caller(run, attempt, is_runner=number is not None)

    def _heard(self, tx: Transaction, caller: _Caller) -> _Caller:
        """Note a sign of life; a run whose attempt was lost, but not followed by another, goes on."""
        heard = caller.attempt.heard(self._context.clock(), self._context.limits)
        attempt = caller.attempt
        if attempt.is_news(heard):
            attempt = AttemptStore(tx).renew(attempt, heard)
        if caller.run.status is not RunStatus.PENDING:
            return replace(caller, attempt=attempt)
        revived = RunStore(tx).save(caller.run.revived())
        self._context.ports().listener.run_changed(tx, revived)
        wake_viewers(tx, revived)
        log.info("lost attempt goes on", run_id=str(revived.id), attempt=attempt.number)
        return replace(caller, run=revived, attempt=attempt)

    def _report_run(self, tx: Transaction, principal: Principal, caller: _Caller, update: StatusUpdate) -> Run:
        run = self._with_facts(tx, caller.run, update)
        if update.status is None or update.status not in FINAL:
            return RunStore(tx).save(run) if run != caller.run else run
        if update.status is RunStatus.SUCCEEDED and self._is_of_other_plan(tx, run, update):
            self._ending.explain(tx, run, "plan", "Compare the plan", OTHER_PLAN)
            return self._ending.finish(
                tx, run, RunStatus.FAILED, author=principal.author, summary=OTHER_PLAN, confirmed=caller.is_runner
            )
        if update.status is RunStatus.FAILED:
            run = self._explained(tx, run)
            again = self._ending.try_again(tx, run) if caller.is_runner else None
            if again is not None:
                return again
        return self._ending.finish(
            tx, run, update.status, author=principal.author, summary=run.summary, confirmed=caller.is_runner
        )

    def _is_of_other_plan(self, tx: Transaction, run: Run, update: StatusUpdate) -> bool:
        """Tell whether a runner says that it has applied another plan than the one it was to apply."""
        if run.plan_run_id is None or update.plan_digest is None:
            return False
        approval = ApprovalStore(tx).find(run.id)
        kept = FileStore(tx).artifact_digest(run.plan_run_id) if approval is None else approval.plan_digest
        return kept is not None and kept != update.plan_digest

    def _explained(self, tx: Transaction, run: Run) -> Run:
        """Give a failure without any step one that says why: the official runner fails so where it cannot begin."""
        if StepStore(tx).steps(run.id, run.attempt):
            return run
        why = run.summary or UNEXPLAINED
        self._ending.explain(tx, run, "prepare", "Prepare the run", why)
        return replace(run, summary=why)

    def _with_facts(self, tx: Transaction, run: Run, update: StatusUpdate) -> Run:
        if update.summary is not None:
            run = replace(run, summary=cut(clean(update.summary), MAX_MESSAGE_CHARACTERS))
        if update.changes_detected is not None:
            run = replace(run, changes_detected=update.changes_detected)
        if update.artifact is not None and run.behavior is Behavior.DETECT:
            plan = _plan(update.artifact)
            data = self._context.master_key.encrypt(plan, context=plan_context(run.id))
            digest = hashlib.sha256(plan).hexdigest()
            FileStore(tx).put_artifact(run.id, data, digest=digest, at=self._context.clock())
        if update.plan_changes is not None and run.behavior is Behavior.DETECT:
            PlanStore(tx).put(run.id, kept_plan(update.plan_changes, self._context.master_key))
        elif run.behavior is Behavior.DETECT and update.status is RunStatus.SUCCEEDED:
            self._read_printed(tx, run)
        return run

    def _read_printed(self, tx: Transaction, run: Run) -> None:
        """Keep what was printed of a plan by an engine whose runner tells nothing else."""
        plan = printed_plan(tx, run)
        if plan is not None:
            PlanStore(tx).put(run.id, plan)

    def _may_complete(self, caller: _Caller) -> bool:
        ended = caller.run.finished_at
        if ended is None or caller.attempt.number != caller.run.attempt or caller.run.status is RunStatus.ABORTED:
            return False
        return self._context.clock() <= ended + self._context.limits.late_steps

    def _steps(self, tx: Transaction, caller: _Caller) -> StepReports:
        return StepReports(
            tx,
            caller.run,
            claimer=caller.attempt.claimer if caller.is_runner else None,
            attempt=caller.attempt.number,
            at=self._context.clock(),
            limits=self._context.limits,
        )

    def _reply(self, tx: Transaction, caller: _Caller, what: str) -> UpdateReply:
        if not caller.is_current and not caller.run.is_final:
            log.info("late report ignored", run_id=str(caller.run.id), attempt=caller.attempt.number, what=what)
        told = caller.run.abort_told(at=self._context.clock(), limits=self._context.limits)
        if caller.is_current and told != caller.run:
            RunStore(tx).save(told)
        return UpdateReply(run_aborted=caller.must_stop)


def plan_context(run_id: RunId) -> str:
    """Return what the encryption of a run's plan is bound to."""
    return f"plan of run {run_id}"


def _plan_denied() -> Denied:
    return Denied(
        "a saved plan is only for the run that applies it",
        code="PlanNotYours",
        remedy="Use the token of the run whose document has the link 'planArtifact'.",
    )


def _plan(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(
            "the plan is not base64",
            field="/artifact",
            code="InvalidArtifact",
            remedy="Encode the plan in standard Base64.",
        ) from error
