"""The route of the inventory of identities. Blockyard's own endpoint."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model.inventory import Place
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.definitions.service.inventory import InventoryEntry
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ShortText, WireModel


class InventoryQuery(WireModel):
    """The filters of the list; a filter without a value filters nothing."""

    workspace_identifier: ShortText | None = None
    cloud: Annotated[Cloud | None, Field(strict=False)] = None
    identity: ShortText | None = None


def inventory_routes(db: Database, definitions: DefinitionService, links: Links) -> APIRouter:
    """Return the route."""
    router, inventory = api_router(prefix="/api/blockyard/v1/identities", tags=["Definitions"]), definitions.inventory

    @router.get("", response_class=Answer)
    async def list_identities(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[InventoryQuery, Query()],
    ) -> Response:
        """Return which definitions can have which identity in a cloud, where they are used, and who can change their code."""
        found = await db.read(
            lambda tx: inventory.page(
                tx,
                principal,
                page,
                workspace=filters.workspace_identifier or None,
                cloud=filters.cloud,
                identity=filters.identity or None,
            )
        )
        return Answer(page_at(links.own("identities"), "identities", found.map(_entry), sent_query(request)))

    return router


def _entry(entry: InventoryEntry) -> JsonObject:
    version, runs, implementation = entry.version, entry.runs, entry.version.implementation
    subjects: list[Json] = [] if runs is None else [*runs.subjects]
    editors: list[Json] = [{"kind": one.kind, "name": one.name, "role": one.role} for one in entry.editors]
    places: Json = None if entry.places is None else [_place(one) for one in entry.places.shown]
    return {
        "uuid": str(entry.access.id),
        "ownedByWorkspace": version.workspace,
        "definitionUuid": str(version.definition_id),
        "displayName": entry.definition.display_name,
        "versionUuid": str(version.id),
        "versionNumber": version.number,
        "versionState": version.state.value,
        "cloud": entry.access.cloud.value,
        "way": entry.access.way.value,
        "identity": entry.access.identity,
        "issuer": None if runs is None else runs.issuer,
        "subjects": subjects,
        "planSubject": None if runs is None else runs.plan_subject,
        "buildingBlocks": entry.total,
        "places": places,
        "repositoryUrl": implementation.text("repositoryUrl") or None,
        "repositoryPath": implementation.text("repositoryPath") or None,
        "refName": implementation.text("refName") or None,
        "editors": editors,
    }


def _place(place: Place) -> JsonObject:
    return {
        "buildingBlockUuid": str(place.block_id),
        "displayName": place.name,
        "workspaceIdentifier": place.workspace,
        "projectIdentifier": place.project,
        "fullPlatformIdentifier": place.platform,
        "tenantUuid": None if place.tenant_id is None else str(place.tenant_id),
    }
