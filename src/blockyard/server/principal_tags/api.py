"""The routes of tags of people and groups. Blockyard's own endpoints."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body

from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.identity.model import UserId
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Tags, WireModel
from blockyard.server.principal_tags.service import PrincipalTagService
from blockyard.server.tags.model import Tags as StoredTags


class PrincipalTagsBody(WireModel):
    """All tags of a person or a group."""

    tags: Tags


def principal_tag_routes(db: Database, service: PrincipalTagService) -> APIRouter:
    """Return the routes of tags of people and groups."""
    router = api_router(prefix="/api/blockyard/v1", tags=["Tags of people"])

    @router.get("/users/{uuid}/tags")
    async def read_user_tags(uuid: UUID, principal: CurrentPrincipal) -> PrincipalTagsBody:
        """Return the tags of a person."""
        return _out(await db.read(lambda tx: service.of_user(tx, principal, UserId(uuid))))

    @router.put("/users/{uuid}/tags")
    async def update_user_tags(
        uuid: UUID, body: Annotated[PrincipalTagsBody, Body()], principal: CurrentPrincipal
    ) -> PrincipalTagsBody:
        """Give a person these tags and no others."""
        return _out(await db.write(lambda tx: service.tag_user(tx, principal, UserId(uuid), body.tags)))

    @router.get("/groups/{name}/tags")
    async def read_group_tags(name: str, principal: CurrentPrincipal) -> PrincipalTagsBody:
        """Return the tags of a group."""
        return _out(await db.read(lambda tx: service.of_group(tx, principal, name)))

    @router.put("/groups/{name}/tags")
    async def update_group_tags(
        name: str, body: Annotated[PrincipalTagsBody, Body()], principal: CurrentPrincipal
    ) -> PrincipalTagsBody:
        """Give a group these tags and no others."""
        return _out(await db.write(lambda tx: service.tag_group(tx, principal, name, body.tags)))

    return router


def _out(tags: StoredTags) -> PrincipalTagsBody:
    return PrincipalTagsBody(tags={key: [*values] for key, values in tags.items()})
