"""The table of projects."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, bindparam, select

from blockyard.server.kit.columns import JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store, life
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
    Index("ix_projects_workspace", "workspace", "created_at"),
    Index("ix_projects_created_at", "created_at", "id"),
    Index("ix_projects_payment_method", "payment_method_identifier"),
)
Index(
    "uq_projects_live_name",
    _projects.c.workspace,
    _projects.c.name,
    unique=True,
    sqlite_where=_projects.c.deleted_at.is_(None),
    postgresql_where=_projects.c.deleted_at.is_(None),
)
_rows: Rows[Project, ProjectId] = Rows(_projects, Project, "id")

_AT = (
    select(_projects)
    .where(_projects.c.workspace == bindparam("of_workspace"), _projects.c.name == bindparam("of_name"))
    .order_by(_projects.c.deleted_at.is_not(None), _projects.c.deleted_at.desc())
    .limit(1)
)


class ProjectStore(Store[Project, ProjectId]):
    """Reads and writes projects."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def at(self, key: ProjectKey) -> Project | None:
        """Return the project at this address; the last deleted one if none lives."""
        return self._one(_AT, {"of_workspace": key.workspace, "of_name": key.name})
