"""The routes of projects. Source: api.md 3.3."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import PROJECT
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid, NotFound
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class, page_request
from blockyard.server.kit.large_bodies import api_router
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import Name, ShortText, Tags, WireJson, WireModel
from blockyard.server.projects.model import Project, ProjectKey, ProjectSettings, parse_key
from blockyard.server.projects.service import ProjectService


class ProjectMetadata(WireModel):
    """The address of a project."""

    name: ShortText
    owned_by_workspace: Name


class ProjectSpec(WireModel):
    """What the owners of a project decide."""

    display_name: Name
    tags: Tags
    payment_method_identifier: ShortText | None = None
    substitute_payment_method_identifier: ShortText | None = None


class ProjectBody(WireModel):
    """A project as clients send it."""

    metadata: ProjectMetadata
    spec: ProjectSpec

    @property
    def key(self) -> ProjectKey:
        """The address of the project."""
        return ProjectKey(self.metadata.owned_by_workspace, self.metadata.name)

    def settings(self) -> ProjectSettings:
        """Return the settings as use cases take them."""
        return ProjectSettings(
            display_name=self.spec.display_name,
            tags=self.spec.tags,
            payment_method=self.spec.payment_method_identifier,
            substitute_payment_method=self.spec.substitute_payment_method_identifier,
        )


class StoredProjectMetadata(ProjectMetadata):
    """The address and the dates of a project."""

    created_on: str
    deleted_on: str | None


class ProjectDocument(WireModel):
    """A project as the API shows it."""

    api_version: Literal["v2"] = "v2"
    kind: Literal["meshProject"] = "meshProject"
    metadata: StoredProjectMetadata
    spec: ProjectSpec
    links: dict[str, WireJson] = Field(alias="_links")


def project_key(identifier: str) -> ProjectKey:
    """Read `<workspace>.<project>` from the path. Raises NotFound."""
    key = parse_key(identifier)
    if key is None:
        raise NotFound(f"there is no project '{identifier}'", remedy="Address it as <workspace>.<project>.")
    return key


def project_routes(db: Database, projects: ProjectService, links: Links) -> APIRouter:
    """Return the routes of projects."""
    router = api_router(
        prefix="/api/meshobjects/meshprojects",
        tags=["Projects"],
        dependencies=[Depends(media(PROJECT))],
        default_response_class=media_class(PROJECT),
    )
    body_type = Body(media_type=PROJECT)

    @router.get("")
    async def list_projects(
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
        payment: Annotated[ShortText | None, Query(alias="paymentIdentifier")] = None,
    ) -> dict[str, WireJson]:
        """Return the projects you may see, oldest first."""
        found = await db.read(
            lambda tx: projects.page(tx, principal, page, workspace=workspace, payment_method=payment)
        )
        filters = {"workspaceIdentifier": workspace, "paymentIdentifier": payment}
        query = {name: value for name, value in filters.items() if value is not None}
        return links.collection("projects", "meshProjects", found.map(lambda one: _json(one, links)), query)

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_project(body: Annotated[ProjectBody, body_type], principal: CurrentPrincipal) -> ProjectDocument:
        """Make a project in a workspace."""
        return _document(await db.write(lambda tx: projects.create(tx, principal, body.key, body.settings())), links)

    @router.get("/{identifier}")
    async def read_project(identifier: str, principal: CurrentPrincipal) -> ProjectDocument:
        """Return a project."""
        key = project_key(identifier)
        return _document(await db.read(lambda tx: projects.get(tx, principal, key)), links)

    @router.put("/{identifier}")
    async def update_project(
        identifier: str, body: Annotated[ProjectBody, body_type], principal: CurrentPrincipal
    ) -> ProjectDocument:
        """Change display name, tags and payment methods of a project."""
        key = project_key(identifier)
        if body.key != key:
            raise Invalid(
                "a project can be neither renamed nor moved",
                code="Immutable",
                field="/metadata",
                remedy="Send identifier and workspace as they are, or make another project.",
            )
        return _document(await db.write(lambda tx: projects.update(tx, principal, key, body.settings())), links)

    @router.delete("/{identifier}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_project(identifier: str, principal: CurrentPrincipal) -> None:
        """Delete a project."""
        key = project_key(identifier)
        await db.write(lambda tx: projects.delete(tx, principal, key))

    return router


def _document(project: Project, links: Links) -> ProjectDocument:
    self_link: JsonObject = links.link("project", workspace=project.workspace, project=project.name)
    return ProjectDocument(
        metadata=StoredProjectMetadata(
            name=project.name,
            owned_by_workspace=project.workspace,
            created_on=wire_time(project.created_at),
            deleted_on=wire_time(project.deleted_at) if project.deleted_at else None,
        ),
        spec=ProjectSpec(
            display_name=project.display_name,
            tags={key: list(values) for key, values in project.tags.items()},
            payment_method_identifier=project.payment_method,
            substitute_payment_method_identifier=project.substitute_payment_method,
        ),
        links={"self": self_link},
    )


def _json(project: Project, links: Links) -> JsonObject:
    document: JsonObject = _document(project, links).model_dump(by_alias=True)
    return document
