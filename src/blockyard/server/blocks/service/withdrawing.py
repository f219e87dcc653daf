"""What a stop takes back of a cascade: the runs that no runner has claimed, and those that are due after others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from blockyard.server.blocks.model.block import Block, BlockId, BlockStatus, follows
from blockyard.server.blocks.model.cascade import Stop
from blockyard.server.blocks.store import BlockStore
from blockyard.server.events.basics import Basics
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.service import RunService
from blockyard.server.runs.topics import block_topic

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""How many blocks one transaction takes runs back of: the others have their turn one after another, whichever server is there."""


class Withdrawing:
    """Takes runs back and holds their blocks; asks no principal."""

    def __init__(self, basics: Basics, runs: RunService) -> None:
        self._clock = basics.clock
        self._runs = runs

    def withdraw(
        self, tx: Transaction, stop: Stop, why: str, *, but: UUID | None = None
    ) -> tuple[Sequence[Block], Stop | None]:
        """Take back what a cascade has not begun, except of the block `but`, of `AT_ONCE` blocks at most.

        Returns the blocks that are held now, and how far it is; None if nothing is left.

        A run goes on that also brings its block to another version, that a composition waits for, or that was requested because
        of somebody or something else, too. A block that is parked for a parent is as it was, and held: the parent may never run.
        """
        held: list[Block] = []
        left: Stop | None = stop
        room, is_whole = AT_ONCE, stop == Stop(stop.cascade)
        while left is not None and room > 0:
            some = BlockStore(tx).wanted_by(left, room)
            taken = self._take(tx, left.cascade, [block for block in some if block.id != but], why)
            held += taken
            left = replace(left, again=left.again or bool(taken))
            is_over, room = len(some) < room, room - len(some)
            if not is_over:
                left = left.passed(some[-1].id)
            elif is_whole and not left.parked:
                left = None  # what passed by in this transaction only has nothing behind it
            else:
                left = left.over()
        log.info("runs withdrawn", cascade_id=str(stop.cascade), blocks=len(held))
        return held, left

    def _take(self, tx: Transaction, cascade_id: UUID, wanted: Sequence[Block], why: str) -> Sequence[Block]:
        """Take back of some blocks what a cascade has not begun; return those that are held now."""
        may_go = [block for block in wanted if block.due is None or block.follows_next]
        before = {**self._parked(tx, may_go), **self._withdrawn(tx, may_go, why)}
        held: list[Block] = []
        for block in may_go:
            if block.id in before:
                as_before = block.held(cascade_id).before_run(before[block.id])
                held.append(self._save(tx, replace(as_before, status_since=self._clock())))
            elif block.follows_next and block.status is not BlockStatus.PENDING:
                held.append(self._save(tx, block.held(cascade_id)))
        return held

    def _withdrawn(self, tx: Transaction, blocks: Sequence[Block], why: str) -> Mapping[UUID, Run]:
        """Withdraw runs that nobody has claimed; return by block the run before."""
        latest = {block.latest_run_id for block in blocks}
        found: dict[UUID, Run] = {}
        for run in self._runs.hold_unclaimed(tx, [block.id for block in blocks]):
            last = (
                self._runs.before(tx, run) if run.id in latest and run.serves is None and follows(run.trigger) else None
            )
            if last is not None and last.target.version_id == run.target.version_id:
                self._runs.withdraw(tx, run, why)
                found[run.block_id] = last
        return found

    def _parked(self, tx: Transaction, blocks: Sequence[Block]) -> Mapping[UUID, Run]:
        """Return by parked block its latest run."""
        parked = [block for block in blocks if block.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT]
        versions = {block.id: block.version_id for block in parked}
        runs = [self._runs.by_id(tx, block.latest_run_id) for block in parked if block.latest_run_id is not None]
        return {run.block_id: run for run in runs if run.target.version_id == versions[BlockId(run.block_id)]}

    def _save(self, tx: Transaction, block: Block) -> Block:
        tx.wake(block_topic(block.id))
        return BlockStore(tx).save(block)
