"""The tables of bulk jobs: all their SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import RowMapping

from blockyard.server.blocks.model.block import RUNNING, BlockId, Lifecycle
from blockyard.server.blocks.model.bulk import BulkAction, BulkJob, BulkJobId, BulkRow, JobReach, RowState
from blockyard.server.blocks.store.tables import blocks as _blocks
from blockyard.server.blocks.store.tables import parents as _parents
from blockyard.server.events.model import Author
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.order import before, ordered
from blockyard.server.kit.paging import Page, PageRequest

_GOES_ON = text("next_at IS NOT NULL")

_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("author", JsonText, nullable=False),
    Column("maker", String(300), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("ended_at", Instant),
    Column("reach", JsonText),
    Index("ix_bulk_jobs_maker", "maker", "created_at", "id"),
    Index("ix_bulk_jobs_created_at", "created_at", "id"),
    Index("ix_bulk_jobs_next_at", "next_at", sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
)

_bulk_rows = Table(
    "bulk_job_rows",
    metadata,
    Column("job_id", Uuid, ForeignKey("bulk_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("block_id", Uuid, nullable=False),
    Column("name", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64)),
    Column("message", Text),
    Index("ix_bulk_job_rows_state", "job_id", "state", "position"),
    Index("ix_bulk_job_rows_block", "job_id", "block_id"),
)


class BulkStore:
    """Reads and writes bulk jobs."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, job: BulkJob, rows: Sequence[BulkRow]) -> None:
        """Write a new job with its rows."""
        values = {"id": job.id, "action": job.action.value, "created_at": job.created_at, "maker": maker_of(job.author)}
        self._tx.execute(insert(_jobs), {**values, "author": job.author.document()})
        if rows:
            self._tx.execute(insert(_bulk_rows), [{"job_id": job.id, **_values(row)} for row in rows])

    def find(self, job_id: UUID) -> BulkJob | None:
        """Return a job."""
        row = self._tx.execute(select(_jobs).where(_jobs.c.id == job_id)).mappings().one_or_none()
        return None if row is None else _job(row)

    def jobs_of(self, author: Author, request: PageRequest) -> Page[BulkJob]:
        """Return one page of the jobs of their maker, the newest first."""
        wanted = [_jobs.c.maker == maker_of(author), *before(_jobs.c.created_at, request)]
        total = int(str(self._tx.execute(select(func.count()).select_from(_jobs).where(*wanted)).scalar_one()))
        order = ordered((_jobs.c.created_at, _jobs.c.id), request, newest_first=True)
        found = select(_jobs).where(*wanted).order_by(*order).limit(request.limit).offset(request.offset)
        return Page([_job(row) for row in self._tx.execute(found).mappings()], total, request)

    def counts(self, job_id: UUID) -> Mapping[RowState, int]:
        """Return how many rows are in which state."""
        return self.all_counts([job_id]).get(job_id, {})

    def all_counts(self, job_ids: Collection[UUID]) -> Mapping[UUID, Mapping[RowState, int]]:
        """Return how many rows of each job are in which state."""
        job, state = _bulk_rows.c.job_id, _bulk_rows.c.state
        counted = select(job, state, func.count()).where(job.in_(job_ids)).group_by(job, state)
        found: dict[UUID, dict[RowState, int]] = {}
        for job_id, name, number in cast("Sequence[tuple[UUID, str, int]]", self._tx.execute(counted).all()):
            found.setdefault(job_id, {})[RowState(name)] = number
        return found

    def page(self, job_id: UUID, request: PageRequest, *, state: RowState | None = None) -> Page[BulkRow]:
        """Return one page of the rows of a job, in their order."""
        wanted = [_bulk_rows.c.job_id == job_id]
        if state is not None:
            wanted.append(_bulk_rows.c.state == state.value)
        total = int(str(self._tx.execute(select(func.count()).select_from(_bulk_rows).where(*wanted)).scalar_one()))
        found = select(_bulk_rows).where(*wanted).order_by(_bulk_rows.c.position)
        rows = self._tx.execute(found.limit(request.limit).offset(request.offset)).mappings()
        return Page([_row(row) for row in rows], total, request)

    def open_rows(self, job_id: UUID, limit: int, *, children_first: bool) -> Sequence[BulkRow]:
        """Return the first open rows whose parents are in none: they may be younger.

        With `children_first` those with no child in an open row, or that a run destroys.
        """
        wanted = [_bulk_rows.c.job_id == job_id, _bulk_rows.c.state == RowState.OPEN.value]
        if children_first:
            wanted += [~_has_open_child(job_id), ~_has_leaving_child()]
        else:
            wanted.append(~_has_open_parent(job_id))
        found = select(_bulk_rows).where(*wanted).order_by(_bulk_rows.c.position).limit(limit)
        return [_row(row) for row in self._tx.execute(found).mappings()]

    def settle(self, job_id: UUID, row: BulkRow) -> bool:
        """Write what came of an open row; tell whether it was open still."""
        one = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.position == row.position)
        changed = update(_bulk_rows).where(*one, _bulk_rows.c.state == RowState.OPEN.value).values(**_values(row))
        return self._tx.execute(changed).rowcount == 1

    def write(self, job_id: UUID, row: BulkRow) -> None:
        """Write a row that this transaction has settled."""
        one = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.position == row.position)
        self._tx.execute(update(_bulk_rows).where(*one).values(**_values(row)))

    def turn(self, job_id: UUID, before_: RowState, after: RowState) -> None:
        """Give the rows in one state another: OPEN ones are stopped, STOPPED ones opened."""
        rest = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.state == before_.value)
        self._tx.execute(update(_bulk_rows).where(*rest).values(state=after.value))

    def refuse_open(self, job_id: UUID, code: str, message: str) -> None:
        """Refuse all rows that are open."""
        rest = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.state == RowState.OPEN.value)
        values = {"state": RowState.REFUSED.value, "code": code, "message": message}
        self._tx.execute(update(_bulk_rows).where(*rest).values(**values))

    def due(self, now: datetime, limit: int) -> Sequence[BulkJob]:
        """Return the jobs whose turn has come, who waited longest first."""
        found = select(_jobs).where(_GOES_ON, _jobs.c.next_at <= now).order_by(_jobs.c.next_at, _jobs.c.id).limit(limit)
        return [_job(row) for row in self._tx.execute(found).mappings()]

    def start(self, job_id: UUID, at: datetime, reach: JobReach) -> None:
        """Write that the server goes on with a job, and how far."""
        values = {"next_at": at, "ended_at": None, "reach": reach.document()}
        self._tx.execute(update(_jobs).where(_jobs.c.id == job_id).values(**values))

    def go_on(self, job_id: UUID, at: datetime, *, seen: datetime | None = None) -> bool:
        """Write when the server goes on with a job; with `seen` only if that has not changed. Tell whether it was written."""
        same = [] if seen is None else [_jobs.c.next_at == seen]
        changed = update(_jobs).where(_jobs.c.id == job_id, *same).values(next_at=at, ended_at=None)
        return self._tx.execute(changed).rowcount == 1

    def postpone(self, job_id: UUID, at: datetime) -> None:
        """Write when the server goes on with a job that nobody has ended meanwhile."""
        self._tx.execute(update(_jobs).where(_jobs.c.id == job_id, _GOES_ON).values(next_at=at))

    def end(self, job_id: UUID, at: datetime) -> bool:
        """Write that a job has ended; tell whether it was under way, or held."""
        under_way = or_(_jobs.c.next_at.is_not(None), _jobs.c.ended_at.is_(None))
        changed = update(_jobs).where(_jobs.c.id == job_id, under_way).values(next_at=None, ended_at=at)
        return self._tx.execute(changed).rowcount == 1

    def remove_old(self, before_: datetime, limit: int) -> int:
        """Remove jobs that ended, or were never started, and are as old as that; return how many."""
        old = select(_jobs.c.id).where(
            _jobs.c.next_at.is_(None), _jobs.c.created_at < before_, func.coalesce(_jobs.c.ended_at, before_) <= before_
        )
        ids = [row.id for row in self._tx.execute(old.order_by(_jobs.c.created_at).limit(limit))]
        if ids:
            self._tx.execute(delete(_bulk_rows).where(_bulk_rows.c.job_id.in_(ids)))
            self._tx.execute(delete(_jobs).where(_jobs.c.id.in_(ids)))
        return len(ids)


