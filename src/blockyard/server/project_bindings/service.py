"""Use cases of bindings of projects. Source: api.md 3.4, concepts.md 2.4, 6.3."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PROJECT_GROUP_BINDING, PROJECT_USER_BINDING
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import GroupDirectory, UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, NotFound, Unprocessable, taken
from blockyard.server.kit.names import check_free_name
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.usage import NAMED, named
from blockyard.server.project_bindings.model import Binding, BindingId, BindingKind, NewBinding
from blockyard.server.project_bindings.store import BindingStore
from blockyard.server.project_roles.model import ProjectRole
from blockyard.server.project_roles.service import ProjectRoleService
from blockyard.server.projects.model import Project, ProjectId, ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.workspaces.service import BindingService, WorkspaceService, approval_needed, are_news

LIST, SAVE, DELETE = "PROJECTPRINCIPALROLE_LIST", "PROJECTPRINCIPALROLE_SAVE", "PROJECTPRINCIPALROLE_DELETE"


class ProjectPeopleListener(Protocol):
    """Wants to know when other people belong to a project than before, or with other roles."""

    def project_people_changed(self, tx: Transaction, project: ProjectKey) -> None:
        """Called in the transaction of the change."""
        ...


class ProjectBindingJudge(Protocol):
    """Has a say in who is bound to projects."""

    def project_binding_wanted(
        self,
        tx: Transaction,
        principal: Principal,
        project: Project,
        role: ProjectRole,
        subject: str,
        *,
        is_person: bool,
    ) -> None:
        """Called before somebody is bound, or asks for it. Raises Conflict."""
        ...

    def project_binding_gone(self, tx: Transaction, binding: Binding) -> None:
        """Called after a binding was taken away; there may be others."""
        ...


class ProjectBindingService:
    """Use cases of bindings of projects.

    Higher features that want to know of other people are among `listeners`, those that have a say in bindings among `judges`.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        workspace_bindings: BindingService,
        projects: ProjectService,
        roles: ProjectRoleService,
        users: UserService,
        groups: GroupDirectory,
        min_approvals: int = 1,
    ) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._workspace_bindings = workspace_bindings
        self._projects = projects
        self._roles = roles
        self._users = users
        self._groups = groups
        self._min_approvals = min_approvals
        self._changes = {
            kind: Changes(basics.event_log, of, f"Project {word} Binding", _content)
            for kind, of, word in (
                (BindingKind.USER, PROJECT_USER_BINDING, "User"),
                (BindingKind.GROUP, PROJECT_GROUP_BINDING, "Group"),
            )
        }
        self.listeners: list[ProjectPeopleListener] = []
        self.judges: list[ProjectBindingJudge] = []

    def create(self, tx: Transaction, principal: Principal, new: NewBinding) -> Binding:
        """Give somebody who belongs to the workspace a role in a project.

        Raises Denied (also if others have to be asked first), NotFound (workspace, project), Invalid (role), Conflict (name),
        Unprocessable (not of the workspace).
        """
        possible = self._possible(tx, principal, new)
        if self.needs_approval(principal):
            raise Denied(
                f"roles in projects are given by {self._min_approvals} people together",
                code="ApprovalNeeded",
                remedy="Ask for it: POST /api/blockyard/v1/binding-requests.",
            )
        return self._add(tx, principal.author, new, *possible)

    def needs_approval(self, principal: Principal) -> bool:
        """Whether the principal gives no role alone, but asks for it."""
        return self._min_approvals > 1 and SAVE not in principal.everywhere

    def require_possible(self, tx: Transaction, principal: Principal, new: NewBinding) -> None:
        """Refuse what `create` refuses but for the number of people who want it; keeps the project. Raises as it does."""
        self._possible(tx, principal, new)

    def grant(self, tx: Transaction, author: Author, new: NewBinding) -> Binding:
        """Make a binding that is possible; whoever calls asked. Raises NotFound, Invalid."""
        return self._add(tx, author, new, *self._named(tx, new))

    def _possible(self, tx: Transaction, principal: Principal, new: NewBinding) -> tuple[Project, ProjectRole]:
        principal.require(SAVE, workspace=new.project.workspace)
        self._workspaces.require_active(tx, new.project.workspace, field="/targetRef/ownedByWorkspace")
        check_free_name(new.name, "a binding")
        project, role = self._named(tx, new)
        self._require_subject(tx, new)
        if BindingStore(tx).living(new.kind, new.name) is not None:
            raise taken(f"there is a binding '{new.name}' already")
        is_person = new.kind is BindingKind.USER
        for judge in self.judges:
            judge.project_binding_wanted(tx, principal, project, role, new.subject, is_person=is_person)
        return project, role

    def _named(self, tx: Transaction, new: NewBinding) -> tuple[Project, ProjectRole]:
        project = self._projects.require_active(tx, new.project, field="/targetRef/name")
        return project, self._roles.require_called(tx, new.role, field="/roleRef/name")

    def _add(self, tx: Transaction, author: Author, new: NewBinding, project: Project, role: ProjectRole) -> Binding:
        binding = Binding(
            id=BindingId(self._basics.new_id()),
            kind=new.kind,
            name=new.name,
            role=role.name,
            workspace=project.workspace,
            project=project.name,
            project_id=project.id,
            subject=new.subject,
            created_at=self._basics.clock(),
        )
        BindingStore(tx).add(binding)
        self._tell_listeners(tx, project)
        return self._changes[new.kind].tell(tx, author, EventType.ADDED, binding)

    def get(self, tx: Transaction, principal: Principal, kind: BindingKind, name: str) -> Binding:
        """Return a binding. Raises Denied, NotFound."""
        return principal.opened(LIST, _shown(principal, BindingStore(tx).living(kind, name)), _unknown(name))

    def of_project(self, tx: Transaction, principal: Principal, key: ProjectKey) -> Sequence[Binding]:
        """Return all bindings of a project, oldest first. Raises Denied, NotFound."""
        unknown = NotFound(f"there is no project '{key}'")
        if not principal.sees_project(key.workspace, key.name):
            raise unknown
        shown = principal.knows("PROJECT_LIST", workspace=key.workspace)
        project = principal.opened(LIST, self._projects.living(tx, key), unknown, shown=shown)
        return BindingStore(tx).of_project(project.id)

    def delete(self, tx: Transaction, principal: Principal, kind: BindingKind, name: str) -> None:
        """Take a role away; doing it again changes nothing. Raises Denied, NotFound."""
        bindings = BindingStore(tx)
        binding = principal.opened(DELETE, _shown(principal, bindings.at(kind, name)), _unknown(name))
        if binding.deleted_at is not None:
            return
        gone = self._gone(tx, replace(binding, deleted_at=self._basics.clock()))
        self._tell(tx, binding.project_key)
        self._changes[kind].tell(tx, principal.author, EventType.REMOVED, gone)

    def members_wanted(self, tx: Transaction, principal: Principal, group: str, *, field: str | None) -> None:
        """Refuse that somebody gets the roles of a group past those who have to be asked. Raises Denied."""
        if not self.needs_approval(principal):
            return
        for binding in BindingStore(tx).of_subject(BindingKind.GROUP, group):
            raise approval_needed(self._min_approvals, group, f"project '{binding.project_key}'", field=field)

    # For other services: no principal is asked

    def projects_of(self, tx: Transaction, username: str) -> Mapping[str, frozenset[str]]:
        """Return the projects that a person is bound to, directly or through a group, by workspace."""
        return BindingStore(tx).of_user(username, self._groups.of_user(tx, username))

    def role_of(self, tx: Transaction, binding: Binding) -> ProjectRole:
        """Return the role that a binding gives."""
        return self._roles.by_name(tx, binding.role)

    def people_of(self, tx: Transaction, key: ProjectKey) -> list[JsonObject]:
        """Return everybody of the workspace who is bound to a project, as USER_PERMISSIONS inputs carry them; sorted."""
        project = self._projects.living(tx, key)
        return [] if project is None else self._people(tx, project)

    def of_role(self, tx: Transaction, role: ProjectRole) -> Sequence[str]:
        """Return what has a role; for the deletion of roles."""
        found = BindingStore(tx).with_role(role.name, PageRequest(0, NAMED))
        return named("binding", [binding.name for binding in found.items], found.total)

    def all_of(self, tx: Transaction, project_id: ProjectId) -> Sequence[Binding]:
        """Return the bindings of a project."""
        return BindingStore(tx).of_project(project_id)

    def of_subject(self, tx: Transaction, subject: str, *, is_person: bool) -> Sequence[Binding]:
        """Return the bindings of a person, or of a group."""
        return BindingStore(tx).of_subject(BindingKind.USER if is_person else BindingKind.GROUP, subject)

    def with_role(self, tx: Transaction, role: str) -> Sequence[Binding]:
        """Return the bindings that have a role."""
        return BindingStore(tx).all_with_role(role)

    def behind(self, tx: Transaction, binding_id: UUID | None, limit: int) -> Sequence[Binding]:
        """Return the first bindings behind one of them, in the order of their ids."""
        return BindingStore(tx).behind(None if binding_id is None else BindingId(binding_id), limit)

    def project_deleted(self, tx: Transaction, project: Project) -> None:
        """Delete the bindings of a project that is being deleted."""
        for binding in BindingStore(tx).of_project(project.id):
            self._gone(tx, replace(binding, deleted_at=project.deleted_at))

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Tell of the projects of a workspace to which others belong now."""
        for key in BindingStore(tx).projects_of(workspace):
            self._tell(tx, key)

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Do nothing: the workspaces of the person tell of their projects."""

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Take all roles of a deleted person away."""
        self._remove_all(tx, author, BindingKind.USER, username)

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Tell of the projects of a group in which others are now; they may belong to the workspace all the same."""
        for key in {binding.project_key for binding in BindingStore(tx).of_subject(BindingKind.GROUP, group)}:
            self._tell(tx, key)

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Take all roles of a deleted group away."""
        self._remove_all(tx, author, BindingKind.GROUP, group)

    def _gone(self, tx: Transaction, binding: Binding) -> Binding:
        gone = BindingStore(tx).save(binding)
        for judge in self.judges:
            judge.project_binding_gone(tx, gone)
        return gone

    def _remove_all(self, tx: Transaction, author: Author, kind: BindingKind, subject: str) -> None:
        for binding in BindingStore(tx).of_subject(kind, subject):
            gone = self._gone(tx, replace(binding, deleted_at=self._basics.clock()))
            self._tell(tx, binding.project_key)
            self._changes[kind].tell(tx, author, EventType.REMOVED, gone)

    def _tell(self, tx: Transaction, key: ProjectKey) -> None:
        project = self._projects.living(tx, key)
        if project is not None:
            self._tell_listeners(tx, project)

    def _tell_listeners(self, tx: Transaction, project: Project) -> None:
        """Tell who wants to know, unless the people and their roles are those that were told of last."""
        if are_news(tx, f"project {project.id}", self._people(tx, project)):
            for listener in self.listeners:
                listener.project_people_changed(tx, project.key)

    def _people(self, tx: Transaction, project: Project) -> list[JsonObject]:
        bindings = BindingStore(tx).of_project(project.id)
        if not bindings:
            return []
        members = self._groups.usernames(
            tx, sorted({binding.subject for binding in bindings if binding.kind is BindingKind.GROUP})
        )
        roles: defaultdict[str, set[str]] = defaultdict(set)
        for binding in bindings:
            for username in members[binding.subject] if binding.kind is BindingKind.GROUP else [binding.subject]:
                roles[username].add(binding.role)
        return [
            {**person, "roles": [*sorted(roles[str(person["username"])])]}
            for person in self._workspaces.people_of(tx, project.workspace)
            if person["username"] in roles
        ]

    def _require_subject(self, tx: Transaction, new: NewBinding) -> None:
        """Refuse who has no role in the workspace; whether there is such an account at all is not told. Raises Unprocessable."""
        if new.kind is BindingKind.USER:
            known, what = self._users.keep(tx, new.subject), "user"
        else:
            known, what = self._groups.keep(tx, new.subject, workspace=new.project.workspace), "group"
        workspace, is_person = new.project.workspace, new.kind is BindingKind.USER
        if not (known and self._workspace_bindings.is_bound(tx, workspace, new.subject, is_person=is_person)):
            raise Unprocessable(
                f"{what} '{new.subject}' has no role in workspace '{workspace}'",
                code="NotOfTheWorkspace",
                field="/subject/name",
                remedy="Bind them to the workspace first; in Terraform, let the project binding depend on that binding.",
            )


def _content(binding: Binding) -> JsonObject:
    return {
        "name": binding.name,
        "role": binding.role,
        "project": binding.project,
        "subject": binding.subject,
    }


def _shown(principal: Principal, binding: Binding | None) -> Binding | None:
    """Return a binding unless it is of a project that the principal may not know of."""
    shown = binding is not None and principal.sees_project(binding.workspace, binding.project)
    return binding if shown else None


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no binding '{name}'")
