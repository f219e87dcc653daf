"""The tables of bulk jobs: all their SQL."""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, Uuid, func, insert, select, update
from sqlalchemy.engine import RowMapping

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.blocks.model.bulk import BulkAction, BulkJob, BulkJobId, BulkRow, RowState
from blockyard.server.events.model import Author
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest

_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("author", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
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
)


class BulkStore:
    """Reads and writes bulk jobs."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, job: BulkJob, rows: Sequence[BulkRow]) -> None:
        """Write a new job with its rows."""
        values = {"id": job.id, "action": job.action.value, "created_at": job.created_at}
        self._tx.execute(insert(_jobs), {**values, "author": job.author.document()})
        if rows:
            self._tx.execute(insert(_bulk_rows), [{"job_id": job.id, **_values(row)} for row in rows])

    def find(self, job_id: UUID) -> BulkJob | None:
        """Return a job."""
        row = self._tx.execute(select(_jobs).where(_jobs.c.id == job_id)).mappings().one_or_none()
        if row is None:
            return None
        return BulkJob(
            id=BulkJobId(row["id"]),
            action=BulkAction(row["action"]),
            author=Author.read(row["author"]),
            created_at=row["created_at"],
        )

    def counts(self, job_id: UUID) -> Mapping[RowState, int]:
        """Return how many rows are in which state."""
        state = _bulk_rows.c.state
        counted = select(state, func.count()).where(_bulk_rows.c.job_id == job_id).group_by(state)
        rows = cast("Sequence[tuple[str, int]]", self._tx.execute(counted).all())
        return {RowState(key): number for key, number in rows}

    def page(self, job_id: UUID, request: PageRequest, *, state: RowState | None = None) -> Page[BulkRow]:
        """Return one page of the rows of a job, in their order."""
        wanted = [_bulk_rows.c.job_id == job_id]
        if state is not None:
            wanted.append(_bulk_rows.c.state == state.value)
        total = int(str(self._tx.execute(select(func.count()).select_from(_bulk_rows).where(*wanted)).scalar_one()))
        found = select(_bulk_rows).where(*wanted).order_by(_bulk_rows.c.position)
        rows = self._tx.execute(found.limit(request.limit).offset(request.offset)).mappings()
        return Page([_row(row) for row in rows], total, request)

    def settle(self, job_id: UUID, row: BulkRow) -> bool:
        """Write what came of an open row; tell whether it was open still."""
        one = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.position == row.position)
        changed = update(_bulk_rows).where(*one, _bulk_rows.c.state == RowState.OPEN.value).values(**_values(row))
        return self._tx.execute(changed).rowcount == 1

    def write(self, job_id: UUID, row: BulkRow) -> None:
        """Write a row that this transaction has settled."""
        one = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.position == row.position)
        self._tx.execute(update(_bulk_rows).where(*one).values(**_values(row)))

    def stop(self, job_id: UUID) -> None:
        """Leave the rest of a job."""
        rest = (_bulk_rows.c.job_id == job_id, _bulk_rows.c.state == RowState.OPEN.value)
        self._tx.execute(update(_bulk_rows).where(*rest).values(state=RowState.STOPPED.value))


def _values(row: BulkRow) -> dict[str, object]:
    return {
        "position": row.position,
        "block_id": row.block_id,
        "name": row.name,
        "state": row.state.value,
        "code": row.code,
        "message": row.message,
    }


def _row(row: RowMapping) -> BulkRow:
    return BulkRow(
        position=row["position"],
        block_id=BlockId(cast("UUID", row["block_id"])),
        name=row["name"],
        state=RowState(row["state"]),
        code=row["code"],
        message=row["message"],
    )
