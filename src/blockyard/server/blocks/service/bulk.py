"""Runs, upgrades, deletes and purges many blocks. Source: concepts.md 10.3.

A job is stored with a row for each block. Once it is started a loop of the server goes on with it, on any replica; each row is settled in
the transaction that does it, with the rights that the maker of the job has then. Whatever dies in between, going on does the rest and
nothing twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.model.block import WAITING, Block, BlockId, BlockStatus, Lifecycle
from blockyard.server.blocks.model.bulk import (
    MAX_BLOCKS,
    BulkAction,
    BulkJob,
    BulkJobId,
    BulkProgress,
    BulkRow,
    JobReach,
    RowState,
)
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.blocks.model.upgrades import leads_on
from blockyard.server.blocks.service.access import may_list
from blockyard.server.blocks.service.blocks import BlockService
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.bulk import BulkStore
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Invalid, NotFound, Refusal
from blockyard.server.kit.paging import Page, PageRequest

log = structlog.get_logger(__name__)

BULK_TOPIC = "blocks:bulk"
"""Woken when a job may be gone on with."""

AT_ONCE = 50
"""How many rows are settled before other jobs have their turn."""

LEASE = timedelta(seconds=10)
"""So long nobody else goes on with a job after its replica was heard of last; nothing is done twice even then."""

LOOK_AGAIN = timedelta(seconds=5)
"""How long a job waits for runs that destroy children before it looks again."""

_ENDS = frozenset({BulkAction.DELETE, BulkAction.PURGE})

_JOBS_AT_ONCE = 10
_REMOVED_AT_ONCE = 20
_SUBJECT = "bulkJob"


class BulkService:
    """Use cases of bulk jobs; `actors` tells who the maker of a job is now, `keep` how long jobs that are over stay."""

    def __init__(
        self,
        basics: Basics,
        *,
        blocks: BlockService,
        definitions: DefinitionService,
        actors: Callable[[Transaction, Author], Principal | None],
        keep: timedelta,
    ) -> None:
        self._basics = basics
        self._blocks = blocks
        self._definitions = definitions
        self._actors = actors
        self._keep = keep

    def create(
        self, tx: Transaction, principal: Principal, action: BulkAction, chosen: Sequence[UUID] | BlockQuery
    ) -> BulkProgress:
        """Store a job for these blocks, or for those that match; nothing is done to them before it is started.

        Raises Invalid: none, too many, or one that the principal may not see; Denied (a run, a runner).
        """
        _refuse_machinery(principal)
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

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[BulkProgress]:
        """Return one page of the principal's own jobs, the newest first. Raises Denied (a run, a runner)."""
        _refuse_machinery(principal)
        store = BulkStore(tx)
        found = store.jobs_of(principal.author, request)
        counts = store.all_counts([job.id for job in found.items])
        return found.map(lambda job: BulkProgress(job, counts.get(job.id, {})))

    def rows(
        self, tx: Transaction, principal: Principal, job_id: UUID, request: PageRequest, state: RowState | None
    ) -> Page[BulkRow]:
        """Return one page of the rows of a job. Raises NotFound."""
        return BulkStore(tx).page(_job(tx, principal, job_id).id, request, state=state)

    def start(self, tx: Transaction, principal: Principal, job_id: UUID) -> BulkProgress:
        """Let the server go on with a job until it is over, also with one that was stopped. Raises NotFound, Denied."""
        job = _job(tx, principal, job_id)
        if job.action in _ENDS and not principal.level.allows_method("DELETE"):
            raise Denied(
                "this program may not delete anything for you",
                code="MissingPermission",
                remedy="Sign in again and let it do everything that you may do.",
            )
        store = BulkStore(tx)
        store.turn(job.id, RowState.STOPPED, RowState.OPEN)
        if job.next_at is None and store.counts(job.id).get(RowState.OPEN):
            store.start(job.id, self._basics.clock(), JobReach.of(principal))
            tx.wake(BULK_TOPIC)
            self._tell(tx, job, "Bulk Job Started", EventType.REQUESTED)
        return self.get(tx, principal, job_id)

    def stop(self, tx: Transaction, principal: Principal, job_id: UUID) -> BulkProgress:
        """Leave the rest of a job; what was done stays done. It can be started again. Raises NotFound."""
        job = _job(tx, principal, job_id)
        store = BulkStore(tx)
        if store.counts(job.id).get(RowState.OPEN):
            store.turn(job.id, RowState.OPEN, RowState.STOPPED)
            store.end(job.id, self._basics.clock())
            self._tell(tx, job, "Bulk Job Stopped", EventType.CANCELLED)
        return self.get(tx, principal, job_id)

    # For the loop: who made a job is asked for by each of its rows

    def take_due(self, tx: Transaction) -> Sequence[BulkJobId]:
        """Take the jobs whose turn has come; no other replica does within `LEASE`, which is renewed while rows are settled."""
        now, store = self._basics.clock(), BulkStore(tx)
        due = store.due(now, _JOBS_AT_ONCE)
        return [job.id for job in due if store.go_on(job.id, now + LEASE, seen=job.next_at)]

    def open_rows(self, tx: Transaction, job_id: BulkJobId) -> Sequence[BulkRow]:
        """Return the rows whose turn it is: parents before children; of deletions those whose children are gone."""
        store = BulkStore(tx)
        job = store.find(job_id)
        if job is None:
            return []
        return store.open_rows(job_id, AT_ONCE, children_first=job.action in _ENDS)

    def give_back(self, tx: Transaction, job_id: BulkJobId, *, may_go_on: bool) -> None:
        """End a job whose rows are all settled, or say when it is gone on with: at once, or when children may be gone."""
        now, store = self._basics.clock(), BulkStore(tx)
        job = store.find(job_id)
        if job is None or job.next_at is None:
            return
        if store.counts(job_id).get(RowState.OPEN):
            store.postpone(job_id, now if may_go_on else now + LOOK_AGAIN)
        elif store.end(job_id, now):
            self._tell(tx, job, "Bulk Job Ended", EventType.CHANGED)

    def remove_old(self, tx: Transaction) -> bool:
        """Remove jobs that are over, or were never started, after the time of the setting; tell whether there may be more."""
        return BulkStore(tx).remove_old(self._basics.clock() - self._keep, _REMOVED_AT_ONCE) == _REMOVED_AT_ONCE

    def settle(self, tx: Transaction, job_id: BulkJobId, row: BulkRow) -> None:
        """Do what a job does to one block, with the rights that its maker has now, and write what came of it.

        Raises what doing it alone raises.
        """
        store = BulkStore(tx)
        job = store.find(job_id)
        if job is None or not store.settle(job_id, replace(row, state=RowState.DONE)):
            return
        self._keep_lease(store, job)
        maker = self._actors(tx, job.author)
        if maker is None or job.reach is None:
            raise Denied(
                f"'{job.author.display_name}', who made the job, may do nothing any more",
                code="MakerGone",
                remedy="Let somebody else make the job again.",
            )
        state, code, message = self._done(tx, job.reach.limited(maker), job.action, row)
        store.write(job_id, replace(row, state=state, code=code, message=message))

    def refused(self, tx: Transaction, job_id: BulkJobId, row: BulkRow, refusal: Refusal | None) -> None:
        """Write why a block was refused; without a refusal it met a defect of the server, which the log tells of."""
        code, told = "InternalError", "The server met an error. Its log has more."
        if refusal is not None:
            code, told = refusal.code, refusal.in_full
        store = BulkStore(tx)
        store.settle(job_id, replace(row, state=RowState.REFUSED, code=code, message=told))
        if (job := store.find(job_id)) is not None:
            self._keep_lease(store, job)

    def _keep_lease(self, store: BulkStore, job: BulkJob) -> None:
        """Renew a lease of which half is over."""
        now = self._basics.clock()
        if job.next_at is not None and job.next_at - now < LEASE / 2:
            store.postpone(job.id, now + LEASE)

    def _done(
        self, tx: Transaction, principal: Principal, action: BulkAction, row: BulkRow
    ) -> tuple[RowState, str, str]:
        self._blocks.holding.refuse(tx, row.block_id, "changed by a bulk job")
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
        if after.lifecycle is Lifecycle.DELETED:
            return RowState.DONE, "GONE", "It is gone."
        return RowState.DONE, "STARTED", self._destroys(tx, after)

    def _destroys(self, tx: Transaction, block: Block) -> str:
        """Return what becomes of a block that is marked for deletion, in one sentence."""
        minutes = self._definitions.definition(tx, block.definition_id).lifetimes.undo_minutes
        if block.status is BlockStatus.WAITING_FOR_APPROVAL:
            return "A run destroys what it made once somebody has approved that."
        if minutes:
            return f"A run destroys what it made after {minutes} minutes, unless the deletion is taken back until then."
        return "A run destroys what it made."

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

    def _progress(self, tx: Transaction, job: BulkJob) -> BulkProgress:
        return BulkProgress(job, BulkStore(tx).counts(job.id))

    def _tell(self, tx: Transaction, job: BulkJob, title: str, type_: EventType) -> None:
        counts: JsonObject = {state.value: number for state, number in BulkStore(tx).counts(job.id).items()}
        log.info("bulk job changed", job_id=str(job.id), change=title, **counts)
        self._basics.event_log.append(
            tx,
            job.author,
            title,
            type_,
            workspace=None,
            subject_kind=_SUBJECT,
            subject_id=str(job.id),
            description=f"{job.action.value} of {sum(BulkStore(tx).counts(job.id).values())} building blocks",
            content={"action": job.action.value, "counts": counts},
        )


def _refuse_machinery(principal: Principal) -> None:
    """Refuse who is gone before a job is over. Raises Denied."""
    if principal.is_machinery:
        raise Denied(
            "runs and runners make no bulk jobs",
            code="MissingPermission",
            remedy="Use the API key of a workspace, or sign in as a person.",
        )


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
    if job is None or job.author.identity != who.identity:
        raise NotFound(
            f"there is no bulk job {job_id} of yours",
            code="BulkJobNotFound",
            remedy="Check the id: jobs are known to their makers only.",
        )
    return job
