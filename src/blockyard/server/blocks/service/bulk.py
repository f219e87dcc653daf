"""Runs, upgrades, deletes and purges many blocks. Source: concepts.md 10.3.

A job is stored with a row for each block, and each row is settled in the transaction that does it: whatever dies in between, going on
does the rest and nothing twice. Whoever made the job goes on with it, and with their rights of that moment.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from blockyard.server.blocks.model.block import WAITING, Block, BlockId, BlockStatus, Lifecycle
from blockyard.server.blocks.model.bulk import (
    MAX_BLOCKS,
    BulkAction,
    BulkJob,
    BulkJobId,
    BulkProgress,
    BulkRow,
    RowState,
)
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.blocks.service.access import may_list
from blockyard.server.blocks.service.blocks import BlockService, leads_on
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.bulk import BulkStore
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, Refusal
from blockyard.server.kit.paging import Page, PageRequest

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""How many rows one request settles at most."""


class BulkService:
    """Use cases of bulk jobs."""

    def __init__(self, basics: Basics, *, blocks: BlockService, definitions: DefinitionService) -> None:
        self._basics = basics
        self._blocks = blocks
        self._definitions = definitions

    def create(
        self, tx: Transaction, principal: Principal, action: BulkAction, chosen: Sequence[UUID] | BlockQuery
    ) -> BulkProgress:
        """Store a job for these blocks, or for those that match; nothing is done to them yet.

        Raises Invalid: none, too many, or one that the principal may not see.
        """
        found = self._chosen(tx, principal, chosen)
        rows = [BulkRow(position=at, block_id=block_id, name=name) for at, (block_id, name) in enumerate(found)]
        job = BulkJob(
            id=BulkJobId(self._basics.new_id()),
            action=action,
            author=principal.author,
            created_at=self._basics.clock(),
        )
        BulkStore(tx).add(job, rows)
        log.info("bulk job made", job_id=str(job.id), action=action, blocks=len(rows))
        return self._progress(tx, job)

    def get(self, tx: Transaction, principal: Principal, job_id: UUID) -> BulkProgress:
        """Return how far a job is. Raises NotFound."""
        return self._progress(tx, _job(tx, principal, job_id))

    def rows(
        self, tx: Transaction, principal: Principal, job_id: UUID, request: PageRequest, state: RowState | None
    ) -> Page[BulkRow]:
        """Return one page of the rows of a job. Raises NotFound."""
        return BulkStore(tx).page(_job(tx, principal, job_id).id, request, state=state)

    def stop(self, tx: Transaction, principal: Principal, job_id: UUID) -> BulkProgress:
        """Leave the rest of a job; what was done stays done. Raises NotFound."""
        job = _job(tx, principal, job_id)
        BulkStore(tx).stop(job.id)
        return self._progress(tx, job)

    def open_rows(self, tx: Transaction, principal: Principal, job_id: UUID) -> tuple[BulkJob, Sequence[BulkRow]]:
        """Return a job and the rows whose turn it is; of deletions those whose children are gone. Raises NotFound."""
        job = _job(tx, principal, job_id)
        store = BulkStore(tx)
        if job.action not in {BulkAction.DELETE, BulkAction.PURGE}:
            return job, store.page(job.id, PageRequest(0, AT_ONCE), state=RowState.OPEN).items
        rows = store.page(job.id, PageRequest(0, MAX_BLOCKS), state=RowState.OPEN).items
        open_ids = {row.block_id for row in rows}
        ready = [row for row in rows if not self._waits_for_children(tx, row, open_ids)]
        return job, ready[:AT_ONCE]

    def settle(self, tx: Transaction, principal: Principal, job: BulkJob, row: BulkRow) -> None:
        """Do what a job does to one block, and write what came of it. Raises what doing it alone raises."""
        if BulkStore(tx).settle(job.id, replace(row, state=RowState.DONE)):
            state, code, message = self._done(tx, principal, job.action, row)
            BulkStore(tx).write(job.id, replace(row, state=state, code=code, message=message))

    def refused(self, tx: Transaction, job: BulkJob, row: BulkRow, refusal: Refusal) -> None:
        """Write why a block was refused."""
        told = f"{refusal.message} {refusal.remedy}" if refusal.remedy else refusal.message
        BulkStore(tx).settle(job.id, replace(row, state=RowState.REFUSED, code=refusal.code, message=told))

    def _done(
        self, tx: Transaction, principal: Principal, action: BulkAction, row: BulkRow
    ) -> tuple[RowState, str, str]:
        match action:
            case BulkAction.RUN:
                after = self._blocks.trigger_run(tx, principal, row.block_id).block
                waits = after.status in WAITING
                return RowState.DONE, "WAITS" if waits else "STARTED", f"The building block is {after.status}."
            case BulkAction.UPGRADE:
                return self._upgraded(tx, principal, row)
            case BulkAction.DELETE:
                after = self._blocks.delete(tx, principal, row.block_id).block
            case BulkAction.PURGE:
                after = self._blocks.purge(tx, principal, row.block_id).block
        is_gone = after.lifecycle is Lifecycle.DELETED
        return (
            RowState.DONE,
            "GONE" if is_gone else "STARTED",
            "It is gone." if is_gone else "A run destroys what it made.",
        )

    def _upgraded(self, tx: Transaction, principal: Principal, row: BulkRow) -> tuple[RowState, str, str]:
        view = self._blocks.get(tx, principal, row.block_id)
        latest = self._definitions.latest_sound(tx, view.block.definition_id)
        if latest is None or not leads_on(latest, view.version):
            return RowState.UNCHANGED, "UP_TO_DATE", f"It has version {view.version.number} already."
        request = BlockRequest(version_id=latest.id, target=Target.of(view.block))
        after = self._blocks.update(tx, principal, row.block_id, request).block
        if after.status in {BlockStatus.WAITING_FOR_USER_INPUT, BlockStatus.WAITING_FOR_OPERATOR_INPUT}:
            raise Conflict(
                f"version {latest.number} asks for inputs that the building block does not have",
                code="NeedsAnswer",
                remedy="Change its version by itself, and give the new inputs with it.",
            )
        return RowState.DONE, "UPGRADED", f"It has version {latest.number} now and is {after.status}."

    def _chosen(
        self, tx: Transaction, principal: Principal, chosen: Sequence[UUID] | BlockQuery
    ) -> Sequence[tuple[BlockId, str]]:
        if isinstance(chosen, BlockQuery):
            page = self._blocks.search(tx, principal, chosen, PageRequest(0, MAX_BLOCKS), sort=BlockSort.CREATED)
            _check_number(page.total)
            return [(line.block.id, line.block.name) for line in page.items]
        wanted = [BlockId(one) for one in dict.fromkeys(chosen)]
        _check_number(len(wanted))
        found = BlockStore(tx).find_all(wanted)
        for position, block_id in enumerate(wanted):
            block = found.get(block_id)
            if block is None or not may_list(principal, block):
                raise NotFound(
                    f"there is no building block {block_id} that you can see",
                    code="BlockNotFound",
                    field=f"/buildingBlockUuids/{position}",
                    remedy="Name building blocks that you see in lists.",
                )
        return [(block_id, found[block_id].name) for block_id in wanted]

    def _waits_for_children(self, tx: Transaction, row: BulkRow, open_ids: set[BlockId]) -> bool:
        """Whether a child goes in the same job first, or a run is destroying one."""
        children = BlockStore(tx).children(row.block_id)
        return any(child.id in open_ids or _is_leaving(child) for child in children)

    def _progress(self, tx: Transaction, job: BulkJob) -> BulkProgress:
        return BulkProgress(job, BulkStore(tx).counts(job.id))


def _is_leaving(block: Block) -> bool:
    return block.lifecycle is Lifecycle.MARKED_FOR_DELETION and block.is_running


def _check_number(count: int) -> None:
    if not 1 <= count <= MAX_BLOCKS:
        raise Invalid(
            f"{count} building blocks are chosen; a job takes 1 to {MAX_BLOCKS}",
            code="WrongNumber",
            remedy="Choose other building blocks, or another filter.",
        )


def _job(tx: Transaction, principal: Principal, job_id: UUID) -> BulkJob:
    job = BulkStore(tx).find(job_id)
    who = principal.author
    if job is None or (job.author.type, job.author.identifier) != (who.type, who.identifier):
        raise NotFound(
            f"there is no bulk job {job_id} of yours",
            code="BulkJobNotFound",
            remedy="Check the id: jobs are known to their makers only.",
        )
    return job
