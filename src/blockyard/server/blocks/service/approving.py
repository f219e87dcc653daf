"""Whether what a block is to become waits for an approval."""

from dataclasses import replace

from blockyard.server.blocks.model.approving import Cause, asks_for_plan, cause_of, terms_of
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId, TriggerReason
from blockyard.server.runs.model.approval import ApprovalTerms
from blockyard.server.runs.service import RunService

_NOTED = frozenset({TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE, TriggerReason.BUILDING_BLOCK_UPGRADE})
"""Of these the block knows the cause more exactly, since it was saved."""


class Approving:
    """Asks the definition of a block; asks no principal."""

    def __init__(self, *, reading: Reading, runs: RunService) -> None:
        self._reading = reading
        self._runs = runs

    def caused(self, tx: Transaction, block: Block, reason: TriggerReason) -> Block:
        """Return a block that knows why it is to be applied, besides what no run has applied yet."""
        unseen = set(block.unseen)
        if reason is not TriggerReason.PREFLIGHT_SUCCEEDED:
            unseen.discard(Cause.MANUAL)  # that changes nothing which would have to be seen another time
            if not (unseen and reason in _NOTED):
                unseen.add(cause_of(reason))
        if block.applied_at is None:
            unseen.add(Cause.CREATION)
        if block.parents and TurnStore(tx).waits_since(block.id) is not None:
            unseen.add(Cause.OTHER_INPUT)  # whatever runs it now takes what is new, before its turn comes
        latest = self._runs.latest(tx, block.id)
        if latest is not None and latest.target.version_id != block.version_id:
            unseen.add(Cause.UPGRADE)  # it may have come by itself
        return replace(block, unseen=frozenset(unseen))

    def plans_first(self, tx: Transaction, block: Block) -> bool:
        """Whether nothing is applied before its plan is there."""
        definition, _ = self._reading(tx).version_of(block)
        return asks_for_plan(definition, _causes(block))

    def terms(self, tx: Transaction, block: Block, plan_run_id: RunId) -> ApprovalTerms | None:
        """Return what an approval of a plan takes; None if none is needed, or the same was approved before."""
        definition, _ = self._reading(tx).version_of(block)
        run, planned = self._runs.by_id(tx, plan_run_id), self._runs.planned
        terms = terms_of(definition, _causes(block), planned.summary(tx, run), planned.destroyed(tx, run))
        return None if terms is not None and planned.carries(tx, run) else terms


def _causes(block: Block) -> frozenset[Cause]:
    return frozenset(Cause(cause) for cause in block.unseen)
