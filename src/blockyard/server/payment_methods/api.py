"""The routes of payment methods. Source: api.md 3.5."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PAYMENT_METHOD as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import (
    Answers,
    NamedMetadata,
    ObjectIn,
    StoredNamedMetadata,
    list_schema,
    named_metadata,
    object_router,
    object_schema,
)
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, Int64, ShortText, Tags, WireDate, WireModel
from blockyard.server.payment_methods.model import PaymentMethod, PaymentSpec
from blockyard.server.payment_methods.service import PaymentMethodService


class PaymentSpecIn(WireModel):
    """What administrators say about a payment method."""

    display_name: DisplayName
    expiration_date: WireDate | None = None
    amount: Int64 | None = None
    tags: Tags


class PaymentMethodIn(ObjectIn[NamedMetadata, PaymentSpecIn]):
    """A payment method as clients send it."""


PaymentMethodBody = Annotated[PaymentMethodIn, Body(media_type=KIND.media)]
PaymentMethodOut = object_schema(KIND, StoredNamedMetadata, PaymentSpecIn)


def payment_method_routes(db: Database, methods: PaymentMethodService, links: Links) -> APIRouter:
    """Return the routes of payment methods."""
    router, answer = object_router(KIND, "Payment methods"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, PaymentMethodOut))
    async def list_payment_methods(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    ) -> Response:
        """Return the payment methods you may see, oldest first."""
        found = await db.read(lambda tx: methods.page(tx, principal, page, workspace=workspace))
        return answer.page(found, request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=PaymentMethodOut)
    async def create_payment_method(body: PaymentMethodBody, principal: CurrentPrincipal) -> Response:
        """Make a payment method of a workspace."""
        sent, spec = body.metadata, body.spec.into(PaymentSpec)
        made = await db.write(lambda tx: methods.create(tx, principal, sent.owned_by_workspace, sent.name, spec))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{name}", response_model=PaymentMethodOut)
    async def read_payment_method(name: str, principal: CurrentPrincipal) -> Response:
        """Return a payment method."""
        return answer.one(await db.read(lambda tx: methods.get(tx, principal, name)))

    @router.put("/{name}", response_model=PaymentMethodOut)
    async def update_payment_method(name: str, body: PaymentMethodBody, principal: CurrentPrincipal) -> Response:
        """Change display name, expiration date, amount and tags of a payment method."""
        sent, spec = body.metadata, body.spec.into(PaymentSpec)
        changed = await db.write(
            lambda tx: methods.update(
                tx, principal, name, workspace=sent.owned_by_workspace, sent_name=sent.name, spec=spec
            )
        )
        return answer.one(changed)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_payment_method(name: str, principal: CurrentPrincipal) -> None:
        """Delete a payment method."""
        await db.write(lambda tx: methods.delete(tx, principal, name))

    return router


def _parts(method: PaymentMethod) -> JsonObject:
    return {"metadata": named_metadata(method), "spec": wire_members(method, PaymentSpec)}
