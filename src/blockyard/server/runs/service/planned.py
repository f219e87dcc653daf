"""What blocks ask about plans: how much they change, what they destroy, and whether they were approved before; no principal is asked."""

from collections.abc import Sequence
from uuid import UUID

from blockyard.protocol.names import Behavior, ChangeAction, RunStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import MAX_SIZE, PageRequest
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.approval import Approval
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
        """Return what the plan of a DETECT run would destroy, replace or forget, at most a thousand of each."""
        store = PlanStore(tx)
        pages = [store.page(run.id, action, PageRequest(0, MAX_SIZE)) for action in _DESTROYING]
        return [change for page in pages for change in page.items]

    def carried(self, tx: Transaction, block_id: UUID, digest: str | None) -> Approval | None:
        """Return the approval of exactly the changes that `digest` stands for, if a run could not do them as the world had changed."""
        last = None if digest is None else ApprovalStore(tx).last_decided(block_id)
        if last is None or not last.is_granted or digest != last.changes_digest:
            return None
        return last if self.is_stale(tx, RunStore(tx).get(last.run_id)) else None

    def is_stale(self, tx: Transaction, run: Run) -> bool:
        """Whether a run has failed because its plan, or what it was to destroy, did not fit the world any more."""
        destroys = run.behavior is Behavior.DESTROY
        if run.status is not RunStatus.FAILED or (run.plan_run_id is None and not destroys):
            return False
        failure = FailureStore(tx).of(run.id, run.attempt)
        return failure is not None and failure.code == (STATE_CHANGED if destroys else STALE_PLAN).code
