"""Whether what a block is to become waits for an approval."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from blockyard.protocol.names import ChangeAction
from blockyard.server.blocks.model.approving import (
    Cause,
    asks_before_destruction,
    asks_for_plan,
    both,
    cause_of,
    terms_of,
    terms_of_destruction,
    terms_of_forgetting,
    terms_of_work,
)
from blockyard.server.blocks.model.block import Block, Operation
from blockyard.server.blocks.service.ports import BlockStates
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.definitions.model import Version, VersionId
from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run, RunId, TriggerReason
from blockyard.server.runs.model.approval import ApprovalTerms, Asked, Destruction, distinct
from blockyard.server.runs.model.plan import Plan, PlannedChange, PlanSource, PlanSummary
from blockyard.server.runs.service import RunService

_NOTED = frozenset({TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE, TriggerReason.BUILDING_BLOCK_UPGRADE})
"""Of these the block knows the cause more exactly, since it was saved."""

_MOST_LISTED = 5000
"""So many things that are destroyed are listed one by one; all are counted and looked at."""


class Approving:
    """Asks the definition of a block; asks no principal."""

    def __init__(self, *, reading: Reading, runs: RunService, states: BlockStates) -> None:
        self._reading = reading
        self._runs = runs
        self._states = states

    def caused(self, tx: Transaction, block: Block, reason: TriggerReason) -> Block:
        """Return a block that knows why it is to be applied, besides what no run has applied yet."""
        unseen = set(block.unseen)
        if reason is not TriggerReason.PREFLIGHT_SUCCEEDED:
            unseen.discard(Cause.MANUAL)  # that changes nothing which would have to be seen another time
            if not (unseen and reason in _NOTED):
                unseen.add(cause_of(reason))
        if block.applied_at is None:
            unseen.add(Cause.CREATION)
        latest = self._runs.latest(tx, block.id)
        if latest is not None and latest.target.version_id != block.version_id:
            unseen.add(Cause.UPGRADE)  # it may have come by itself
        return self.in_turn(tx, replace(block, unseen=frozenset(unseen)))

    def has_turn(self, tx: Transaction, block: Block) -> bool:
        """Whether a block waits for its turn: its parents have given something that no run of it has taken."""
        return bool(block.parents) and TurnStore(tx).waits_since(block.id) is not None

    def in_turn(self, tx: Transaction, block: Block) -> Block:
        """Return a block that knows, if it has a turn, that whatever runs it now takes what is new."""
        return replace(block, unseen=block.unseen | {Cause.OTHER_INPUT}) if self.has_turn(tx, block) else block

    def plans_first(self, tx: Transaction, block: Block) -> bool:
        """Whether nothing is applied before its plan is there."""
        definition, _ = self._reading(tx).version_of(block)
        return asks_for_plan(definition, _causes(block))

    def asked(
        self,
        tx: Transaction,
        block: Block,
        plan_run_id: RunId,
        *,
        in_any_case: bool = False,
        forgetting: ApprovalTerms | None = None,
    ) -> Asked | None:
        """Return what the application of a plan waits for; None if it waits for nothing.

        With `in_any_case` somebody has to say yes whatever the definition asks for. `forgetting` is what it takes besides where another
        state takes the place of the current one: then no former approval counts.
        """
        definition, _ = self._reading(tx).version_of(block)
        run, planned = self._runs.by_id(tx, plan_run_id), self._runs.planned
        summary = planned.summary(tx, run)
        causes = _causes(block)
        grown = self._grown(tx, block) if Cause.UPGRADE in causes else ()
        destroyed = planned.destroyed(tx, run)
        terms = terms_of(definition, causes, summary, destroyed, grown=grown, in_any_case=in_any_case)
        terms = both(terms, forgetting)
        if terms is None:
            return None
        ordered_by = (block.author,) if Cause.CREATION in causes else ()
        asked = Asked(terms=terms, wanted_by=distinct((*ordered_by, *block.wanted_by)))
        return self._carrying(tx, block, asked, summary) if forgetting is None else asked

    def _carrying(self, tx: Transaction, block: Block, asked: Asked, summary: PlanSummary | None) -> Asked:
        """Return what is asked for with the approval that was given for the same before, if there is one that still does."""
        granted = self._runs.planned.granted_before(tx, block.id, None if summary is None else summary.digest)
        does = granted is not None and granted.suffices(asked.terms, asked.wanted_by)
        return replace(asked, carried=granted) if does else asked

    def _grown(self, tx: Transaction, block: Block) -> Sequence[str]:
        """Return what runs of the block's version may do that those of the version that was applied last might not."""
        last = self._runs.planned.last_applied(tx, block.id)
        if last is None or last.target.version_id == block.version_id:
            return ()
        reader = self._reading(tx)
        _, version = reader.version_of(block)
        _, before = reader.version_of(replace(block, version_id=VersionId(last.target.version_id)))
        return sorted({*version.permissions} - {*before.permissions})

    def asked_of_destruction(self, tx: Transaction, block: Block, version: Version, author: Author) -> Asked | None:
        """Return what the destruction of a block waits for; None if it waits for nothing.

        The state says what there is, whoever executes the run: no runner but ours could plan it.
        """
        definition, _ = self._reading(tx).version_of(block)
        if not asks_before_destruction(definition):
            return None
        mark, pairs = self._existing(tx, block, version)
        terms = terms_of_destruction(definition, pairs)
        if terms is None:
            return None
        plan = None if pairs is None else _destruction_of(pairs)
        asked = Asked(
            terms=terms,
            wanted_by=distinct((*self._deleted_by(tx, block), author)),
            destruction=Destruction(mark=mark, plan=plan),
        )
        return self._carrying(tx, block, asked, None if plan is None else plan.summary)

    def _deleted_by(self, tx: Transaction, block: Block) -> Sequence[Author]:
        """Return who has asked for the deletion that goes on, by the run that was to do it before."""
        latest = self._runs.latest(tx, block.id) if block.operation is Operation.DELETION else None
        approval = None if latest is None else self._runs.approvals.of(tx, latest)
        return () if approval is None else (approval.wanted_by, *approval.also_wanted_by)

    def asked_of_work(self, tx: Transaction, block: Block, version: Version, arguments: Sequence[str]) -> Asked | None:
        """Return what work on the state of a block waits for, with the state as it is now; None if it waits for nothing."""
        definition, _ = self._reading(tx).version_of(block)
        if not asks_before_destruction(definition):
            return None
        mark, pairs = self._existing(tx, block, version)
        terms = terms_of_work(definition, pairs, arguments)
        return None if terms is None else Asked(terms=terms, destruction=Destruction(mark=mark, plan=None))

    def terms_of_loss(self, tx: Transaction, block: Block, kept: Collection[str] | None) -> ApprovalTerms | None:
        """Return what it takes to replace the state by one of which only `kept` is known; None if nothing.

        `kept` are addresses; None if nobody knows what that state holds.
        """
        definition, version = self._reading(tx).version_of(block)
        if not asks_before_destruction(definition):
            return None
        _, pairs = self._existing(tx, block, version)
        lost = (
            None if pairs is None or (kept is None and pairs) else [one for one in pairs if one[0] not in (kept or ())]
        )
        return terms_of_forgetting(definition, lost)

    def _existing(self, tx: Transaction, block: Block, version: Version) -> tuple[str, list[tuple[str, str]] | None]:
        """Return the mark of a block's state, with addresses and types of what exists, None if nobody knows."""
        contents = self._states.contents(tx, block.id)
        is_known = contents.exists or not _may_be_elsewhere(block, version)
        existing = contents.resources if is_known else None
        return contents.mark, None if existing is None else [(one.address, one.type) for one in existing]

    def is_outdated(self, tx: Transaction, run: Run) -> bool:
        """Whether a run waits for the approval of the destruction of what is not there any more as it was."""
        approval = self._runs.approvals.of(tx, run)
        if approval is None or not (approval.is_open and approval.is_of_state):
            return False
        return self._states.mark(tx, run.block_id) != approval.plan_digest