def maker_of(author: Author) -> str:
    """Return what jobs of one maker have in common."""
    return f"{author.type}:{author.identifier}"


def _has_open_child(job_id: UUID) -> ColumnElement[bool]:
    others = _bulk_rows.alias()
    return exists().where(
        _parents.c.parent_id == _bulk_rows.c.block_id,
        others.c.block_id == _parents.c.child_id,
        others.c.job_id == job_id,
        others.c.state == RowState.OPEN.value,
    )


def _has_open_parent(job_id: UUID) -> ColumnElement[bool]:
    others = _bulk_rows.alias()
    return exists().where(
        _parents.c.child_id == _bulk_rows.c.block_id,
        others.c.block_id == _parents.c.parent_id,
        others.c.job_id == job_id,
        others.c.state == RowState.OPEN.value,
    )


def _has_leaving_child() -> ColumnElement[bool]:
    return exists().where(
        _parents.c.parent_id == _bulk_rows.c.block_id,
        _blocks.c.id == _parents.c.child_id,
        and_(
            _blocks.c.lifecycle == Lifecycle.MARKED_FOR_DELETION.value,
            _blocks.c.status.in_(sorted(status.value for status in RUNNING)),
        ),
    )


def _values(row: BulkRow) -> dict[str, object]:
    return {
        "position": row.position,
        "block_id": row.block_id,
        "name": row.name,
        "state": row.state.value,
        "code": row.code,
        "message": row.message,
    }


def _job(row: RowMapping) -> BulkJob:
    return BulkJob(
        id=BulkJobId(row["id"]),
        action=BulkAction(row["action"]),
        author=Author.read(row["author"]),
        created_at=row["created_at"],
        next_at=row["next_at"],
        ended_at=row["ended_at"],
        reach=None if row["reach"] is None else JobReach.read(row["reach"]),
    )


def _row(row: RowMapping) -> BulkRow:
    return BulkRow(
        position=row["position"],
        block_id=BlockId(cast("UUID", row["block_id"])),
        name=row["name"],
        state=RowState(row["state"]),
        code=row["code"],
        message=row["message"],
    )
