"""What is done with blocks on schedule: dry runs, the application of their plans, runs. Nobody is authorized here."""

from collections.abc import Collection
from uuid import UUID

from blockyard.protocol.names import Behavior, ImplementationType
from blockyard.server.blocks.model.block import Block, Lifecycle
from blockyard.server.blocks.service.planning import Planning
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.events.model import SYSTEM, Author
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run, TriggerReason
from blockyard.server.runs.model.approval import ApprovalTerms
from blockyard.server.runs.model.task import Task


class ScheduledRuns:
    """Starts runs of blocks for the system, as far as nothing stands in their way."""

    def __init__(self, *, reading: Reading, planning: Planning, starter: RunStarter) -> None:
        self._reading = reading
        self._planning = planning
        self._starter = starter

    def find(self, tx: Transaction, block_id: UUID) -> Block | None:
        """Return a block that lives on, and was applied once; None of any other."""
        block = BlockStore(tx).find(block_id)
        lives = block is not None and block.lifecycle is Lifecycle.ACTIVE and block.applied_at is not None
        return block if lives else None

    def known(self, tx: Transaction, block_id: UUID) -> Block | None:
        """Return a block that is not deleted."""
        block = BlockStore(tx).find(block_id)
        return block if block is not None and block.is_live else None

    def some_of(self, tx: Transaction, definition_id: UUID, behind: UUID | None, limit: int) -> list[Block]:
        """Return blocks of a definition that are not deleted, in the order of their ids, behind one of these."""
        return [*BlockStore(tx).of_definition(definition_id, behind, limit)]

    def is_plannable(self, tx: Transaction, block: Block) -> bool:
        """Whether the block's version can be planned."""
        _, version = self._reading(tx).version_of(block)
        return version.implementation_type is ImplementationType.TERRAFORM

    def detect(
        self,
        tx: Transaction,
        block: Block,
        reason: TriggerReason,
        *,
        author: Author = SYSTEM,
        task: Task | None = None,
    ) -> Block:
        """Request a run that only says what would change, or does its task. Raises Conflict."""
        version = self._planning.require_plannable(tx, block)
        return self._starter.request_dry_run(tx, block, version, author, reason, task=task)

    def planned(self, tx: Transaction, block: Block) -> Run:
        """Return the latest dry run, whose plan can be applied, also one of a restored state. Raises Conflict."""
        return self._planning.planned(tx, block, restoring=True)

    def terms_of_loss(self, tx: Transaction, block: Block, kept: Collection[str] | None) -> ApprovalTerms | None:
        """Return what it takes to replace the state of a block by one of which these addresses are known; None if nothing."""
        return self._starter.terms_of_loss(tx, block, kept)

    def apply_plan(
        self,
        tx: Transaction,
        block: Block,
        reason: TriggerReason,
        *,
        author: Author = SYSTEM,
        in_any_case: bool = False,
        task: Task | None = None,
        forgetting: ApprovalTerms | None = None,
    ) -> Block:
        """Request a run that applies the plan of the latest dry run, and nothing else. Raises Conflict.

        With `in_any_case` it waits for an approval, whatever the definition asks for. With a `task` it restores the state that was
        planned with, and waits for `forgetting` as well.
        """
        version = self._planning.require_plannable(tx, block)
        planned = self._planning.planned(tx, block, restoring=author != SYSTEM)
        return self._starter.request(
            tx,
            block,
            version,
            author,
            behavior=Behavior.APPLY,
            reason=reason,
            plan_run_id=planned.id,
            in_any_case=in_any_case,
            task=task,
            forgetting=forgetting,
        )

    def was_declined(self, tx: Transaction, block: Block) -> bool:
        """Whether somebody has declined last what the latest dry run of a block would change."""
        return self._planning.was_declined(tx, block)

    def run(self, tx: Transaction, block: Block, reason: TriggerReason) -> Block:
        """Request a run that brings the block to what it shall be. Raises Conflict."""
        return self._starter.run_again(tx, block, SYSTEM, reason)
