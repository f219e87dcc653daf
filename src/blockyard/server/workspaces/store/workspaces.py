"""The table of workspaces."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    and_,
    func,
    insert,
    select,
    true,
    update,
)

from blockyard.server.identity.model import Reach
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.workspaces.model import Workspace

_workspaces = Table(
    "workspaces",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("display_name", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("platform_builder", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_workspaces_created_at", "created_at", "name"),
)


class WorkspaceStore:
    """Reads and writes workspaces."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, name: str) -> Workspace | None:
        """Return a workspace, deleted ones too."""
        row = self._tx.execute(select(_workspaces).where(_workspaces.c.name == name)).mappings().one_or_none()
        return None if row is None else _workspace(row)

    def active(self, name: str) -> Workspace | None:
        """Return a workspace that is not deleted."""
        found = self.get(name)
        return found if found is not None and found.deleted_at is None else None

    def kept(self, name: str) -> Workspace | None:
        """Return a workspace that is not deleted and cannot be until this transaction ends (PostgreSQL: a share lock)."""
        query = select(_workspaces).where(_workspaces.c.name == name).with_for_update(read=True)
        row = self._tx.execute(query).mappings().one_or_none()
        return None if row is None or row["deleted_at"] is not None else _workspace(row)

    def page(self, reach: Reach, request: PageRequest) -> Page[Workspace]:
        """Return one page of the workspaces within reach that are not deleted, oldest first."""
        visible = and_(_workspaces.c.deleted_at.is_(None), _within(reach))
        total = self._tx.execute(select(func.count()).select_from(_workspaces).where(visible)).scalar_one()
        rows = self._tx.execute(
            select(_workspaces)
            .where(visible)
            .order_by(_workspaces.c.created_at, _workspaces.c.name)
            .limit(request.limit)
            .offset(request.offset)
        )
        return Page([_workspace(row) for row in rows.mappings()], int(str(total)), request)

    def builders(self) -> Sequence[str]:
        """Return the names of the workspaces with the platform builder that are not deleted; sorted."""
        rows = self._tx.execute(
            select(_workspaces.c.name)
            .where(_workspaces.c.platform_builder, _workspaces.c.deleted_at.is_(None))
            .order_by(_workspaces.c.name)
        )
        return [str(name) for (name,) in rows]

    def add(self, workspace: Workspace) -> None:
        """Write a new workspace."""
        self._tx.execute(insert(_workspaces).values(_values(workspace)))

    def save(self, workspace: Workspace) -> Workspace:
        """Write a changed workspace. Raises Stale."""
        saved = replace(workspace, revision=workspace.revision + 1)
        as_read = (_workspaces.c.name == workspace.name, _workspaces.c.revision == workspace.revision)
        if self._tx.execute(update(_workspaces).where(*as_read).values(_values(saved))).rowcount == 0:
            raise Stale(f"workspace {workspace.name}")
        return saved


def _within(reach: Reach) -> ColumnElement[bool]:
    return true() if reach.everything else _workspaces.c.name.in_(reach.workspaces)


def _values(workspace: Workspace) -> dict[str, object]:
    return {
        "name": workspace.name,
        "display_name": workspace.display_name,
        "tags": {key: list(values) for key, values in workspace.tags.items()},
        "platform_builder": workspace.platform_builder,
        "created_at": workspace.created_at,
        "deleted_at": workspace.deleted_at,
        "revision": workspace.revision,
    }


def _workspace(row: RowMapping) -> Workspace:
    return Workspace(**row)
