"""The routes of locations. Source: api.md 3.6."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import LOCATION as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import Answers, NamedMetadata, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, ShortText, WireModel
from blockyard.server.platforms.api.wire import Description, IdentifiedMetadata, identified_metadata
from blockyard.server.platforms.model import Location, LocationSpec
from blockyard.server.platforms.service import LocationService


class LocationSpecIn(WireModel):
    """What the owner of a location says about it."""

    display_name: DisplayName
    description: Description


class LocationIn(ObjectIn[NamedMetadata, LocationSpecIn]):
    """A location as clients send it."""


class LocationStatus(WireModel):
    """Who may name it."""

    is_public: bool


LocationBody = Annotated[LocationIn, Body(media_type=KIND.media)]
LocationOut = object_schema(KIND, IdentifiedMetadata, LocationSpecIn, LocationStatus)


def location_routes(db: Database, locations: LocationService, links: Links) -> APIRouter:
    """Return the routes of locations."""
    router, answer = object_router(KIND, "Locations"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, LocationOut))
    async def list_locations(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="ownedByWorkspace")] = None,
    ) -> Response:
        """Return the public locations and those of your workspaces, oldest first."""
        found = await db.read(lambda tx: locations.page(tx, principal, page, workspace=workspace or None))
        return answer.page(found, request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=LocationOut)
    async def create_location(body: LocationBody, principal: CurrentPrincipal) -> Response:
        """Make a location for the platforms of a workspace."""
        sent, spec = body.metadata, body.spec.into(LocationSpec)
        made = await db.write(lambda tx: locations.create(tx, principal, sent.owned_by_workspace, sent.name, spec))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{name}", response_model=LocationOut)
    async def read_location(name: str, principal: CurrentPrincipal) -> Response:
        """Return a location."""
        return answer.one(await db.read(lambda tx: locations.get(tx, principal, name)))

    @router.put("/{name}", response_model=LocationOut)
    async def update_location(name: str, body: LocationBody, principal: CurrentPrincipal) -> Response:
        """Change display name and description of a location."""
        sent, spec = body.metadata, body.spec.into(LocationSpec)
        changed = await db.write(
            lambda tx: locations.update(
                tx, principal, name, workspace=sent.owned_by_workspace, sent_name=sent.name, spec=spec
            )
        )
        return answer.one(changed)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_location(name: str, principal: CurrentPrincipal) -> None:
        """Delete a location that no platform names."""
        await db.write(lambda tx: locations.delete(tx, principal, name))

    return router


def _parts(location: Location) -> JsonObject:
    return {
        "metadata": identified_metadata(location),
        "spec": wire_members(location, LocationSpec),
        "status": {"isPublic": location.is_public},
    }
