"""What blocks ask about plans: how much they change, what they destroy, and whether they were approved before; no principal is asked."""

from collections.abc import Sequence
from uuid import UUID

from blockyard.protocol.names import Behavior, ChangeAction, RunStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.approval import Approval, ApprovalOutcome
from blockyard.server.runs.model.failure_rules import STALE_PLAN, STATE_CHANGED
from blockyard.server.runs.model.plan import PlannedChange, PlanSummary
from blockyard.server.runs.store import ApprovalStore, FailureStore, PlanStore, RunStore

_DESTROYING = (ChangeAction.DELETE, ChangeAction.REPLACE, ChangeAction.FORGET)


class PlannedRuns:
    """Reads about plans; for other services."""

    def summary(self, tx: Transaction, run: Run) -> PlanSummary | None:
        """Return what the plan of a DETECT run would change, in numbers."""
        return PlanStore(tx).summary(run.id)

    def destroyed(self, tx: Transaction, run: Run) -> Sequence[PlannedChange]:
        """Return what the plan of a DETECT run would destroy, replace or forget, as far as it is listed; that is bounded."""
        return PlanStore(tx).of_actions(run.id, _DESTROYING)

    def last_applied(self, tx: Transaction, block_id: UUID) -> Run | None:
        """Return the newest run that applied a block."""
        return RunStore(tx).last_applied(block_id)

    def granted_before(self, tx: Transaction, block_id: UUID, digest: str | None) -> Approval | None:
        """Return the approval of exactly the changes that `digest` stands for, if a run could not do them as the world had changed."""
        last = None if digest is None else ApprovalStore(tx).last_decided(block_id)
        if last is None or not last.is_granted or digest != last.changes_digest:
            return None
        return last if self.is_stale(tx, RunStore(tx).get(last.run_id)) else None

    def was_declined(self, tx: Transaction, plan_run: Run) -> bool:
        """Whether exactly what a plan would change was declined last for its block."""
        last, summary = ApprovalStore(tx).last_decided(plan_run.block_id), PlanStore(tx).summary(plan_run.id)
        if last is None or summary is None or summary.digest is None:
            return False
        return last.outcome is ApprovalOutcome.DECLINED and last.changes_digest == summary.digest

    def is_stale(self, tx: Transaction, run: Run) -> bool:
        """Whether a run has failed because its plan, or what it was to destroy, did not fit the world any more."""
        destroys = run.behavior is Behavior.DESTROY
        if run.status is not RunStatus.FAILED or (run.plan_run_id is None and not destroys):
            return False
        failure = FailureStore(tx).of(run.id, run.attempt)
        return failure is not None and failure.code == (STATE_CHANGED if destroys else STALE_PLAN).code
