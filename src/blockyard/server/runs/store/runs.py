"""Runs themselves: rows and lists."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    union,
    update,
)

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Reach
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Stale
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import within
from blockyard.server.runners.model import RunnerId
from blockyard.server.runs.model import Run, RunId, RunTarget, RunWarning, Trigger, TriggerReason
from blockyard.server.runs.model.task import Task
from blockyard.server.runs.store.memory import Positions, forget_all, known
from blockyard.server.runs.store.tables import approvals as _approvals
from blockyard.server.runs.store.tables import runs as _runs
from blockyard.server.runs.store.tallies import Tally, TallyStore

RunRow = Row[tuple[object, ...]]

_BLOCKS_AT_ONCE = 500
"""How many ids one statement carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows; what is None does not matter."""

    block_id: UUID | None = None
    workspace: str | None = None
    status: RunStatus | None = None


_AGE = (_runs.c.created_at, _runs.c.id)
_BY_ID = select(_runs).where(_runs.c.id == bindparam("of_run"))
_LATEST = select(_runs).where(_runs.c.block_id == bindparam("of_block")).order_by(_runs.c.number.desc()).limit(1)
_FOLLOWER = (
    select(_runs.c.id)
    .where(_runs.c.block_id == bindparam("of_block"), _runs.c.number > bindparam("after"), _runs.c.attempt > 0)
    .limit(1)
)
_UNCLAIMED = (_runs.c.status == RunStatus.PENDING.value, _runs.c.attempt == 0)
_WITHDRAWN = and_(_runs.c.status == RunStatus.ABORTED.value, _runs.c.attempt == 0, _runs.c.abort_requested_at.is_(None))
"""Nobody aborted it, and nobody had begun it: whoever aborts or ends a run is noted in it."""
_DECLINED = and_(
    _runs.c.status == RunStatus.ABORTED.value,
    _runs.c.attempt == 0,
    or_(
        _runs.c.behavior == Behavior.DESTROY.value,
        and_(
            _runs.c.reason == TriggerReason.SCHEDULED_DRIFT_RECONCILIATION.value,
            exists().where(_approvals.c.run_id == _runs.c.id),
        ),
    ),
)
"""The destruction of its block was stopped before it began, or a repair that nobody had asked for not approved: the block is as it was."""
_BEFORE = (
    select(_runs)
    .where(
        _runs.c.block_id == bindparam("of_block"),
        _runs.c.number < bindparam("before"),
        _runs.c.behavior != Behavior.DETECT.value,
        not_(_WITHDRAWN),
        not_(_DECLINED),
    )
    .order_by(_runs.c.number.desc())
    .limit(1)
)
_BEGUN = select(_runs.c.id).where(_runs.c.block_id == bindparam("of_block"), _runs.c.attempt > 0).limit(1)
_LAST_APPLIED = (
    select(_runs)
    .where(
        _runs.c.block_id == bindparam("of_block"),
        _runs.c.behavior == Behavior.APPLY.value,
        _runs.c.status == RunStatus.SUCCEEDED.value,
    )
    .order_by(_runs.c.number.desc())
    .limit(1)
)
_ADD = insert(_runs)
_SAVE = (
    update(_runs)
    .where(_runs.c.id == bindparam("of_run"), _runs.c.revision == bindparam("as_read"))
    .values(sequence=_runs.c.sequence + 1, changed=_runs.c.sequence + 1)
)


class RunStore:
    """Reads and writes runs."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, run: Run) -> None:
        """Write a new run."""
        self._tx.execute(_ADD, {**_fixed(run), **_moving(run), "sequence": 1, "changed": 1})
        known(self._tx).is_written(run)

    def save(self, run: Run) -> Run:
        """Write a changed run and move its sequence on. Raises Stale when another transaction wrote it meanwhile."""
        saved = replace(run, revision=run.revision + 1)
        as_read = {"of_run": run.id, "as_read": run.revision}
        if self._tx.execute(_SAVE, {**as_read, **_moving(saved)}).rowcount == 0:
            raise Stale(f"run {run.id}")
        known(self._tx).is_written(saved)
        return saved

    def move(self, block_ids: Collection[UUID], project: str) -> None:
        """Write that the runs of blocks are in another project; none of them may be under way."""
        self._tx.execute(update(_runs).where(_runs.c.block_id.in_(block_ids)).values(project=project))
        forget_all(self._tx)

    def get(self, run_id: RunId) -> Run:
        """Return a run. Raises NotFound."""
        return known(self._tx).runs.get(run_id) or remember(self._tx, self._row(run_id))

    def find_all(self, run_ids: Sequence[RunId]) -> Sequence[Run]:
        """Return the runs with these ids that are there, no more than one list has."""
        return [as_run(row) for row in self._tx.execute(select(_runs).where(_runs.c.id.in_(run_ids)))]

    def positions(self, run_id: RunId) -> Positions:
        """Return where a run's sequence is. Raises NotFound."""
        positions = known(self._tx).positions
        if run_id not in positions:
            remember(self._tx, self._row(run_id))
        return positions[run_id]

    def _row(self, run_id: RunId) -> RunRow:
        row = self._tx.execute(_BY_ID, {"of_run": run_id}).one_or_none()
        if row is None:
            raise NotFound(f"there is no run {run_id}", code="RunUnknown")
        return row

    def of_block(self, block_id: UUID, limit: int) -> Sequence[Run]:
        """Return the newest runs of a block, the newest first."""
        query = select(_runs).where(_runs.c.block_id == block_id).order_by(_runs.c.number.desc()).limit(limit)
        return [as_run(row) for row in self._tx.execute(query)]

    def latest(self, block_id: UUID) -> Run | None:
        """Return the newest run of a block."""
        latest = known(self._tx).latest
        if block_id not in latest:
            row = self._tx.execute(_LATEST, {"of_block": block_id}).one_or_none()
            latest[block_id] = None if row is None else remember(self._tx, row).id
        run_id = latest[block_id]
        return None if run_id is None else self.get(run_id)

    def is_followed(self, run: Run) -> bool:
        """Tell whether a later run of the same block was ever claimed, whatever was requested after that one."""
        found = self._tx.execute(_FOLLOWER, {"of_block": run.block_id, "after": run.number}).one_or_none()
        return found is not None

    def unfinished(self, block_id: UUID) -> Run | None:
        """Return the one run of a block that is not finished; it is the newest, as it must end before another begins."""
        latest = self.latest(block_id)
        return None if latest is None or latest.is_final else latest

    def hold_unclaimed(self, block_ids: Sequence[UUID]) -> Sequence[Run]:
        """Return the runs of blocks that nobody has claimed; nobody does in this transaction. What is being claimed is not there."""
        found: list[Run] = []
        for at in range(0, len(block_ids), _BLOCKS_AT_ONCE):
            some = select(_runs).where(_runs.c.block_id.in_(block_ids[at : at + _BLOCKS_AT_ONCE]), *_UNCLAIMED)
            rows = self._tx.execute(some.with_for_update(skip_locked=True))
            found.extend(remember(self._tx, row) for row in rows)
        return found

    def before(self, run: Run) -> Run | None:
        """Return the newest run before this one that applied or destroyed its block, or was to, and was not withdrawn."""
        row = self._tx.execute(_BEFORE, {"of_block": run.block_id, "before": run.number}).one_or_none()
        return None if row is None else as_run(row)

    def has_begun(self, block_id: UUID) -> bool:
        """Whether a runner has ever had a run of a block."""
        return self._tx.execute(_BEGUN, {"of_block": block_id}).first() is not None

    def last_applied(self, block_id: UUID) -> Run | None:
        """Return the newest run that applied a block."""
        row = self._tx.execute(_LAST_APPLIED, {"of_block": block_id}).one_or_none()
        return None if row is None else as_run(row)

    def page(self, chosen: RunFilter, reach: Reach, request: PageRequest) -> Page[Run]:
        """Return one page of the runs that match and whose definitions are within `reach`: those of one block newest first."""
        newest_first = chosen.block_id is not None if request.newest_first is None else request.newest_first
        conditions = [*_matches(chosen), *_within(reach), *before(_runs.c.created_at, request)]
        tally = Tally((), None)
        if chosen == RunFilter() and request.until is None:
            tally = TallyStore(self._tx).read(None if reach.everything else reach.providers)
        later = [] if tally.until is None else [_runs.c.created_at >= tally.until]
        counted = self._tx.execute(select(func.count()).select_from(_runs).where(*conditions, *later)).scalar_one()
        begin, offset = (None, request.offset) if newest_first else tally.place(request.offset)
        if begin is not None:
            conditions.append(_runs.c.created_at >= begin)
        order = ordered(_age(chosen), request, newest_first=newest_first)
        rows = self._tx.execute(_page(conditions, order, request.limit, offset))
        return Page([as_run(row) for row in rows], tally.total + int(str(counted)), request)

    def search(
        self, chosen: RunFilter, reach: Reach, only: Mapping[str, frozenset[str]], request: PageRequest
    ) -> Page[Run]:
        """Return one page of the runs that match, of the workspaces and of the providers of `reach`, the newest first.

        Of the workspaces that `only` names, runs outside projects or of these projects.
        """
        conditions = [*_matches(chosen), *_of_any(reach, only), *before(_runs.c.created_at, request)]
        total = self._tx.execute(select(func.count()).select_from(_runs).where(*conditions)).scalar_one()
        rows = self._tx.execute(
            select(_runs)
            .where(*conditions)
            .order_by(*ordered(_age(chosen), request, newest_first=True))
            .limit(request.limit)
            .offset(request.offset)
        )
        return Page([as_run(row) for row in rows], int(str(total)), request)

    def remove_of_blocks(self, block_ids: Sequence[UUID]) -> None:
        """Remove all runs of the blocks and everything that belongs to them."""
        forget_all(self._tx)
        for at in range(0, len(block_ids), _BLOCKS_AT_ONCE):
            some = block_ids[at : at + _BLOCKS_AT_ONCE]
            TallyStore(self._tx).forget(some)
            self._tx.execute(delete(_runs).where(_runs.c.block_id.in_(some)))


