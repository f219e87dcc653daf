"""The routes of projects. Source: api.md 3.3."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PROJECT as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import (
    Answers,
    NamedMetadata,
    ObjectIn,
    StoredNamedMetadata,
    list_schema,
    named_metadata,
    object_router,
    object_schema,
)
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, ShortText, Tags, WireModel
from blockyard.server.projects.model import Project, ProjectKey, ProjectSpec, parse_key
from blockyard.server.projects.service import ProjectService


class ProjectMetadata(NamedMetadata):
    """The address of a project."""

    @property
    def key(self) -> ProjectKey:
        """The address as use cases take it."""
        return ProjectKey(self.owned_by_workspace, self.name)


class ProjectSpecIn(WireModel):
    """What the owners of a project decide."""

    display_name: DisplayName
    tags: Tags
    payment_method_identifier: ShortText | None = None
    substitute_payment_method_identifier: ShortText | None = None


class ProjectIn(ObjectIn[ProjectMetadata, ProjectSpecIn]):
    """A project as clients send it."""


ProjectBody = Annotated[ProjectIn, Body(media_type=KIND.media)]
ProjectOut = object_schema(KIND, StoredNamedMetadata, ProjectSpecIn)


def project_key(identifier: str, _who: CurrentPrincipal) -> ProjectKey:
    """Read `<workspace>.<project>` from the path, of who is known. Raises Unauthenticated, NotFound."""
    key = parse_key(identifier)
    if key is None:
        raise NotFound(f"there is no project '{identifier}'", remedy="Address it as <workspace>.<project>.")
    return key


Key = Annotated[ProjectKey, Depends(project_key)]


def project_routes(db: Database, projects: ProjectService, links: Links) -> APIRouter:
    """Return the routes of projects."""
    router, answer = object_router(KIND, "Projects"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, ProjectOut))
    async def list_projects(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
        payment: Annotated[ShortText | None, Query(alias="paymentIdentifier")] = None,
    ) -> Response:
        """Return the projects you may see, oldest first."""
        found = await db.read(
            lambda tx: projects.page(tx, principal, page, workspace=workspace, payment_method=payment)
        )
        return answer.page(found, request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=ProjectOut)
    async def create_project(body: ProjectBody, principal: CurrentPrincipal) -> Response:
        """Make a project in a workspace."""
        key, spec = body.metadata.key, body.spec.into(ProjectSpec)
        return answer.one(await db.write(lambda tx: projects.create(tx, principal, key, spec)), HTTPStatus.CREATED)

    @router.get("/{identifier}", response_model=ProjectOut)
    async def read_project(key: Key, principal: CurrentPrincipal) -> Response:
        """Return a project."""
        return answer.one(await db.read(lambda tx: projects.get(tx, principal, key)))

    @router.put("/{identifier}", response_model=ProjectOut)
    async def update_project(key: Key, body: ProjectBody, principal: CurrentPrincipal) -> Response:
        """Change display name, tags and payment methods of a project."""
        sent, spec = body.metadata.key, body.spec.into(ProjectSpec)
        return answer.one(await db.write(lambda tx: projects.update(tx, principal, key, sent, spec)))

    @router.delete("/{identifier}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_project(key: Key, principal: CurrentPrincipal) -> None:
        """Delete a project."""
        await db.write(lambda tx: projects.delete(tx, principal, key))

    return router


def _parts(project: Project) -> JsonObject:
    return {"metadata": named_metadata(project), "spec": wire_members(project, ProjectSpec)}
