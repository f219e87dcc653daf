"""Use cases of projects. Source: api.md 3.3."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from blockyard.server.events.model import Author, EventType
from blockyard.server.events.service import EventLog
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.projects.model import Project, ProjectId, ProjectKey, ProjectSettings, check_name
from blockyard.server.projects.store import ProjectStore
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)


class ProjectContents(Protocol):
    """Knows one kind of thing a project may still have; implemented by higher features."""

    def in_use(self, tx: Transaction, key: ProjectKey) -> str | None:
        """Return a sentence on what the project still has, None if nothing."""
        ...


class ProjectsOfWorkspace:
    """Tells whether a workspace still has projects (`workspaces.service.WorkspaceContents`)."""

    def in_use(self, tx: Transaction, workspace: str) -> str | None:
        """Return a sentence on the projects a workspace still has, None if there are none."""
        count = ProjectStore(tx).count(workspace)
        return f"it still has {count} project(s)" if count else None


class ProjectService:
    """Use cases of projects."""

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: NewId,
        event_log: EventLog,
        workspaces: WorkspaceService,
        contents: Sequence[ProjectContents] = (),
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._events = event_log
        self._workspaces = workspaces
        self._contents = contents

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None = None,
        payment_method: str | None = None,
    ) -> Page[Project]:
        """Return one page of the projects the principal may see, oldest first."""
        reach = principal.reach("PROJECT_LIST")
        return ProjectStore(tx).page(reach, request, workspace=workspace, payment_method=payment_method)

    def create(self, tx: Transaction, principal: Principal, key: ProjectKey, settings: ProjectSettings) -> Project:
        """Make a project. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require("PROJECT_SAVE", workspace=key.workspace)
        check_name(key.name)
        settings.check()
        self._workspaces.require_active(tx, key.workspace)
        projects = ProjectStore(tx)
        namesake = projects.get(key)
        if namesake is not None and namesake.deleted_at is None:
            raise Conflict(
                f"workspace '{key.workspace}' has a project '{key.name}' already",
                code="NameTaken",
                field="/metadata/name",
                remedy="Choose another name.",
            )
        project = Project(
            id=ProjectId(self._new_id()),
            workspace=key.workspace,
            name=key.name,
            display_name=settings.display_name,
            tags=settings.tags,
            payment_method=settings.payment_method,
            substitute_payment_method=settings.substitute_payment_method,
            created_at=self._clock(),
        )
        projects.add(project)
        self._tell(tx, principal.author, EventType.CREATED, project)
        return project

    def get(self, tx: Transaction, principal: Principal, key: ProjectKey) -> Project:
        """Return a project. Raises Denied, NotFound."""
        return self._allowed(tx, principal, "PROJECT_LIST", key)

    def update(self, tx: Transaction, principal: Principal, key: ProjectKey, settings: ProjectSettings) -> Project:
        """Change a project's settings. Raises Denied, Invalid, NotFound."""
        before = self._allowed(tx, principal, "PROJECT_SAVE", key)
        settings.check()
        after = before.changed(settings)
        if after == before:
            return before
        after = ProjectStore(tx).save(after)
        self._tell(tx, principal.author, EventType.CHANGED, after, before=before)
        return after

    def delete(self, tx: Transaction, principal: Principal, key: ProjectKey) -> None:
        """Delete a project; deleting it again changes nothing. Raises Denied, NotFound, Conflict (still in use)."""
        principal.require_in("PROJECT_DELETE", key.workspace, hide=_unknown(key).message)
        projects = ProjectStore(tx)
        project = projects.get(key)
        if project is None:
            raise _unknown(key)
        if project.deleted_at is not None:
            return
        gone = projects.save(replace(project, deleted_at=self._clock()))
        for contents in self._contents:
            if (sentence := contents.in_use(tx, key)) is not None:
                raise Conflict(
                    f"project '{key}' cannot be deleted: {sentence}", code="ProjectInUse", remedy="Delete these first."
                )
        self._tell(tx, principal.author, EventType.DELETED, gone)

    def _allowed(self, tx: Transaction, principal: Principal, code: str, key: ProjectKey) -> Project:
        principal.require_in(code, key.workspace, hide=_unknown(key).message)
        project = ProjectStore(tx).get(key)
        if project is None or project.deleted_at is not None:
            raise _unknown(key)
        return project

    def _tell(
        self, tx: Transaction, author: Author, type_: EventType, project: Project, *, before: Project | None = None
    ) -> None:
        verb = "Modified" if type_ is EventType.CHANGED else type_.value
        self._events.append(
            tx,
            author,
            f"Project {verb}",
            type_,
            workspace=project.workspace,
            subject_kind="meshProject",
            subject_id=str(project.key),
            content=project.document(),
            previous=before.document() if before else None,
        )
        log.info("project changed", project=str(project.key), change=type_.value)


def _unknown(key: ProjectKey) -> NotFound:
    return NotFound(f"there is no project '{key}'")
