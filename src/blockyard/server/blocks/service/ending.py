"""Ending whatever a block waits for: always possible, for those who operate it, with a reason. It says what it leaves.

Aborting a run asks its runner and gives it time. This asks nobody: the attempt is over at once, its token counts no more, and the
next run of the block waits as long as an engine that holds the state lock may still write.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from blockyard.protocol.names import RunStatus
from blockyard.server.blocks.model.block import WAITING, Block, BlockStatus, Lifecycle
from blockyard.server.blocks.service.access import require_known
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.ordering import summary
from blockyard.server.blocks.service.starting import SUBJECT, RunStarter
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import Run
from blockyard.server.runs.service import RunService

log = structlog.get_logger(__name__)

END = "BUILDINGBLOCKRUN_SAVE"
"""Held by the team that offers the definition, and by administrators; not by those who merely order."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A block whose wait was ended, and one sentence for each thing that this leaves."""

    block: Block
    leaves: Sequence[str]


class Ending:
    """Ends waits."""

    def __init__(self, basics: Basics, *, runs: RunService, starter: RunStarter, deleting: Deleting) -> None:
        self._event_log = basics.event_log
        self._runs = runs
        self._starter = starter
        self._deleting = deleting

    def end(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str) -> Ended:
        """End the unfinished run of a block, or what it waits for without one: it is ABORTED.

        Raises NotFound, Denied, Conflict (it waits for nothing).
        """
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        principal.require(END, workspace=None, provider=block.provider)
        run = self._runs.unfinished(tx, block.id)
        if block.lifecycle is Lifecycle.DELETED or (run is None and block.status not in WAITING):
            raise Conflict(
                "the building block waits for nothing",
                code="NothingToEnd",
                remedy="There is nothing to end: read the building block again.",
            )
        TurnStore(tx).drop(block.id)
        ended = None if run is None else self._runs.end_for(tx, principal.author, run, reason)
        after = self._after(tx, block, ended)
        leaves = [*_leaves(block, run, after)]
        self._event_log.append(
            tx,
            principal.author,
            "Building Block Wait Ended",
            EventType.CHANGED,
            workspace=block.workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content={**summary(after), "reason": reason, "status": after.status.value},
        )
        log.info("wait ended", block_id=block.id, was=block.status, run_id=None if run is None else str(run.id))
        return Ended(after, leaves)

    def _after(self, tx: Transaction, block: Block, run: Run | None) -> Block:
        """Return the block as it is now: what waited for the end of a dry run begins, as nobody ended that.

        A deletion that had not begun is taken back, as by an abort.
        """
        if run is not None and run.is_unbegun_deletion and self._deleting.declined(tx, block, run):
            return BlockStore(tx).find(block.id) or block
        if not _is_dry_run(block, run):
            return self._starter.save(tx, replace(block, status=BlockStatus.ABORTED, due=None))
        self._starter.begin_due(tx, self._starter.save(tx, block))
        return BlockStore(tx).find(block.id) or block


def _is_dry_run(block: Block, run: Run | None) -> bool:
    return run is not None and run.id != block.latest_run_id


def _leaves(block: Block, run: Run | None, after: Block) -> Iterator[str]:
    if run is None:
        yield "No run was under way: nothing was made or destroyed."
    elif run.status is RunStatus.PENDING and run.attempt == 0:
        yield f"Run {run.number} had not begun: it made and destroyed nothing."
    else:
        yield (
            f"Run {run.number} had begun: what it made or destroyed until now stays so, and its engine may go on until its runner "
            "notices. Nothing that the runner reports counts any more; the state has what was written to it."
        )
    if block.due is not None and _is_dry_run(block, run):
        yield "Another run was due: it begins now."
    elif block.due is not None:
        yield "Another run was due: the values that were saved for it are kept, and no run applies them."
    if block.lifecycle is Lifecycle.MARKED_FOR_DELETION and after.lifecycle is Lifecycle.ACTIVE:
        yield "Its deletion is taken back: the building block lives on as it was."
    elif block.lifecycle is Lifecycle.MARKED_FOR_DELETION:
        yield "The building block stays marked for deletion until it is deleted again or purged."
    else:
        yield "It runs again when somebody starts a run or saves an input, or when an output that it takes changes."
