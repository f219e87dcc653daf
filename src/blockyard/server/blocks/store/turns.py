"""The table of the blocks that cascades have yet to come to: all their SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Table,
    TextClause,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.engine import RowMapping

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.blocks.model.cascade import Cause, Turn
from blockyard.server.blocks.model.family import levels
from blockyard.server.blocks.store.tables import IS_ACTIVE, IS_HELD, IS_LIVE
from blockyard.server.blocks.store.tables import blocks as _blocks
from blockyard.server.blocks.store.tables import parents as _parents
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata

_turns = Table(
    "block_cascade_turns",
    metadata,
    Column("cause", Uuid, primary_key=True),
    Column("block_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE")),
    Column("cascade", Uuid, nullable=False),
    Column("changed", JsonText, nullable=False),
    Column("at", Instant, nullable=False),
    Column("position", Integer, nullable=False),
    Index("ix_block_cascade_turns_at", "at", "cause", "position"),
    Index("ix_block_cascade_turns_block_id", "block_id"),
    Index("ix_block_cascade_turns_parent_id", "parent_id"),
    Index("ix_block_cascade_turns_cascade", "cascade"),
)
turns = _turns

_COLUMNS = ("cause", "block_id", "parent_id", "cascade", "changed", "at", "position")
_OF_BLOCK = delete(_turns).where(_turns.c.block_id == bindparam("of_block"))


class TurnStore:
    """Writes whose turn it will be, and takes them."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, cause: Cause, at: datetime) -> int:
        """Write that it is the turn of all children of the parent, or of all that the cascade holds; return how many these are."""
        if cause.parent_id is None:
            number = self._add(cause, at, IS_ACTIVE, IS_HELD, _blocks.c.held_by == cause.cascade)
        else:
            ids = select(_parents.c.child_id).where(_parents.c.parent_id == cause.parent_id)
            number = self._add(cause, at, IS_LIVE, _blocks.c.id.in_(ids))
        self._put_parents_first(cause.id, number)
        return number

    def take(self, limit: int, *, cause: UUID | None = None) -> Sequence[Turn]:
        """Take the first turns, or those of one cause, the oldest first; nobody else gets them."""
        wanted = true() if cause is None else _turns.c.cause == cause
        order = (_turns.c.at, _turns.c.cause, _turns.c.position, _turns.c.block_id)
        first = select(_turns).where(wanted).order_by(*order).limit(limit)
        rows = self._tx.execute(first.with_for_update(skip_locked=True)).mappings().all()
        self._remove(rows)
        return [
            Turn(
                Cause(
                    id=row["cause"],
                    cascade=row["cascade"],
                    parent_id=None if row["parent_id"] is None else BlockId(row["parent_id"]),
                    changed=frozenset(row["changed"]),
                ),
                BlockId(row["block_id"]),
            )
            for row in rows
        ]

    def waits_since(self, block_id: UUID) -> datetime | None:
        """Return since when a block has a turn; None if it has none."""
        since = select(func.min(_turns.c.at)).where(_turns.c.block_id == block_id)
        return cast("datetime | None", self._tx.execute(since).scalar_one())

    def drop(self, block_id: UUID) -> None:
        """Forget the turns of a block: a run takes now what they would bring it."""
        self._tx.execute(_OF_BLOCK, {"of_block": block_id})

    def _remove(self, rows: Sequence[RowMapping]) -> None:
        for cause, of_cause in groupby(rows, key=lambda row: cast("UUID", row["cause"])):
            taken = [row["block_id"] for row in of_cause]
            self._tx.execute(delete(_turns).where(_turns.c.cause == cause, _turns.c.block_id.in_(taken)))

    def _add(self, cause: Cause, at: datetime, *wanted: ColumnElement[bool] | TextClause) -> int:
        position = func.row_number().over(order_by=(_blocks.c.created_at, _blocks.c.id))
        values = (
            literal(cause.id, Uuid),
            _blocks.c.id,
            literal(cause.parent_id, Uuid),
            literal(cause.cascade, Uuid),
            literal(sorted(cause.changed), JsonText),
            literal(at, Instant),
            position,
        )
        found = select(*values).where(*wanted)
        written = insert(_turns).from_select(_COLUMNS, found).execution_options(preserve_rowcount=True)
        return self._tx.execute(written).rowcount

    def _put_parents_first(self, cause: UUID, number: int) -> None:
        """Let those whose parents have a turn, too, come after them: they may be older."""
        one, other = _turns.alias(), _turns.alias()
        pairs = select(_parents.c.child_id, _parents.c.parent_id).where(
            one.c.block_id == _parents.c.child_id,
            one.c.cause == cause,
            other.c.block_id == _parents.c.parent_id,
            other.c.cause == cause,
        )
        found = cast("Iterable[tuple[BlockId, BlockId]]", self._tx.execute(pairs).all())
        later: Mapping[BlockId, int] = levels(found)
        for block_id, level in later.items():
            one_of_them = (_turns.c.cause == cause, _turns.c.block_id == block_id)
            moved = update(_turns).where(*one_of_them).values(position=_turns.c.position + level * number)
            self._tx.execute(moved)
