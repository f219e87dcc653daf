"""The route of the marketplace: what can be ordered, and how well it works."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.server.definitions.model import Definition, TargetType
from blockyard.server.definitions.model.catalogue import CatalogueQuery
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ShortText, WireModel
from blockyard.server.orders.service import OrderService
from blockyard.server.runs.model.outcomes import Outcomes

MAX_SEARCH = 200

Search = Annotated[str, Query(max_length=MAX_SEARCH, description="Words, which may be misspelled.")]
Tag = Annotated[str | None, Query(max_length=600, description="`<key>:<value>`, of the definitions' tags.")]


class MarketplaceItem(WireModel):
    """A definition that can be ordered; how its runs of the last 30 days ended, and how long they usually took."""

    uuid: UUID
    display_name: str
    description: str
    owned_by_workspace: str
    target_type: TargetType
    supported_platforms: list[str]
    publication: str
    is_draft: bool
    succeeded_runs: int
    failed_runs: int
    usual_seconds: int | None
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]


class MarketplacePage(WireModel):
    """A page of the marketplace."""

    embedded: Annotated[dict[str, list[MarketplaceItem]], Field(alias="_embedded")]
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]
    page: dict[str, int]


def marketplace_routes(db: Database, orders: OrderService, links: Links) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/marketplace", tags=["Orders"])

    @router.get("", response_model=MarketplacePage)
    async def search_marketplace(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        *,
        search: Search = "",
        target_type: Annotated[TargetType | None, Query(alias="targetType")] = None,
        platform_type: Annotated[ShortText | None, Query(alias="platformType")] = None,
        owner: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
        tag: Tag = None,
    ) -> JSONResponse:
        """Return what your workspaces may order, the best matches first unless another order is asked for."""
        key, _, value = (tag or "").partition(":")
        query = CatalogueQuery(
            search=search,
            target_type=target_type,
            platform_type=platform_type or None,
            owner=owner or None,
            tag=(key, value) if tag else None,
        )
        found, outcomes = await db.read(lambda tx: orders.search(tx, principal, query, page))
        shown = found.map(lambda definition: _item(definition, outcomes.get(definition.id) or Outcomes(), links))
        return JSONResponse(page_at(links.own("marketplace"), "definitions", shown, request.query_params))

    return router


def _item(definition: Definition, outcomes: Outcomes, links: Links) -> JsonObject:
    usual = outcomes.usual
    item = MarketplaceItem(
        uuid=definition.id,
        display_name=definition.display_name,
        description=definition.description,
        owned_by_workspace=definition.workspace,
        target_type=definition.target_type,
        supported_platforms=[*(definition.supported_platforms or ())],
        publication=definition.publication.state.value,
        is_draft=definition.released_version_id is None,
        succeeded_runs=outcomes.succeeded,
        failed_runs=outcomes.failed,
        usual_seconds=None if usual is None else round(usual.total_seconds()),
        links={"definition": {"href": links.of(DEFINITION, definition.id)}},
    )
    document: JsonObject = item.model_dump(mode="json", by_alias=True)
    return document
