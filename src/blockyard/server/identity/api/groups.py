"""The routes of groups. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.model.groups import Group
from blockyard.server.identity.service import GroupOfPeople, GroupService
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, Name, ShortText, WireJson, WireModel

MAX_MEMBERS = 10_000


class GroupIn(WireModel):
    """What a group is called, and who is in it."""

    display_name: DisplayName
    members: Annotated[list[Name], Field(max_length=MAX_MEMBERS, default_factory=list)]


class NewGroup(GroupIn):
    """A group to make; without a workspace it is one of the installation."""

    name: Name
    workspace_identifier: Name | None = None


class GroupOut(WireModel):
    """A group as the API shows it; `members` is null to those who may not know them."""

    uuid: str
    name: str
    display_name: str
    workspace_identifier: str | None
    members: list[str] | None
    created_on: str


def group_routes(db: Database, groups: GroupService, links: Links) -> APIRouter:
    """Return the routes of groups."""
    router = api_router(prefix="/api/blockyard/v1/groups", tags=["Groups"])

    @router.get("")
    async def list_groups(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    ) -> dict[str, WireJson]:
        """Return the groups that you may bind, without their members, oldest first."""
        found = await db.read(lambda tx: groups.page(tx, principal, page, workspace=workspace))
        return page_at(links.own("groups"), "groups", found.map(_listed), sent_query(request))

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_group(body: Annotated[NewGroup, Body()], principal: CurrentPrincipal) -> GroupOut:
        """Make a group of a workspace, or of the installation."""
        made = await db.write(
            lambda tx: groups.create(
                tx,
                principal,
                name=body.name,
                display_name=body.display_name,
                workspace=body.workspace_identifier,
                usernames=body.members,
            )
        )
        return _group(made)

    @router.get("/{name}")
    async def read_group(name: str, principal: CurrentPrincipal) -> GroupOut:
        """Return a group and who is in it."""
        return _group(await db.read(lambda tx: groups.get(tx, principal, name)))

    @router.put("/{name}")
    async def update_group(name: str, body: Annotated[GroupIn, Body()], principal: CurrentPrincipal) -> GroupOut:
        """Change what a group is called and who is in it."""
        changed = await db.write(
            lambda tx: groups.update(tx, principal, name, display_name=body.display_name, usernames=body.members)
        )
        return _group(changed)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_group(name: str, principal: CurrentPrincipal) -> None:
        """Delete a group with all its roles."""
        await db.write(lambda tx: groups.delete(tx, principal, name))

    @router.put("/{name}/members/{username}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def add_group_member(name: str, username: str, principal: CurrentPrincipal) -> None:
        """Put a person into a group."""
        await db.write(lambda tx: groups.add(tx, principal, name, username))

    @router.delete("/{name}/members/{username}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def remove_group_member(name: str, username: str, principal: CurrentPrincipal) -> None:
        """Take a person out of a group."""
        await db.write(lambda tx: groups.remove(tx, principal, name, username))

    return router


def _listed(group: Group) -> JsonObject:
    document: JsonObject = _group(GroupOfPeople(group, None)).model_dump(by_alias=True, exclude={"members"})
    return document


def _group(found: GroupOfPeople) -> GroupOut:
    group = found.group
    return GroupOut(
        uuid=str(group.id),
        name=group.name,
        display_name=group.display_name,
        workspace_identifier=group.workspace,
        members=None if found.usernames is None else [*found.usernames],
        created_on=wire_time(group.created_at),
    )
