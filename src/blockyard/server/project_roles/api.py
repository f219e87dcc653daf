"""The routes of project roles. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ShortText, Tags, Text, WireJson, WireModel
from blockyard.server.project_roles.model import ProjectRole, RoleSpec
from blockyard.server.project_roles.service import ProjectRoleService

MAX_RANK = 1_000_000


class RoleIn(WireModel):
    """What administrators say about a project role."""

    display_name: DisplayName
    rank: Annotated[int, Field(ge=0, le=MAX_RANK)] = 0
    description: ShortText = ""
    tags: Tags


class NewRole(RoleIn):
    """A project role with the name that building blocks read."""

    name: Text

    def spec(self) -> RoleSpec:
        """Return everything but the name."""
        return RoleSpec(display_name=self.display_name, rank=self.rank, description=self.description, tags=self.tags)


class RoleOut(NewRole):
    """A project role as the API shows it."""

    created_on: str


def project_role_routes(db: Database, roles: ProjectRoleService, links: Links) -> APIRouter:
    """Return the routes of project roles."""
    router = api_router(prefix="/api/blockyard/v1/project-roles", tags=["Project roles"])

    @router.get("")
    async def list_project_roles(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> dict[str, WireJson]:
        """Return the project roles, oldest first."""
        found = await db.read(lambda tx: roles.page(tx, principal, page))
        return page_at(links.own("project-roles"), "projectRoles", found.map(_json), sent_query(request))

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_project_role(body: Annotated[NewRole, Body()], principal: CurrentPrincipal) -> RoleOut:
        """Make a project role."""
        return _role(await db.write(lambda tx: roles.create(tx, principal, body.name, body.spec())))

    @router.get("/{name}")
    async def read_project_role(name: str, principal: CurrentPrincipal) -> RoleOut:
        """Return a project role."""
        return _role(await db.read(lambda tx: roles.get(tx, principal, name)))

    @router.put("/{name}")
    async def update_project_role(name: str, body: Annotated[RoleIn, Body()], principal: CurrentPrincipal) -> RoleOut:
        """Change display name, rank, description and tags of a project role."""
        spec = body.into(RoleSpec)
        return _role(await db.write(lambda tx: roles.update(tx, principal, name, spec)))

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_project_role(name: str, principal: CurrentPrincipal) -> None:
        """Delete a project role that no binding has."""
        await db.write(lambda tx: roles.delete(tx, principal, name))

    return router


def _role(role: ProjectRole) -> RoleOut:
    return RoleOut(
        name=role.name,
        display_name=role.display_name,
        rank=role.rank,
        description=role.description,
        tags={key: list(values) for key, values in role.tags.items()},
        created_on=wire_time(role.created_at),
    )


def _json(role: ProjectRole) -> JsonObject:
    document: JsonObject = _role(role).model_dump(by_alias=True)
    return document
