"""The routes of workspaces. Source: api.md 3.1."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import WORKSPACE as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import joined, page_request, sent_query
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, Tags, Text, WireModel
from blockyard.server.workspaces.model import Workspace, WorkspaceSettings
from blockyard.server.workspaces.service import WorkspaceService


class WorkspaceMetadata(WireModel):
    """The name and the tags of a workspace."""

    name: Text
    tags: Tags


class WorkspaceSpec(WireModel):
    """What the owners of a workspace decide."""

    display_name: DisplayName
    platform_builder_access_enabled: bool | None = None


class WorkspaceIn(ObjectIn[WorkspaceMetadata, WorkspaceSpec]):
    """A workspace as clients send it."""

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


WorkspaceBody = Annotated[WorkspaceIn, Body(media_type=KIND.media)]
WorkspaceOut = object_schema(KIND, StoredWorkspaceMetadata, StoredWorkspaceSpec)


def workspace_routes(db: Database, workspaces: WorkspaceService, links: Links) -> APIRouter:
    """Return the routes of workspaces."""
    router = APIRouter(tags=["Workspaces"])
    objects, answer = object_router(KIND, "Workspaces"), Answers(KIND, links, _parts)

    @objects.get("", response_model=list_schema(KIND, WorkspaceOut))
    async def list_mesh_workspaces(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the workspaces you may see, for the public command line to choose from."""
        return answer.page(await db.read(lambda tx: workspaces.page(tx, principal, page)), request)

    @objects.post("", status_code=HTTPStatus.CREATED, response_model=WorkspaceOut)
    async def create_workspace(body: WorkspaceBody, principal: CurrentPrincipal) -> Response:
        """Make a workspace; a person who makes one becomes its owner."""
        name, settings = body.metadata.name, body.settings()
        made = await db.write(lambda tx: workspaces.create(tx, principal, name, settings))
        return answer.one(made, HTTPStatus.CREATED)

    @objects.get("/{name}", response_model=WorkspaceOut)
    async def read_workspace(name: str, principal: CurrentPrincipal) -> Response:
        """Return a workspace."""
        return answer.one(await db.read(lambda tx: workspaces.get(tx, principal, name)))

    @objects.put("/{name}", response_model=WorkspaceOut)
    async def update_workspace(name: str, body: WorkspaceBody, principal: CurrentPrincipal) -> Response:
        """Change display name, tags and switches of a workspace."""
        sent, settings = body.metadata.name, body.settings()
        return answer.one(await db.write(lambda tx: workspaces.update(tx, principal, name, sent, settings)))

    @objects.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_workspace(name: str, principal: CurrentPrincipal) -> None:
        """Delete an empty workspace; its name stays taken."""
        await db.write(lambda tx: workspaces.delete(tx, principal, name))

    @router.get("/api/blockyard/v1/workspaces", response_model=list_schema(KIND, WorkspaceOut))
    async def list_workspaces(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> Response:
        """Return the workspaces you may see, oldest first."""
        found = await db.read(lambda tx: workspaces.page(tx, principal, page))
        return JSONResponse(
            page_at(links.own("workspaces"), KIND.plural, found.map(answer.document), sent_query(request))
        )

    return joined(router, objects)


def _parts(workspace: Workspace) -> JsonObject:
    return {
        "metadata": {
            "name": workspace.name,
            "tags": {key: list(values) for key, values in workspace.tags.items()},
            "createdOn": wire_time(workspace.created_at),
            "deletedOn": wire_time(workspace.deleted_at) if workspace.deleted_at else None,
        },
        "spec": {
            "displayName": workspace.display_name,
            "platformBuilderAccessEnabled": workspace.platform_builder,
        },
    }
