"""The table of bindings of projects."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, and_, or_, select

from blockyard.server.kit.columns import Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, life
from blockyard.server.project_bindings.model import Binding, BindingId, BindingKind
from blockyard.server.projects.model import ProjectId, ProjectKey

_bindings = Table(
    "project_bindings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Word(BindingKind, 32), nullable=False),
    Column("name", String(45), nullable=False),
    Column("role", String(64), nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("project", String(64), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id"), nullable=False),
    Column("subject", String(255), nullable=False),
    *life(),
    Index("ix_project_bindings_workspace", "workspace", "created_at", "id"),
    Index("ix_project_bindings_project_id", "project_id", "created_at", "id"),
    Index("ix_project_bindings_role", "role"),
    Index("ix_project_bindings_subject", "subject", "kind"),
    Index("ix_project_bindings_name", "name", "kind"),
)
_rows: Rows[Binding, BindingId] = Rows(_bindings, Binding, "id", address=("kind", "name"))


class BindingStore(Store[Binding, BindingId]):
    """Reads and writes bindings of projects."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_project(self, project: ProjectId) -> Sequence[Binding]:
        """Return the bindings of a project, oldest first."""
        return self.where(_bindings.c.project_id == project)

    def with_role(self, role: str, request: PageRequest) -> Page[Binding]:
        """Return one page of the bindings that have a role."""
        return self.page_of(request, _bindings.c.role == role)

    def all_with_role(self, role: str) -> Sequence[Binding]:
        """Return the bindings that have a role, oldest first."""
        return self.where(_bindings.c.role == role)

    def behind(self, binding_id: BindingId | None, limit: int) -> Sequence[Binding]:
        """Return the first bindings behind one of them, in the order of their ids."""
        found = select(_bindings).where(*_rows.living).order_by(_bindings.c.id).limit(limit)
        if binding_id is not None:
            found = found.where(_bindings.c.id > binding_id)
        return [_rows.read(row) for row in self._tx.execute(found)]

    def of_subject(self, kind: BindingKind, subject: str) -> Sequence[Binding]:
        """Return the bindings of a person, or of a group."""
        return self.where(_bindings.c.subject == subject, _bindings.c.kind == kind)

    def of_user(self, username: str, groups: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return the projects that a person and their groups are bound to, by workspace."""
        personal = and_(_bindings.c.subject == username, _bindings.c.kind == BindingKind.USER)
        shared = and_(_bindings.c.subject.in_(groups), _bindings.c.kind == BindingKind.GROUP)
        condition = or_(personal, shared) if groups else personal
        found: defaultdict[str, set[str]] = defaultdict(set)
        rows = self._tx.execute(select(_bindings.c.workspace, _bindings.c.project).where(condition, *_rows.living))
        for row in rows.mappings():
            found[row["workspace"]].add(row["project"])
        return {workspace: frozenset(projects) for workspace, projects in found.items()}

    def projects_of(self, workspace: str) -> Sequence[ProjectKey]:
        """Return the projects of a workspace that have bindings, sorted by name."""
        rows = self._tx.execute(
            select(_bindings.c.project)
            .where(_bindings.c.workspace == workspace, *_rows.living)
            .distinct()
            .order_by(_bindings.c.project)
        )
        return [ProjectKey(workspace, str(name)) for (name,) in rows]
