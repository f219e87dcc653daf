"""The list of what states say exists. Blockyard's own endpoint."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.tofu_state.model import ResourceFilter
from blockyard.server.tofu_state.service import FoundResource, ResourceService


def resource_routes(db: Database, resources: ResourceService, links: Links) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/resources", tags=["state"])

    @router.get("", response_class=Answer)
    async def list_resources(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        search: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
        type_: Annotated[str | None, Query(alias="type", max_length=255)] = None,
        provider: Annotated[str | None, Query(max_length=255)] = None,
        block_id: Annotated[UUID | None, Query(alias="buildingBlockUuid")] = None,
        workspace: Annotated[str | None, Query(alias="workspaceIdentifier", max_length=255)] = None,
    ) -> Response:
        """List what exists by the states that you may read, what was found last first.

        `search` is how an address, a type, a name or an id begins, without regard to case; at most 1000 are found. A list without it
        counts up to 10000. What a run makes is found a few seconds later.
        """
        chosen = ResourceFilter(search=search, type=type_, provider=provider, block_id=block_id, workspace=workspace)
        found = await db.read(lambda tx: resources.page(tx, principal, chosen, page).map(_document))
        return Answer(page_at(links.own("resources"), "resources", found, sent_query(request)))

    return router


def _document(one: FoundResource) -> JsonObject:
    found, resource = one.found, one.found.resource
    return {
        "address": resource.address,
        "type": resource.type,
        "provider": resource.provider,
        "name": resource.name,
        "id": resource.id,
        "buildingBlockUuid": str(found.block_id),
        "buildingBlockName": one.block_name,
        "workspaceIdentifier": found.workspace,
        "projectIdentifier": found.project,
        "foundAt": wire_time(found.found_at),
    }
