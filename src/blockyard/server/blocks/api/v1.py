"""Routes of building blocks, version v1: the same addresses and use cases as v2-preview, for blocks on tenants. Source: api.md 3.19."""

from enum import Enum
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response

from blockyard.protocol.kinds import BLOCK_V1, BLOCK_V2, BLOCK_V2_FINAL
from blockyard.server.blocks.api.wire_v1 import BlockV1In, BlockV1Out, render_v1
from blockyard.server.blocks.service import BlockService
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import media, media_class
from blockyard.server.kit.routers import api_router, takes, version_route

BlockV1Body = Annotated[BlockV1In, Body(media_type=BLOCK_V1.media)]

_answer = media_class(BLOCK_V1.media)


def v1_routes(db: Database, blocks: BlockService, links: Links) -> APIRouter:
    """Return the routes that order and read blocks on tenants; those of v2 delete them."""
    tags: list[str | Enum] = ["Building blocks"]
    router = api_router(
        prefix=BLOCK_V1.collection,
        tags=tags,
        dependencies=[Depends(media(BLOCK_V1.media))],
        default_response_class=_answer,
        route_class=version_route(BLOCK_V1.media, BLOCK_V2.media, BLOCK_V2_FINAL.media),
    )

    @router.post("", status_code=HTTPStatus.CREATED, response_model=BlockV1Out)
    @takes(LARGE_BYTES, holding("BUILDINGBLOCK_SAVE"))
    async def order_block_on_tenant(body: BlockV1Body, principal: CurrentPrincipal) -> Response:
        """Order a block on a tenant; its first run starts at once unless something is missing."""
        order = body.model()
        with body.pointed_at():
            document = await db.write(lambda tx: render_v1(blocks.order_by_name(tx, principal, order), links))
        return _answer(document, status_code=HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=BlockV1Out)
    async def get_block_on_tenant(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a block on a tenant; a deleted one stays readable until its definition is deleted."""
        return _answer(await db.read(lambda tx: render_v1(blocks.get(tx, principal, uuid), links)))

    return router
