"""Dry runs: a DETECT run says what an APPLY run would change, and its saved plan can be applied. Source: runner.md 1.9, api.md 3.18.

A dry run leaves the block's status alone. Any later run of another kind makes its plan worthless: the block forgets it.
"""

from dataclasses import replace
from uuid import UUID

from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.server.blocks.model.approving import Cause
from blockyard.server.blocks.model.block import WAITING, Block, Lifecycle
from blockyard.server.blocks.service.access import require_known, require_run
from blockyard.server.blocks.service.delegation import Delegation
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Version
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import Run, RunId, TriggerReason
from blockyard.server.runs.model.task import Task, TaskKind
from blockyard.server.runs.service import RunService


class Planning:
    """Plans blocks and applies what was planned."""

    def __init__(self, *, reading: Reading, runs: RunService, starter: RunStarter, delegation: Delegation) -> None:
        self._delegation = delegation
        self._reading = reading
        self._runs = runs
        self._starter = starter

    def detect(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Request a run that only says what would change."""
        block, version = self._plannable(tx, principal, block_id)
        return self._starter.request_dry_run(tx, block, version, principal.author)

    def try_trust(self, tx: Transaction, principal: Principal, block_id: UUID) -> tuple[Block, RunId | None]:
        """Request a run that only tries whether the block's clouds believe its identity tokens; return it beside the block."""
        block, version = self._plannable(tx, principal, block_id)
        task = Task(kind=TaskKind.TRUST_TEST)
        block = self._starter.request_dry_run(tx, block, version, principal.author, task=task)
        run = self._runs.unfinished(tx, block.id)
        return block, None if run is None else run.id

    def apply_plan(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Request a run that applies the plan of the latest dry run, and nothing else."""
        block, version = self._plannable(tx, principal, block_id)
        planned = self.planned(tx, block)
        block = replace(block, unseen=block.unseen | {Cause.MANUAL})
        reason = TriggerReason.PREFLIGHT_SUCCEEDED
        return self._starter.request(
            tx, block, version, principal.author, behavior=Behavior.APPLY, reason=reason, plan_run_id=planned.id
        )

    def _plannable(self, tx: Transaction, principal: Principal, block_id: UUID) -> tuple[Block, Version]:
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        definition, _ = self._reading(tx).version_of(block)
        require_run(principal, block, definition)
        self._delegation.require_run(tx, principal, block)
        return block, self.require_plannable(tx, block)

    def require_plannable(self, tx: Transaction, block: Block) -> Version:
        """Refuse unless a dry run of the block can begin now; return its version. Raises Conflict."""
        reader = self._reading(tx)
        _, version = reader.version_of(block)
        if block.lifecycle is not Lifecycle.ACTIVE:
            if block.lifecycle is Lifecycle.DELETED:
                raise Conflict("the building block is deleted", code="BlockDeleted", remedy="Order a new one.")
            raise Conflict(
                "the building block is being deleted, so there is nothing to plan",
                code="BlockDeleted",
                remedy="Delete it again if that failed, or order a new one.",
            )
        if version.implementation_type is not ImplementationType.TERRAFORM:
            raise Conflict(
                f"only OpenTofu and Terraform modules can be planned, and this is {version.implementation_type}",
                code="NotPlannable",
                remedy="Start a run instead.",
            )
        run = self._runs.unfinished(tx, block.id)
        if run is not None:
            raise Conflict(
                f"this is not possible while a run of the building block is {run.status}",
                code="RunUnfinished",
                remedy="Wait until the run has ended or abort it, then send the request again.",
            )
        waiting = reader.waiting_for(block, version)
        if waiting is None and block.status in WAITING:
            waiting = block.status  # it lacks nothing any more, and its turn to run has not come
        if waiting is not None:
            raise Conflict(
                f"the building block is {waiting}",
                code="BlockWaits",
                remedy="Give it what it waits for first; that starts a run.",
            )
        return version

    def was_declined(self, tx: Transaction, block: Block) -> bool:
        """Whether somebody has declined last what the latest dry run of a block would change."""
        run_id = block.latest_dry_run_id
        return run_id is not None and self._runs.planned.was_declined(tx, self._runs.by_id(tx, run_id))

    def planned(self, tx: Transaction, block: Block, *, restoring: bool = False) -> Run:
        """Return the latest dry run, whose plan can be applied. Raises Conflict."""
        if block.latest_dry_run_id is None:
            raise _no_plan("the building block has no plan that is newer than its latest run", "NoPlan")
        run = self._runs.by_id(tx, block.latest_dry_run_id)
        if run.status is not RunStatus.SUCCEEDED:
            raise _no_plan(f"the latest dry run has {run.status}", "PlanFailed")
        if run.task is not None and not restoring:
            raise _no_plan("the latest dry run planned with another version of the state", "RestorePlan")
        if run.target.version_id != block.version_id:
            raise _no_plan("the plan was made with another version", "StalePlan")
        if not self._runs.has_plan(tx, run):
            raise _no_plan("the saved plan is too old and was removed", "PlanGone")
        return run


def _no_plan(message: str, code: str) -> Conflict:
    return Conflict(
        f"{message}, so there is nothing to apply", code=code, remedy="Start a dry run, then apply its plan."
    )