def _causes(block: Block) -> frozenset[Cause]:
    return frozenset(Cause(cause) for cause in block.unseen)


def _may_be_elsewhere(block: Block, version: Version) -> bool:
    """Whether something may exist although no state of it is here: it was applied, or its state is kept somewhere else."""
    return block.applied_at is not None or not version.implementation.keeps_state


def _destruction_of(pairs: list[tuple[str, str]]) -> Plan:
    """Return what is destroyed as if it were a plan; its digest is equal wherever the same things are destroyed."""
    listed = pairs[:_MOST_LISTED]
    digest = hashlib.sha256("\n".join(sorted(address for address, _ in pairs)).encode()).hexdigest()
    summary = PlanSummary(
        source=PlanSource.STATE,
        counts={ChangeAction.DELETE: len(pairs)},
        left_out=len(pairs) - len(listed),
        digest=digest,
    )
    return Plan(summary=summary, changes=[_destroyed(address, type_) for address, type_ in listed])


def _destroyed(address: str, type_: str) -> PlannedChange:
    action = ChangeAction.DELETE
    return PlannedChange(
        address=address,
        action=action,
        is_output=False,
        digest=hashlib.sha256(f"{action.value} {address}".encode()).hexdigest(),
        document={"address": address, "type": type_, "action": action.value, "reason": None, "attributes": []},
    )