def remember(tx: Transaction, row: RunRow) -> Run:
    """Return the run of a row and know it for the rest of the transaction."""
    run = as_run(row)
    about = known(tx)
    about.is_read(run)
    about.positions[run.id] = Positions(row.sequence, row.changed)
    return run


def as_run(row: RunRow) -> Run:
    """Return the run of a row."""
    return Run(
        id=RunId(row.id),
        number=row.number,
        target=RunTarget(
            block_id=row.block_id,
            display_name=row.display_name,
            workspace=row.workspace,
            project=row.project,
            platform=row.platform,
            provider=row.provider,
            definition_id=row.definition_id,
            version_id=row.version_id,
            version_number=row.version_number,
            runner_id=RunnerId(row.runner_id),
            implementation=ImplementationType(row.implementation),
            hand_over=row.hand_over,
            permissions=tuple(row.permissions),
        ),
        runner_workspace=row.runner_workspace,
        behavior=Behavior(row.behavior),
        trigger=Trigger(Author.read(row.author), TriggerReason(row.reason)),
        created_at=row.created_at,
        due_at=row.due_at,
        status=RunStatus(row.status),
        attempt=row.attempt,
        losses=row.losses,
        retries=row.retries,
        serves=None if row.serves is None else RunId(row.serves),
        depth=row.depth,
        node_id=row.node_id,
        claimed_at=row.claimed_at,
        finished_at=row.finished_at,
        quiet_until=row.quiet_until,
        abort_requested_at=row.abort_requested_at,
        abort_delivered_at=row.abort_delivered_at,
        abort_due_at=row.abort_due_at,
        summary=row.summary,
        changes_detected=row.changes_detected,
        task=None if row.task is None else Task.read(row.task),
        plan_run_id=None if row.plan_run_id is None else RunId(row.plan_run_id),
        awaits_approval=row.awaits_approval,
        passes_since=row.passes_since,
        warnings=tuple(
            RunWarning(datetime.fromisoformat(item["at"]), item["attempt"], item["message"]) for item in row.warnings
        ),
        revision=row.revision,
    )


