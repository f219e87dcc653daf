"""Which payment methods blocks name: a table beside theirs, so that a payment method finds them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, delete, func, insert, select

from blockyard.server.blocks.store.tables import IS_LIVE, blocks
from blockyard.server.kit.database import Transaction, metadata

_named = Table(
    "block_payment_methods",
    metadata,
    Column("block_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Index("ix_block_payment_methods_name", "name"),
)


class PaymentUseStore:
    """Reads and writes who names which payment method."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, block_id: UUID, names: Iterable[str]) -> None:
        """Write that a block names these payment methods and no other."""
        self._tx.execute(delete(_named).where(_named.c.block_id == block_id))
        rows: list[dict[str, object]] = [{"block_id": block_id, "name": name} for name in sorted(set(names))]
        if rows:
            self._tx.execute(insert(_named), rows)

    def blocks_of(self, workspace: str, name: str, limit: int) -> tuple[Sequence[str], int]:
        """Return the names of the first blocks, not deleted, of a workspace that name a payment method, and their number."""
        found = blocks.join(_named, _named.c.block_id == blocks.c.id)
        conditions = (_named.c.name == name, blocks.c.workspace == workspace, IS_LIVE)
        total = self._tx.execute(select(func.count()).select_from(found).where(*conditions)).scalar_one()
        chosen = select(blocks.c.name).select_from(found).where(*conditions).order_by(blocks.c.created_at, blocks.c.id)
        return [row.name for row in self._tx.execute(chosen.limit(limit))], int(str(total))
