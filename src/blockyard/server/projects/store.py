"""The table of projects."""

from dataclasses import asdict, replace

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
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
from blockyard.server.projects.model import Project, ProjectKey

_projects = Table(
    "projects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("payment_method", String(255)),
    Column("substitute_payment_method", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("revision", Integer, nullable=False),
    Index("ix_projects_workspace", "workspace", "created_at"),
    Index("ix_projects_created_at", "created_at", "id"),
    Index("ix_projects_payment_method", "payment_method"),
)
Index(
    "uq_projects_live_name",
    _projects.c.workspace,
    _projects.c.name,
    unique=True,
    sqlite_where=_projects.c.deleted_at.is_(None),
    postgresql_where=_projects.c.deleted_at.is_(None),
)


class ProjectStore:
    """Reads and writes projects."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, key: ProjectKey) -> Project | None:
        """Return the project at this address; the last deleted one if none lives."""
        row = (
            self._tx.execute(
                select(_projects)
                .where(_projects.c.workspace == key.workspace, _projects.c.name == key.name)
                .order_by(_projects.c.deleted_at.is_not(None), _projects.c.deleted_at.desc())
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else _project(row)

    def count(self, workspace: str) -> int:
        """Return how many projects of a workspace are not deleted."""
        found = self._tx.execute(
            select(func.count()).where(_projects.c.workspace == workspace, _projects.c.deleted_at.is_(None))
        ).scalar_one()
        return int(str(found))

    def page(
        self, reach: Reach, request: PageRequest, *, workspace: str | None = None, payment_method: str | None = None
    ) -> Page[Project]:
        """Return one page of the projects within reach that are not deleted, oldest first."""
        conditions: list[ColumnElement[bool]] = [
            _projects.c.deleted_at.is_(None),
            true() if reach.everything else _projects.c.workspace.in_(reach.workspaces),
        ]
        if workspace is not None:
            conditions.append(_projects.c.workspace == workspace)
        if payment_method is not None:
            conditions.append(_projects.c.payment_method == payment_method)
        visible = and_(*conditions)
        total = self._tx.execute(select(func.count()).select_from(_projects).where(visible)).scalar_one()
        rows = self._tx.execute(
            select(_projects)
            .where(visible)
            .order_by(_projects.c.created_at, _projects.c.id)
            .limit(request.limit)
            .offset(request.offset)
        )
        return Page([_project(row) for row in rows.mappings()], int(str(total)), request)

    def add(self, project: Project) -> None:
        """Write a new project."""
        self._tx.execute(insert(_projects).values(_values(project)))

    def save(self, project: Project) -> Project:
        """Write a changed project. Raises Stale."""
        saved = replace(project, revision=project.revision + 1)
        as_read = (_projects.c.id == project.id, _projects.c.revision == project.revision)
        if self._tx.execute(update(_projects).where(*as_read).values(_values(saved))).rowcount == 0:
            raise Stale(f"project {project.key}")
        return saved


def _values(project: Project) -> dict[str, object]:
    return asdict(project) | {"tags": {key: list(values) for key, values in project.tags.items()}}


def _project(row: RowMapping) -> Project:
    return Project(**row)