def _fixed(run: Run) -> dict[str, object]:
    """Return what a run is from its begin to its end."""
    target = run.target
    return {
        "id": run.id,
        "number": run.number,
        "block_id": target.block_id,
        "display_name": target.display_name,
        "workspace": target.workspace,
        "project": target.project,
        "platform": target.platform,
        "provider": target.provider,
        "definition_id": target.definition_id,
        "version_id": target.version_id,
        "version_number": target.version_number,
        "runner_id": target.runner_id,
        "runner_workspace": run.runner_workspace,
        "implementation": target.implementation.value,
        "hand_over": target.hand_over,
        "permissions": [*target.permissions],
        "behavior": run.behavior.value,
        "reason": run.trigger.reason.value,
        "author": run.trigger.author.document(),
        "task": None if run.task is None else run.task.document(),
        "needs_protocol": 0 if run.task is None else run.task.needs_protocol,
        "created_at": run.created_at,
        "serves": run.serves,
        "depth": run.depth,
    }


def _moving(run: Run) -> dict[str, object]:
    """Return what changes of a run."""
    warnings: list[Json] = [
        {"at": warning.at.isoformat(), "attempt": warning.attempt, "message": warning.message}
        for warning in run.warnings
    ]
    return {
        "due_at": run.due_at,
        "status": run.status.value,
        "attempt": run.attempt,
        "losses": run.losses,
        "retries": run.retries,
        "node_id": run.node_id,
        "claimed_at": run.claimed_at,
        "finished_at": run.finished_at,
        "quiet_until": run.quiet_until,
        "abort_requested_at": run.abort_requested_at,
        "abort_delivered_at": run.abort_delivered_at,
        "abort_due_at": run.abort_due_at,
        "summary": run.summary,
        "changes_detected": run.changes_detected,
        "plan_run_id": run.plan_run_id,
        "awaits_approval": run.awaits_approval,
        "passes_since": run.passes_since,
        "warnings": warnings,
        "revision": run.revision,
    }


