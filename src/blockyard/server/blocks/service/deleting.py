"""Deleting and purging blocks, and what remains of them. Source: api.md 3.18 (delete), concepts.md 10.1 and 23."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.blocks.model.block import Block, Lifecycle
from blockyard.server.blocks.model.deletion import DeletionEffect, deletion_effect
from blockyard.server.blocks.service.access import is_operator, require_delete, require_known, require_purge
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.ports import StateRemoval
from blockyard.server.blocks.service.related import BlockRelations
from blockyard.server.blocks.service.starting import SUBJECT, RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.expiries import ExpiryStore
from blockyard.server.definitions.model import DeletionMode, Version
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import Run, Trigger, TriggerReason
from blockyard.server.runs.model.approval import ApprovalOutcome
from blockyard.server.runs.service import RunService

log = structlog.get_logger(__name__)

_NAMED_CHILDREN = 5


class Deleting:
    """Ends the life of blocks."""

    def __init__(
        self,
        basics: Basics,
        *,
        runs: RunService,
        state: StateRemoval,
        reading: Reading,
        starter: RunStarter,
        relations: BlockRelations,
        holding: Holding,
    ) -> None:
        self._holding = holding
        self._relations = relations
        self._reading = reading
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._runs = runs
        self._state = state
        self._starter = starter

    def delete(self, tx: Transaction, principal: Principal, block_id: UUID, *, expected: str | None = None) -> Block:
        """Mark a block for deletion and request the run that destroys it; one with nothing to destroy is gone at once.

        Repeating it changes nothing while the destroying run is unfinished or the block is gone. Who was told beforehand
        what it does says so as `expected` (a `DeletionEffect`): a deletion that would do something else by now is refused.
        """
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_delete(principal, block)
        if block.lifecycle is Lifecycle.DELETED:
            return block
        _refuse_zone_block(principal, block)
        self._refuse_held(tx, block)
        _, version = self._reading(tx).version_of(block)
        effect = self.effect(tx, block, version)
        if expected not in {None, effect}:
            raise Conflict(
                "the building block has changed since you were asked",
                code="OtherDeletion",
                remedy="Read what a deletion does now, and choose again.",
            )
        _refuse_children(tx, block)
        return self.end(tx, block, principal.author)

    def purge(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Forget a block without destroying what it made, in any status; an unfinished run is aborted first."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_purge(principal, block)
        if block.lifecycle is Lifecycle.DELETED:
            return block
        self._holding.refuse(tx, block.id, "purged")
        _refuse_children(tx, block)
        return self.purged(tx, block, principal.author)

    def take_back(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Let a block live on whose deletion nobody has begun yet. Raises NotFound, Denied, Conflict."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_delete(principal, block)
        if block.lifecycle is Lifecycle.ACTIVE:
            return block
        unclaimed = [run for run in self._runs.hold_unclaimed(tx, [block.id]) if run.id == block.latest_run_id]
        last = self._runs.before(tx, unclaimed[0]) if unclaimed and not self._is_leaving(tx, block) else None
        if last is None:
            raise Conflict(
                "the deletion of the building block has begun and cannot be taken back any more",
                code="DeletionBegun",
                remedy="Order a new one, or let its run end: if the deletion fails, the building block can be run again.",
            )
        self._runs.withdraw(
            tx, replace(unclaimed[0], due_at=last.quiet_until or self._clock()), "the deletion was taken back"
        )
        return self._kept(tx, block, last, principal.author)

    def _kept(self, tx: Transaction, block: Block, last: Run, author: Author, *, at_once: bool = True) -> Block:
        kept = self._starter.save(tx, block.kept(last))
        self._go_on(tx, kept, last, block.marked_for_deletion_at, at_once=at_once)
        self._event_log.append(
            tx,
            author,
            "Building Block Deletion Taken Back",
            EventType.CANCELLED,
            workspace=block.workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content={"displayName": block.name},
        )
        return BlockStore(tx).find(kept.id) or kept

    def _go_on(self, tx: Transaction, block: Block, last: Run, marked_at: datetime | None, *, at_once: bool) -> None:
        """Run a block again that waited for something when it was to be deleted, or whose parents gave something new meanwhile.

        Not `at_once` where the run that was to destroy it is not stored as ended yet: then what is due begins after that. The end
        of one whose time is over is put off: else it would be deleted again at once.
        """
        gave_way = marked_at is not None and last.finished_at is not None and last.finished_at >= marked_at
        if bool(block.unseen) if last.status is RunStatus.SUCCEEDED else gave_way:
            reason = TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE
            if at_once:
                self._starter.rerun(tx, block, reason)
            else:
                self._starter.save(tx, block.queued(Trigger(SYSTEM, reason)))
        ends = ExpiryStore(tx)
        if (expiry := ends.of([block.id]).get(block.id)) is not None:
            ends.put(expiry.spared(self._clock()))

    def _is_leaving(self, tx: Transaction, block: Block) -> bool:
        """Whether the tenant that a block is on is being deleted with it."""
        tenant = self._reading(tx).tenant_of(block)
        return tenant is not None and tenant.is_leaving

    # For what deletes blocks on its own: no principal is asked

    def declined(self, tx: Transaction, block: Block, run: Run) -> bool:
        """Let a block live on whose destruction nobody approved, or somebody stopped before a runner had it; tell whether it does.

        It is as after its last run then. Not where its tenant is on its way out, nor where no run has made it: it stays marked
        for deletion.
        """
        last = self._runs.before(tx, run)
        if run.id != block.latest_run_id or last is None or self._is_leaving(tx, block):
            return False
        self._kept(tx, block, last, SYSTEM, at_once=False)
        return True

    def expire(self, tx: Transaction, block: Block) -> Block:
        """Do what `delete` does once the time of a block is over.

        Raises Conflict: a hold, children, an unfinished run, or somebody has declined its destruction, and nothing ran since.
        """
        latest = self._runs.latest(tx, block.id)
        approval = None if latest is None else self._runs.approvals.of(tx, latest)
        if approval is not None and approval.is_of_state and approval.outcome is ApprovalOutcome.DECLINED:
            raise Conflict(
                "its destruction was declined",
                code="DestructionDeclined",
                remedy="Delete it, or choose another end.",
            )
        _refuse_children(tx, block)
        return self.end(tx, block, SYSTEM)

    def end(self, tx: Transaction, block: Block, author: Author) -> Block:
        """Do what `delete` does with a block that has no children. Raises Conflict: a run is unfinished, or it is on hold."""
        self._refuse_held(tx, block)
        definition, version = self._reading(tx).version_of(block)
        if version.deletion_mode is DeletionMode.PURGE:
            return self.purged(tx, block, author)
        is_asked_about = block.is_running and block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        if is_asked_about and not self._starter.is_outdated(tx, block):
            return block
        self._starter.refuse_unfinished(tx, block)
        marked = self._starter.save(tx, block.marked(author, self._clock()))
        if self.effect(tx, block, version) is DeletionEffect.REMOVES:
            return self.gone(tx, marked, author)
        reason = TriggerReason.BUILDING_BLOCK_DELETION
        pause = timedelta(minutes=definition.lifetimes.undo_minutes)
        return self._starter.request(tx, marked, version, author, behavior=Behavior.DESTROY, reason=reason, pause=pause)

    def effect(self, tx: Transaction, block: Block, version: Version) -> DeletionEffect:
        """Return what deleting a block now would do. What no runner ever had has made nothing, and is removed."""
        has_run = block.latest_run_id is not None
        has_begun = has_run and (block.applied_at is not None or self._runs.has_begun(tx, block.id))
        return deletion_effect(version, has_begun=has_begun)

    def _refuse_held(self, tx: Transaction, block: Block) -> None:
        """Refuse to destroy what a hold keeps; what is being destroyed already waits by itself."""
        if not (block.is_running and block.lifecycle is Lifecycle.MARKED_FOR_DELETION):
            self._holding.refuse(tx, block.id, "deleted")

    def purged(self, tx: Transaction, block: Block, author: Author) -> Block:
        """Do what `purge` does with a block that has no children."""
        run = self._runs.unfinished(tx, block.id)
        if run is not None:
            block = block.following(run.id, self._runs.abort_for(tx, author, run).status)
        marked = block.marked(author, self._clock())
        return self.gone(tx, replace(marked, force_purge=True), author, force_purge=True)

    def gone(self, tx: Transaction, block: Block, author: Author, *, force_purge: bool = False) -> Block:
        """Store a block as deleted; its state goes too, unless resources were left behind."""
        deleted = self._starter.save(tx, block.deleted(self._clock(), force_purge=force_purge))
        self._relations.gone(tx, block)
        self._holding.gone(tx, author, block.id)
        if not force_purge:
            self._state.remove(tx, block.id)
        self._event_log.append(
            tx,
            author,
            "Building Block Deleted",
            EventType.DELETED,
            workspace=block.workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content={"displayName": block.name, "purged": force_purge},
        )
        log.info("block deleted", block_id=block.id, purged=force_purge)
        return deleted


def _refuse_zone_block(principal: Principal, block: Block) -> None:
    """Refuse to let those who use a tenant delete what makes it: that is the deletion of the tenant. Raises Conflict."""
    if block.is_of_landing_zone and not is_operator(principal, block):
        raise Conflict(
            f"building block '{block.name}' belongs to the landing zone of its tenant",
            code="OfLandingZone",
            remedy="Delete the tenant: its building blocks go with it.",
        )


def _refuse_children(tx: Transaction, block: Block) -> None:
    children = BlockStore(tx).children(block.id)
    if not children:
        return
    names = ", ".join(f"'{child.name}' ({child.id})" for child in children[:_NAMED_CHILDREN])
    more = f" and {len(children) - _NAMED_CHILDREN} more" if len(children) > _NAMED_CHILDREN else ""
    raise Conflict(
        f"the building block is a parent of {names}{more}",
        code="HasChildren",
        remedy="Delete those building blocks first."
        if any(child.lifecycle is Lifecycle.ACTIVE for child in children)
        else "They are being deleted: wait until they are gone.",
    )
