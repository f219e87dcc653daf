"""Use cases of projects. Source: api.md 3.3."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol
from uuid import UUID

from blockyard.protocol.kinds import PROJECT
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, require_same, taken
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import NAMED, Uses, counted, named
from blockyard.server.payment_methods.model import PaymentMethod
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.projects.model import Project, ProjectId, ProjectKey, ProjectSpec
from blockyard.server.projects.store import ProjectStore
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import Pair, Relation, TagService
from blockyard.server.workspaces.service import WorkspaceService


class ProjectListener(Protocol):
    """Has things that go with their project."""

    def project_deleted(self, tx: Transaction, project: Project) -> None:
        """Called in the transaction of the deletion, after everything that may refuse it was asked."""
        ...


class ProjectService:
    """Use cases of projects.

    Higher features add what a project may still have to `uses`, and themselves to `listeners` if what they have goes with it.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        payment_methods: PaymentMethodService,
        tags: TagService,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._payment_methods = payment_methods
        self._tags = tags
        payment_methods.uses.add(self.of_payment_method)
        self._changes: Changes[Project] = Changes(
            basics.event_log, PROJECT, "Project", partial(wire_members, of=ProjectSpec)
        )
        self.uses: Uses[ProjectKey] = Uses("still has")
        self.followers: list[Callable[[Transaction, Project, Project], None]] = []
        self.listeners: list[ProjectListener] = []

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None = None,
        payment_method: str | None = None,
        search: str | None = None,
    ) -> Page[Project]:
        """Return one page of the projects the principal may see, oldest first; `search` is a part of a name. Raises Denied."""
        owners = principal.listing("PROJECT_LIST").owners
        only = {} if owners is None else principal.only_projects
        wanted = {"workspace": workspace, "payment_method_identifier": payment_method}
        return ProjectStore(tx).visible(request, owners=owners, only=only, wanted=wanted, search=search)

    def get(self, tx: Transaction, principal: Principal, key: ProjectKey) -> Project:
        """Return a project. Raises Denied, NotFound."""
        _require_shown(principal, key)
        return principal.opened("PROJECT_LIST", ProjectStore(tx).living(key.workspace, key.name), _unknown(key))

    def create(self, tx: Transaction, principal: Principal, key: ProjectKey, spec: ProjectSpec) -> Project:
        """Make a project. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require("PROJECT_SAVE", workspace=key.workspace)
        self._workspaces.require_active(tx, key.workspace)
        check_name(key.name, "a project")
        spec.check()
        self._require_payable(tx, key.workspace, spec)
        projects = ProjectStore(tx)
        if projects.living(key.workspace, key.name) is not None:
            raise taken(f"workspace '{key.workspace}' has a project '{key.name}' already")
        project = Project(
            id=ProjectId(self._basics.new_id()),
            workspace=key.workspace,
            name=key.name,
            created_at=self._basics.clock(),
            **members(spec),
        )
        project = replace(project, tags=self._tags.check(tx, principal, _tagged(project)))
        return self._changes.tell(tx, principal.author, EventType.CREATED, projects.add(project))

    def update(
        self, tx: Transaction, principal: Principal, key: ProjectKey, sent: ProjectKey, spec: ProjectSpec
    ) -> Project:
        """Change what its owners decide; `sent` is the address they sent with it. Raises Denied, Invalid, NotFound."""
        _require_shown(principal, key)
        projects = ProjectStore(tx)
        before = principal.opened("PROJECT_SAVE", projects.living(key.workspace, key.name), _unknown(key))
        require_same(
            "a project",
            {"/metadata/ownedByWorkspace": (key.workspace, sent.workspace), "/metadata/name": (key.name, sent.name)},
        )
        spec.check()
        self._require_payable(tx, key.workspace, spec, before)
        after = changed(before, spec)
        after = replace(after, tags=self._tags.check(tx, principal, _tagged(after), before=before.tags))
        if after == before:
            return before
        after = self._changes.tell(tx, principal.author, EventType.CHANGED, projects.save(after), before=before)
        for follow in self.followers:
            follow(tx, before, after)
        return after

    def still_has(self, tx: Transaction, principal: Principal, key: ProjectKey) -> Sequence[str]:
        """Return what keeps a project from being deleted, one phrase for each. Raises Denied, NotFound."""
        _require_shown(principal, key)
        principal.opened("PROJECT_DELETE", ProjectStore(tx).living(key.workspace, key.name), _unknown(key))
        return self.uses.of(tx, key)

    def delete(self, tx: Transaction, principal: Principal, key: ProjectKey) -> None:
        """Delete a project; deleting it again changes nothing. Raises Denied, NotFound, Conflict (still in use)."""
        _require_shown(principal, key)
        projects = ProjectStore(tx)
        project = principal.opened("PROJECT_DELETE", projects.at(key.workspace, key.name), _unknown(key))
        if project.deleted_at is not None:
            return
        gone = projects.save(replace(project, deleted_at=self._basics.clock()))  # first: a new use clashes with it
        self.uses.refuse_used(tx, key, f"project '{key}'")
        self._tags.forget(tx, _tagged(gone))
        for listener in self.listeners:
            listener.project_deleted(tx, gone)
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For other services: no principal is asked

    def living(self, tx: Transaction, key: ProjectKey) -> Project | None:
        """Return a project that is not deleted."""
        return ProjectStore(tx).living(key.workspace, key.name)

    def require_active(self, tx: Transaction, key: ProjectKey, *, field: str) -> Project:
        """Return the project, which then stays until this transaction ends. Raises NotFound; `field` says where it is named."""
        project = ProjectStore(tx).kept(key.workspace, key.name)
        if project is None:
            raise NotFound(f"there is no project '{key}'", code="UnknownProject", field=field)
        return project

    def find_all(self, tx: Transaction, project_ids: Collection[ProjectId]) -> Mapping[ProjectId, Project]:
        """Return those of the projects that exist, deleted ones too: one statement, however many they are."""
        return ProjectStore(tx).many(project_ids) if project_ids else {}

    def tagged(self, tx: Transaction, project_ids: Collection[ProjectId]) -> Mapping[ProjectId, Tagged]:
        """Return those of the projects that are not deleted, as policies see them."""
        found = self.find_all(tx, project_ids)
        return {one: _tagged(project) for one, project in found.items() if project.deleted_at is None}

    def tagged_called(self, tx: Transaction, keys: Collection[ProjectKey]) -> Mapping[ProjectKey, Tagged]:
        """Return those of the projects with these addresses that are not deleted, as policies see them."""
        return {project.key: _tagged(project) for project in ProjectStore(tx).called(keys)}

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(ProjectStore(tx).count_of(workspace), "project")

    def paid_with(self, tx: Transaction, method: PaymentMethod) -> Sequence[Project]:
        """Return the projects that are paid with a payment method; for other services."""
        store = ProjectStore(tx)
        return store.where(
            *store.with_members({"workspace": method.workspace, "payment_method_identifier": method.name})
        )

    def of_payment_method(self, tx: Transaction, method: PaymentMethod) -> Sequence[str]:
        """Return what names a payment method; for the deletion of payment methods."""
        found = ProjectStore(tx).paid_by(method.workspace, method.name, PageRequest(0, NAMED))
        return named("project", [project.key for project in found.items], found.total)

    def relation(self) -> Relation:
        """Return how workspaces and their projects are related, for policies."""
        return Relation(
            authoritative=TargetKind.WORKSPACE,
            affected=TargetKind.PROJECT,
            authorities_of=lambda tx, what: [*self._workspaces.tagged(tx, {what.workspace or ""}).values()],
            affected_by=lambda tx, what: [_tagged(project) for project in ProjectStore(tx).all_of(what.id)],
            pairs=self._pairs,
        )

    def _pairs(self, tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
        projects = ProjectStore(tx).behind(ProjectId(UUID(after)) if after else None, limit)
        workspaces = self._workspaces.tagged(tx, {project.workspace for project in projects})
        return [Pair(workspaces[one.workspace], _tagged(one), str(one.id)) for one in projects]

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from projects; for the deletion of tag definitions."""
        return ProjectStore(tx).remove_tag(tag, [ProjectId(UUID(one)) for one in ids])

    def _require_payable(
        self, tx: Transaction, workspace: str, spec: ProjectSpec, before: ProjectSpec | None = None
    ) -> None:
        """Refuse payment methods that the workspace does not have; one that the project named before may stay. Raises Invalid."""
        known = set() if before is None else set(before.payment_methods.values())
        for field, name in spec.payment_methods.items():
            if name not in known:
                self._payment_methods.require_of(tx, workspace, name, field=field)


def _tagged(project: Project) -> Tagged:
    return Tagged(
        kind=TargetKind.PROJECT,
        id=str(project.id),
        name=f"project '{project.key}'",
        workspace=project.workspace,
        tags=project.tags,
    )


def _require_shown(principal: Principal, key: ProjectKey) -> None:
    """Refuse as unknown what members may not know of, before anything tells whether it is there. Raises NotFound."""
    if not principal.sees_project(key.workspace, key.name):
        raise _unknown(key)


def _unknown(key: ProjectKey) -> NotFound:
    return NotFound(f"there is no project '{key}'")
