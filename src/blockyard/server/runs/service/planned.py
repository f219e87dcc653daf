"""What blocks ask about plans: how much they change, what they destroy, and whether they were approved before; no principal is asked."""

from collections.abc import Sequence

from blockyard.protocol.names import ChangeAction, RunStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import MAX_SIZE, PageRequest
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.failure_rules import STALE_PLAN
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

    def carries(self, tx: Transaction, plan_run: Run) -> bool:
        """Whether a plan does exactly what was approved last for its block, and could not be applied as the world had changed."""
        last, summary = ApprovalStore(tx).last_decided(plan_run.block_id), PlanStore(tx).summary(plan_run.id)
        if last is None or summary is None or summary.digest is None or not last.is_granted:
            return False
        return summary.digest == last.changes_digest and self.is_stale(tx, RunStore(tx).get(last.run_id))

    def is_stale(self, tx: Transaction, run: Run) -> bool:
        """Whether a run has failed because its plan did not fit the world any more."""
        if run.status is not RunStatus.FAILED or run.plan_run_id is None:
            return False
        failure = FailureStore(tx).of(run.id, run.attempt)
        return failure is not None and failure.code == STALE_PLAN.code
