"""Cascades while they are under way: counted, limited, stopped at the first failure or by hand, and gone on with.

A block that is not run again because of a stop is *held*: it keeps its outputs, says what of its parents it does not have yet, and runs
when somebody runs it, or goes on with the cascade.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import structlog

from blockyard.server.blocks.model.block import Block, BlockId
from blockyard.server.blocks.model.cascade import Cascade, CascadeLimits, Stop, StopReason
from blockyard.server.blocks.service.access import require_known, require_save
from blockyard.server.blocks.service.withdrawing import Withdrawing
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.cascades import CascadeStore
from blockyard.server.blocks.store.stops import StopStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import RunId
from blockyard.server.runs.topics import block_topic

log = structlog.get_logger(__name__)

_SUBJECT = "meshBuildingBlock"

STOPS_TOPIC = "blocks:stops"
"""Woken when a cascade was stopped that wants more than one transaction takes back."""

_REMOVED_AT_ONCE = 500


class CascadeControl:
    """Decides whether a block is run again because of another one; asks no principal but in `stop` and `go_on`."""

    def __init__(self, basics: Basics, limits: CascadeLimits, withdrawing: Withdrawing) -> None:
        self.limit = limits.runs
        """So many blocks one cascade may run again; 0 = any number."""
        self._withdrawing = withdrawing
        self._released: list[Callable[[Transaction, Block], None]] = []
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._limits = limits

    def tell(self, released: Callable[[Transaction, Block], None]) -> None:
        """Let somebody know of blocks that were about to run and are held now: who waits for them need not wait any more."""
        self._released.append(released)

    def of(self, tx: Transaction, block: Block) -> Cascade | None:
        """Return the cascade that a block is part of, or began; None if it never ran."""
        cascade_id = block.held_by or block.cascade or block.latest_run_id
        return None if cascade_id is None else CascadeStore(tx).find(cascade_id)

    def lets(self, tx: Transaction, cascade_id: UUID, parent: Block) -> bool:
        """Whether one more block may be run again; it is counted. Reaching the limit stops the cascade."""
        store = CascadeStore(tx)
        cascade = store.find(cascade_id)
        if cascade.is_stopped:
            return False
        if self._limits.runs and cascade.started >= self._limits.runs:
            told = f"It came to more than {self._limits.runs} building blocks, and no cascade may run more again."
            self._stop(tx, cascade, (StopReason.LIMIT, told), block=parent, author=None)
            return False
        store.count(cascade_id, self._clock())
        return True

    def failed(self, tx: Transaction, block: Block) -> Block:
        """Stop the cascade that a failed run was part of, if the installation wants that; return its block, not saved."""
        if not self._limits.stops_at_failure or block.cascade is None:
            return block
        cascade = CascadeStore(tx).find(block.cascade)
        if not cascade.is_stopped:
            why = (StopReason.FAILED, f"The run of '{block.name}' failed.")
            self._stop(tx, cascade, why, block=block, author=None)
        return block.held(block.cascade) if block.follows_next else block

    def stop(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str) -> Cascade:
        """Let no more runs follow from the latest run of a block, or from what made it run; those that nobody claimed are withdrawn.

        Raises NotFound, Denied, Conflict.
        """
        block = require_known(principal, BlockStore(tx).find(BlockId(block_id)), block_id)
        require_save(principal, block)
        cascade = self.of(tx, block)
        if cascade is None:
            raise Conflict(
                "the building block has not run yet", code="NothingToStop", remedy="There is nothing to stop."
            )
        if not cascade.is_stopped:
            told = f"{principal.author.display_name} stopped it: {reason}"
            self._stop(tx, cascade, (StopReason.BY_HAND, told), block=block, author=principal.author)
        return CascadeStore(tx).find(cascade.id)

    def is_stopped(self, tx: Transaction, cascade_id: UUID) -> bool:
        """Whether no more runs follow."""
        return CascadeStore(tx).find(cascade_id).is_stopped

    def hold(self, tx: Transaction, child: Block, cascade: RunId) -> None:
        """Write that a stopped cascade would have run a block again."""
        now = BlockStore(tx).find(child.id) or child  # reaching the limit may have changed it
        if now.revision == child.revision and now.held_by != cascade:
            tx.wake(block_topic(child.id))
            BlockStore(tx).save(replace(now, held_by=cascade))

    def go_on(
        self, tx: Transaction, principal: Principal, block_id: UUID, run_held: Callable[[UUID], int]
    ) -> tuple[Cascade, int]:
        """Run again what a stopped cascade held back; return how many blocks these are. Raises NotFound, Denied, Conflict."""
        block = require_known(principal, BlockStore(tx).find(BlockId(block_id)), block_id)
        require_save(principal, block)
        cascade = self.of(tx, block)
        if cascade is None or not cascade.is_stopped:
            raise Conflict("no cascade is stopped here", code="NothingStopped", remedy="Nothing has to go on.")
        CascadeStore(tx).go_on(cascade, self._clock())
        StopStore(tx).put(cascade.id, None, self._clock())
        held = run_held(cascade.id)
        self._tell(tx, "Building Block Cascade Resumed", block, principal.author, {"held": held})
        return CascadeStore(tx).find(cascade.id), held

    def go_on_stopping(self, tx: Transaction) -> bool:
        """Take back some more of what a stopped cascade has not begun; tell whether there was a stop to go on with."""
        stop = StopStore(tx).next()
        if stop is not None:
            self._take_back(tx, stop)
        return stop is not None

    def remove_old(self, tx: Transaction) -> int:
        """Forget cascades that are over, and in which nothing has happened for the time of the setting; return how many."""
        return CascadeStore(tx).remove_old(self._clock() - self._limits.keep, _REMOVED_AT_ONCE)

    def _stop(
        self, tx: Transaction, cascade: Cascade, why: tuple[StopReason, str], *, block: Block, author: Author | None
    ) -> None:
        reason, told = why
        CascadeStore(tx).stop(cascade, self._clock(), reason, told)
        but = block.id if reason is StopReason.FAILED else None  # that one is just being changed
        held = self._take_back(tx, Stop(cascade.id), but=but)
        log.info("cascade stopped", cascade_id=str(cascade.id), reason=reason, block_id=block.id)
        self._tell(
            tx,
            "Building Block Cascade Stopped",
            block,
            author,
            {"reason": reason.value, "message": told, "held": held},
        )

    def _take_back(self, tx: Transaction, stop: Stop, *, but: UUID | None = None) -> int:
        """Hold the next blocks of a stopped cascade; return how many these are."""
        held, left = self._withdrawing.withdraw(tx, stop, "the cascade was stopped", but=but)
        if left is not None:
            tx.wake(STOPS_TOPIC)
        StopStore(tx).put(stop.cascade, left, self._clock())
        CascadeStore(tx).uncount(stop.cascade, len(held))
        for one in held:
            for tell in self._released:
                tell(tx, one)
        return len(held)

    def _tell(
        self, tx: Transaction, title: str, block: Block, author: Author | None, content: dict[str, str | int]
    ) -> None:
        self._event_log.append(
            tx,
            author or SYSTEM,
            title,
            EventType.CHANGED,
            workspace=block.workspace,
            subject_kind=_SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content={**content},
        )
