"""The routes of drafts of orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Int64, WireModel
from blockyard.server.order_drafts.model import MAX_FIELDS, DraftContent, OrderDraft
from blockyard.server.order_drafts.service import OrderDraftService

FieldName = Annotated[str, Field(min_length=1, max_length=600)]


class DraftContentIn(WireModel):
    """Fields of the order form as they were typed: a text, or the options that are chosen.

    Their names are `name`, `workspace`, `input.<key>` (the key quoted as in URLs) and others of the form. What was entered
    for sensitive inputs is not kept; their fields come back in `leftOut`.
    """

    fields: Annotated[dict[FieldName, str | list[str]], Field(max_length=MAX_FIELDS)] = Field(default_factory=dict)

    def model(self) -> DraftContent:
        """Return what was entered."""
        return DraftContent(fields=self.fields)


class NewDraft(DraftContentIn):
    """What begins a draft."""

    definition_uuid: UUID = Field(strict=False)


class ChangedDraft(DraftContentIn):
    """What a draft shall be; refused if it is not at `revision` any more, which may be left out."""

    revision: Int64 | None = None


class DraftOut(WireModel):
    """A draft of an order."""

    uuid: str
    definition_uuid: str
    fields: dict[str, str | list[str]]
    left_out: list[str]
    created_on: str
    changed_on: str
    revision: int
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]


class DraftList(WireModel):
    """A page of drafts."""

    embedded: Annotated[dict[str, list[DraftOut]], Field(alias="_embedded")]
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]
    page: dict[str, int]


def order_draft_routes(db: Database, drafts: OrderDraftService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/order-drafts", tags=["Order drafts"])

    def shown(draft: OrderDraft) -> DraftOut:
        return DraftOut(
            uuid=str(draft.id),
            definition_uuid=str(draft.definition_id),
            fields={name: typed if isinstance(typed, str) else list(typed) for name, typed in draft.fields.items()},
            left_out=list(draft.left_out),
            created_on=wire_time(draft.created_at),
            changed_on=wire_time(draft.changed_at),
            revision=draft.revision,
            links={"self": {"href": links.own("order-drafts", draft.id)}},
        )

    def document(draft: OrderDraft) -> JsonObject:
        written: JsonObject = shown(draft).model_dump(mode="json", by_alias=True)
        return written

    @router.get("", response_model=DraftList)
    async def list_order_drafts(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> JSONResponse:
        """Return your drafts of orders, oldest first."""
        found = await db.read(lambda tx: drafts.page(tx, principal, page))
        return JSONResponse(
            page_at(links.own("order-drafts"), "orderDrafts", found.map(document), request.query_params)
        )

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create_order_draft(body: NewDraft, principal: CurrentPrincipal) -> DraftOut:
        """Begin a draft of an order."""
        return shown(await db.write(lambda tx: drafts.create(tx, principal, body.definition_uuid, body.model())))

    @router.get("/{uuid}")
    async def read_order_draft(uuid: UUID, principal: CurrentPrincipal) -> DraftOut:
        """Return a draft of yours."""
        return shown(await db.read(lambda tx: drafts.get(tx, principal, uuid)))

    @router.put("/{uuid}")
    async def update_order_draft(uuid: UUID, body: ChangedDraft, principal: CurrentPrincipal) -> DraftOut:
        """Replace what was entered in a draft of yours."""
        return shown(await db.write(lambda tx: drafts.update(tx, principal, uuid, body.model(), seen=body.revision)))

    @router.delete("/{uuid}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete_order_draft(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Throw a draft of yours away."""
        await db.write(lambda tx: drafts.delete(tx, principal, uuid))
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return router
