"""Use cases of projects. Source: api.md 3.3."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

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
from blockyard.server.kit.usage import Uses, counted
from blockyard.server.projects.model import Project, ProjectId, ProjectKey, ProjectSpec
from blockyard.server.projects.store import ProjectStore
from blockyard.server.workspaces.service import WorkspaceService


class ProjectService:
    """Use cases of projects. Higher features add what a project may still have to `uses`."""

    def __init__(self, basics: Basics, *, workspaces: WorkspaceService) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._changes: Changes[Project] = Changes(
            basics.event_log, PROJECT, "Project", partial(wire_members, of=ProjectSpec)
        )
        self.uses: Uses[ProjectKey] = Uses("still has")

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None = None,
        payment_method: str | None = None,
    ) -> Page[Project]:
        """Return one page of the projects the principal may see, oldest first. Raises Denied."""
        owners = principal.listing("PROJECT_LIST").owners
        wanted = {"workspace": workspace, "payment_method_identifier": payment_method}
        return ProjectStore(tx).page(request, owners=owners, wanted=wanted)

    def get(self, tx: Transaction, principal: Principal, key: ProjectKey) -> Project:
        """Return a project. Raises Denied, NotFound."""
        return self._living(tx, principal, "PROJECT_LIST", key)

    def create(self, tx: Transaction, principal: Principal, key: ProjectKey, spec: ProjectSpec) -> Project:
        """Make a project. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require("PROJECT_SAVE", workspace=key.workspace)
        self._workspaces.require_active(tx, key.workspace)
        check_name(key.name, "a project")
        spec.check()
        projects = ProjectStore(tx)
        namesake = projects.at(key)
        if namesake is not None and namesake.deleted_at is None:
            raise taken(f"workspace '{key.workspace}' has a project '{key.name}' already")
        project = Project(
            id=ProjectId(self._basics.new_id()),
            workspace=key.workspace,
            name=key.name,
            created_at=self._basics.clock(),
            **members(spec),
        )
        return self._changes.tell(tx, principal.author, EventType.CREATED, projects.add(project))

    def update(
        self, tx: Transaction, principal: Principal, key: ProjectKey, sent: ProjectKey, spec: ProjectSpec
    ) -> Project:
        """Change what its owners decide; `sent` is the address they sent with it. Raises Denied, Invalid, NotFound."""
        before = self._living(tx, principal, "PROJECT_SAVE", key)
        require_same(
            "a project",
            {"/metadata/ownedByWorkspace": (key.workspace, sent.workspace), "/metadata/name": (key.name, sent.name)},
        )
        spec.check()
        after = changed(before, spec)
        if after == before:
            return before
        return self._changes.tell(tx, principal.author, EventType.CHANGED, ProjectStore(tx).save(after), before=before)

    def delete(self, tx: Transaction, principal: Principal, key: ProjectKey) -> None:
        """Delete a project; deleting it again changes nothing. Raises Denied, NotFound, Conflict (still in use)."""
        projects = ProjectStore(tx)
        project = principal.opened("PROJECT_DELETE", projects.at(key), _unknown(key))
        if project.deleted_at is not None:
            return
        gone = projects.save(replace(project, deleted_at=self._basics.clock()))  # first: a new use clashes with it
        self.uses.refuse_used(tx, key, f"project '{key}'")
        self._changes.tell(tx, principal.author, EventType.DELETED, gone)

    # For other services: no principal is asked

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(ProjectStore(tx).count_of(workspace), "project")

    def _living(self, tx: Transaction, principal: Principal, code: str, key: ProjectKey) -> Project:
        project = principal.opened(code, ProjectStore(tx).at(key), _unknown(key))
        if project.deleted_at is not None:
            raise _unknown(key)
        return project


def _unknown(key: ProjectKey) -> NotFound:
    return NotFound(f"there is no project '{key}'")