def _matches(chosen: RunFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (_runs.c.block_id, chosen.block_id),
        (_runs.c.workspace, chosen.workspace),
        (_runs.c.status, None if chosen.status is None else chosen.status.value),
    )
    return [column == value for column, value in pairs if value is not None]


def _age(chosen: RunFilter) -> Sequence[ColumnElement[object]]:
    """Return what the chosen runs are sorted by: those of one block are numbered."""
    return _AGE if chosen.block_id is None else (_runs.c.number,)


def _page(
    conditions: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[object]], limit: int, offset: int
) -> Select[tuple[object, ...]]:
    """Return the statement for some rows; what is skipped is skipped in an index, without reading the rows."""
    rows = select(_runs).order_by(*order)
    if offset == 0:
        return rows.where(*conditions).limit(limit)
    return rows.where(
        _runs.c.id.in_(select(_runs.c.id).where(*conditions).order_by(*order).limit(limit).offset(offset))
    )


def _of_any(reach: Reach, only: Mapping[str, frozenset[str]]) -> list[ColumnElement[bool]]:
    """Return that a run is of a workspace or of a provider of `reach`; each is looked up in its own index."""
    if reach.everything:
        return []
    sides = []
    if reach.workspaces:
        sides.append(select(_runs.c.id).where(within(_runs.c.workspace, _runs.c.project, reach.workspaces, only)))
    if reach.providers:
        sides.append(select(_runs.c.id).where(_runs.c.provider.in_(sorted(reach.providers))))
    return [_runs.c.id.in_(union(*sides))] if sides else [false()]


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    if reach.everything:
        return []
    return [_runs.c.provider.in_(sorted(reach.providers)) if reach.providers else false()]
