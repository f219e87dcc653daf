"""The routes of workspaces. Source: api.md 3.1."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.media import WORKSPACE
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, media, media_class, page_request
from blockyard.server.kit.large_bodies import api_router
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import Name, ShortText, Tags, WireJson, WireModel
from blockyard.server.workspaces.model import Workspace, WorkspaceSettings
from blockyard.server.workspaces.service import WorkspaceService


class WorkspaceMetadata(WireModel):
    """The name and the tags of a workspace."""

    name: ShortText
    tags: Tags


class WorkspaceSpec(WireModel):
    """What the owners of a workspace decide."""

    display_name: Name
    platform_builder_access_enabled: bool | None = None


class WorkspaceBody(WireModel):
    """A workspace as clients send it."""

    metadata: WorkspaceMetadata
    spec: WorkspaceSpec

    def settings(self) -> WorkspaceSettings:
        """Return the settings as use cases take them."""
        return WorkspaceSettings(
            display_name=self.spec.display_name,
            tags=self.metadata.tags,
            platform_builder=self.spec.platform_builder_access_enabled,
        )


class StoredWorkspaceMetadata(WorkspaceMetadata):
    """The name, the tags and the dates of a workspace."""

    created_on: str
    deleted_on: str | None


class StoredWorkspaceSpec(WorkspaceSpec):
    """What the owners of a workspace decided."""

    platform_builder_access_enabled: bool


class WorkspaceDocument(WireModel):
    """A workspace as the API shows it."""

    api_version: Literal["v2"] = "v2"
    kind: Literal["meshWorkspace"] = "meshWorkspace"
    metadata: StoredWorkspaceMetadata
    spec: StoredWorkspaceSpec
    links: dict[str, WireJson] = Field(alias="_links")


def workspace_routes(db: Database, workspaces: WorkspaceService, links: Links) -> APIRouter:
    """Return the routes of workspaces."""
    router = APIRouter(tags=["Workspaces"])
    objects = api_router(
        tags=["Workspaces"],
        prefix="/api/meshobjects/meshworkspaces",
        dependencies=[Depends(media(WORKSPACE))],
        default_response_class=media_class(WORKSPACE),
    )
    body_type = Body(media_type=WORKSPACE)

    @objects.post("", status_code=HTTPStatus.CREATED)
    async def create_workspace(
        body: Annotated[WorkspaceBody, body_type], principal: CurrentPrincipal
    ) -> WorkspaceDocument:
        """Make a workspace; a person who makes one becomes its owner."""
        name, settings = body.metadata.name, body.settings()
        return _document(await db.write(lambda tx: workspaces.create(tx, principal, name, settings)), links)

    @objects.get("/{name}")
    async def read_workspace(name: str, principal: CurrentPrincipal) -> WorkspaceDocument:
        """Return a workspace."""
        return _document(await db.read(lambda tx: workspaces.get(tx, principal, name)), links)

    @objects.put("/{name}")
    async def update_workspace(
        name: str, body: Annotated[WorkspaceBody, body_type], principal: CurrentPrincipal
    ) -> WorkspaceDocument:
        """Change display name, tags and switches of a workspace."""
        if body.metadata.name != name:
            raise Invalid(
                "a workspace cannot be renamed",
                code="Immutable",
                field="/metadata/name",
                remedy="Make another workspace, or change its display name.",
            )
        return _document(await db.write(lambda tx: workspaces.update(tx, principal, name, body.settings())), links)

    @objects.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_workspace(name: str, principal: CurrentPrincipal) -> None:
        """Delete an empty workspace; its name stays taken."""
        await db.write(lambda tx: workspaces.delete(tx, principal, name))

    @router.get("/api/blockyard/v1/workspaces")
    async def list_workspaces(
        principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> dict[str, WireJson]:
        """Return the workspaces you may see, oldest first."""
        found = await db.read(lambda tx: workspaces.page(tx, principal, page))
        return links.collection("workspaces", "meshWorkspaces", found.map(lambda one: _json(one, links)), {})

    return joined(router, objects)


def _document(workspace: Workspace, links: Links) -> WorkspaceDocument:
    self_link: JsonObject = links.link("workspace", name=workspace.name)
    return WorkspaceDocument(
        metadata=StoredWorkspaceMetadata(
            name=workspace.name,
            tags={key: list(values) for key, values in workspace.tags.items()},
            created_on=wire_time(workspace.created_at),
            deleted_on=wire_time(workspace.deleted_at) if workspace.deleted_at else None,
        ),
        spec=StoredWorkspaceSpec(
            display_name=workspace.display_name, platform_builder_access_enabled=workspace.platform_builder
        ),
        links={"self": self_link},
    )


def _json(workspace: Workspace, links: Links) -> JsonObject:
    document: JsonObject = _document(workspace, links).model_dump(by_alias=True)
    return document
