"""The table of workspaces."""

from collections.abc import Collection, Sequence

from sqlalchemy import Boolean, Column, String, Table, select

from blockyard.server.kit.columns import JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, index_list, life
from blockyard.server.workspaces.model import Workspace

_workspaces = Table(
    "workspaces",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("display_name", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("platform_builder", Boolean, nullable=False),
    *life(),
)
index_list(_workspaces, key="name")
_rows: Rows[Workspace, str] = Rows(_workspaces, Workspace, "name", owner="name")


class WorkspaceStore(Store[Workspace, str]):
    """Reads and writes workspaces."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(self, request: PageRequest, *, owners: Collection[str] | None, search: str | None) -> Page[Workspace]:
        """Return what `page` does, with a part of a name."""
        conditions = self.with_text(search, "name", "display_name")
        if owners is not None:
            conditions.append(_rows.owned_by(owners))
        return self.page_of(request, *conditions)

    def builders(self) -> Sequence[str]:
        """Return the names of the workspaces with the platform builder that are not deleted; sorted."""
        rows = self._tx.execute(
            select(_workspaces.c.name)
            .where(_workspaces.c.platform_builder, _workspaces.c.deleted_at.is_(None))
            .order_by(_workspaces.c.name)
        )
        return [str(name) for (name,) in rows]
