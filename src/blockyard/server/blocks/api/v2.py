"""Routes of building blocks, version v2-preview. Source: api.md 3.18."""

from enum import Enum
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response

from blockyard.protocol.kinds import BLOCK_V1, BLOCK_V2, BLOCK_V2_FINAL
from blockyard.server.blocks.api.wire import BlockFilter, BlockIn, BlockList, BlockOut, render
from blockyard.server.blocks.service import BlockService
from blockyard.server.identity.api import CurrentPrincipal, holding
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, media, media_class, page_request, require_accept, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router, takes

PREFIX = "/api/meshobjects/meshbuildingblocks"

BlockBody = Annotated[BlockIn, Body(media_type=BLOCK_V2.media)]

_answer = media_class(BLOCK_V2.media, BLOCK_V2_FINAL.media)


def _as_v1(schema: str) -> dict[str, object]:
    """Return what the OpenAPI document says of v1, whose own routes have the same addresses: a document has one of each."""
    return {"content": {BLOCK_V1.media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def v2_routes(db: Database, blocks: BlockService, links: Links) -> APIRouter:
    """Return the routes that read, order, change and delete building blocks."""
    tags: list[str | Enum] = ["Building blocks"]
    documents = api_router(
        prefix=PREFIX,
        tags=tags,
        dependencies=[Depends(media(BLOCK_V2.media, BLOCK_V2_FINAL.media))],
        default_response_class=_answer,
    )
    ending = APIRouter(prefix=PREFIX, tags=tags)
    _add_reading(documents, db, blocks, links)
    _add_changing(documents, db, blocks, links)
    _add_ending(ending, db, blocks)
    return joined(documents, ending)


def _add_reading(router: APIRouter, db: Database, blocks: BlockService, links: Links) -> None:
    @router.get("", response_model=BlockList)
    async def list_blocks(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: BlockFilter,
    ) -> Response:
        """Return active blocks of your workspaces, or with a `managedBy…` filter those you provide for, oldest first."""
        query = filters.model()
        use_case = blocks.managed if filters.is_managed else blocks.page
        found = await db.read(lambda tx: use_case(tx, principal, query, page).map(lambda one: render(one, links)))
        return _answer(links.page_of(BLOCK_V2, found, sent_query(request)))

    @router.get("/{uuid}", response_model=BlockOut, responses={200: _as_v1("BlockV1Out")})
    async def get_block(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a block; a deleted one stays readable until its definition is deleted."""
        return _answer(await db.read(lambda tx: render(blocks.get(tx, principal, uuid), links)))


def _add_changing(router: APIRouter, db: Database, blocks: BlockService, links: Links) -> None:
    may_save = holding("BUILDINGBLOCK_SAVE")

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        response_model=BlockOut,
        responses={201: _as_v1("BlockV1Out")},
        openapi_extra={"requestBody": _as_v1("BlockV1In")},
    )
    @takes(LARGE_BYTES, may_save)
    async def order_block(body: BlockBody, principal: CurrentPrincipal) -> Response:
        """Order a block; its first run starts at once unless something is missing."""
        request = body.model()
        document = await db.write(lambda tx: render(blocks.order(tx, principal, request), links))
        return _answer(document, status_code=HTTPStatus.CREATED)

    @router.put("/{uuid}", response_model=BlockOut)
    @takes(LARGE_BYTES, may_save)
    async def update_block(uuid: UUID, body: BlockBody, principal: CurrentPrincipal) -> Response:
        """Change a block: inputs that are left out stay; changed ones, and another version, start a run."""
        if body.metadata.uuid not in {None, uuid}:
            raise Invalid(
                "metadata.uuid is not the id in the address",
                code="IdMismatch",
                field="/metadata/uuid",
                remedy="Send the id of the building block you change, or none.",
            )
        request = body.model()
        return _answer(await db.write(lambda tx: render(blocks.update(tx, principal, uuid, request), links)))


def _add_ending(router: APIRouter, db: Database, blocks: BlockService) -> None:
    @router.post("/{uuid}/trigger-run", status_code=HTTPStatus.ACCEPTED, response_class=Response)
    async def trigger_run(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Start a run with the content of now."""
        await db.write(lambda tx: blocks.trigger_run(tx, principal, uuid))

    @router.delete("/{uuid}", status_code=HTTPStatus.ACCEPTED, response_class=Response)
    async def delete_block(
        uuid: UUID, principal: CurrentPrincipal, _accept: Annotated[None, Depends(_any_version)]
    ) -> None:
        """Delete a block: a run destroys what it made, then it is gone."""
        await db.write(lambda tx: blocks.delete(tx, principal, uuid))

    @router.delete("/{uuid}/purge", status_code=HTTPStatus.ACCEPTED, response_class=Response)
    async def purge_block(
        uuid: UUID, principal: CurrentPrincipal, _accept: Annotated[None, Depends(_any_version)]
    ) -> None:
        """Forget a block without destroying what it made."""
        await db.write(lambda tx: blocks.purge(tx, principal, uuid))


async def _any_version(request: Request) -> None:
    require_accept(request, [BLOCK_V2.media, BLOCK_V2_FINAL.media, BLOCK_V1.media])
