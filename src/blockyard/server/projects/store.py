"""The table of projects."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, or_, select, tuple_

from blockyard.server.kit.columns import JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, in_reach, index_list, life
from blockyard.server.projects.model import Project, ProjectId, ProjectKey

_projects = Table(
    "projects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("payment_method", String(255), key="payment_method_identifier"),
    Column("substitute_payment_method", String(255), key="substitute_payment_method_identifier"),
    *life(),
    Index("ix_projects_name", "workspace", "name"),
)
index_list(_projects, "workspace", "payment_method_identifier")
_rows: Rows[Project, ProjectId] = Rows(_projects, Project, "id", address=("workspace", "name"))


_AT_ONCE = 500
"""How many projects one statement looks for by their addresses."""


class ProjectStore(Store[Project, ProjectId]):
    """Reads and writes projects."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(
        self,
        request: PageRequest,
        *,
        owners: Collection[str] | None,
        only: Mapping[str, Collection[str]],
        wanted: Mapping[str, object | None],
        search: str | None = None,
    ) -> Page[Project]:
        """Return what `page` does; of the workspaces in `only` these projects alone. `search` is a part of a name."""
        conditions = [*self.with_members(wanted), *self.with_text(search, "name", "display_name")]
        if owners is not None:
            conditions.append(in_reach(_projects.c.workspace, _projects.c.name, owners, only))
        return self.page_of(request, *conditions)

    def called(self, keys: Collection[ProjectKey]) -> Sequence[Project]:
        """Return the projects with these addresses that are not deleted."""
        pair, wanted = (
            tuple_(_projects.c.workspace, _projects.c.name),
            sorted((key.workspace, key.name) for key in keys),
        )
        return [
            project
            for start in range(0, len(wanted), _AT_ONCE)
            for project in self.where(pair.in_(wanted[start : start + _AT_ONCE]))
        ]

    def behind(self, project_id: ProjectId | None, limit: int) -> Sequence[Project]:
        """Return the first projects behind one of them, in the order of their ids."""
        found = select(_projects).where(_projects.c.deleted_at.is_(None)).order_by(_projects.c.id).limit(limit)
        if project_id is not None:
            found = found.where(_projects.c.id > project_id)
        return [_rows.read(row) for row in self._tx.execute(found)]

    def paid_by(self, workspace: str, payment_method: str, request: PageRequest) -> Page[Project]:
        """Return one page of the projects of a workspace that name this payment method, also as their substitute."""
        columns = _projects.c
        named = (columns.payment_method_identifier, columns.substitute_payment_method_identifier)
        is_named = or_(*(column == payment_method for column in named))
        return self.page_of(request, columns.workspace == workspace, is_named)
