"""The table of platform types."""

from collections.abc import Collection, Sequence

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, Uuid, select

from blockyard.server.kit.columns import Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, index_list, life
from blockyard.server.platforms.model import Category, Lifecycle, PlatformType, PlatformTypeFilter, PlatformTypeId

_types = Table(
    "platform_types",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(150), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("category", Word(Category, 32), nullable=False),
    Column("default_endpoint", Text),
    Column("icon", Text, nullable=False),
    Column("is_built_in", Boolean, nullable=False),
    Column("state", Word(Lifecycle, 16), nullable=False),
    *life(),
    Index("ix_platform_types_name", "name"),
)
index_list(_types, "workspace", "category", "state")
_rows: Rows[PlatformType, PlatformTypeId] = Rows(_types, PlatformType, "id", address=("name",))


class PlatformTypeStore(Store[PlatformType, PlatformTypeId]):
    """Reads and writes platform types."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def filtered(self, wanted: PlatformTypeFilter, request: PageRequest) -> Page[PlatformType]:
        """Return one page of the platform types that are wanted, whoever owns them."""
        return self.page(request, owners=None, wanted=members(wanted))

    def named(self, names: Collection[str]) -> Sequence[PlatformType]:
        """Return the platform types with these names."""
        return self.where(_types.c.name.in_(sorted(names)))

    def known(self, names: Collection[str]) -> frozenset[str]:
        """Return those of the names that living types have; these stay until the transaction ends (PostgreSQL: share locks)."""
        columns = _types.c
        found = select(columns.name).where(columns.name.in_(sorted(names)), columns.deleted_at.is_(None))
        rows = self._tx.execute(found.order_by(columns.name).with_for_update(read=True))
        return frozenset(str(name) for (name,) in rows)
