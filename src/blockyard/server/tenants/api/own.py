"""Our own endpoints of tenants, for people, pages and the CLI: how they are, and the way to their end."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TENANT
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, link, page_at
from blockyard.server.kit.http import page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, ShortText, WireModel
from blockyard.server.tenants.api.objects import MAX_QUOTAS, QuotaValue, tenant_parts
from blockyard.server.tenants.model import TenantQuery
from blockyard.server.tenants.service import TenantDetail, TenantService


class PeoplesTenantFilters(WireModel):
    """The filters of a list; all given ones must match."""

    workspace_identifier: ShortText | None = None
    project_identifier: ShortText | None = None
    platform_identifier: ShortText | None = None
    awaits_approval: bool = Field(default=False, strict=False)

    def model(self) -> TenantQuery:
        """Return what is asked for."""
        return TenantQuery(
            workspace=self.workspace_identifier or None,
            project=self.project_identifier or None,
            platform=self.platform_identifier or None,
            awaits_approval=self.awaits_approval,
        )


class DeclineIn(WireModel):
    """Why a tenant stays."""

    comment: ShortText


class QuotasIn(WireModel):
    """The quotas of a tenant that are not those of its landing zone."""

    quotas: Annotated[dict[ShortText, QuotaValue], Field(max_length=MAX_QUOTAS)]


class MoveIn(WireModel):
    """Where a tenant shall be."""

    project_identifier: Name


def own_routes(db: Database, tenants: TenantService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/tenants", tags=["Tenants"])

    @router.get("", response_class=JSONResponse)
    async def list_tenants_for_people(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[PeoplesTenantFilters, Query()],
    ) -> Response:
        """Return the tenants of your workspaces and of what they offer, also those that are being deleted, as people read them."""
        found = await db.read(lambda tx: tenants.search(tx, principal, filters.model(), page))
        shown = found.map(lambda detail: tenant_detail(detail, links))
        return JSONResponse(page_at(links.own("tenants"), TENANT.plural, shown, request.query_params))

    @router.get("/{uuid}", response_class=JSONResponse)
    async def read_tenant_for_people(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a tenant with its replication status, its sign-in address and what you may do, as people read it."""
        return _shown(await db.read(lambda tx: tenants.detail(tx, principal, uuid)), links)

    @router.post("/{uuid}/approve-deletion", response_class=JSONResponse)
    async def approve_deletion(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Approve that a tenant is deleted: its building blocks are destroyed, and nothing stops that."""
        return _shown(await db.write(lambda tx: tenants.approve_deletion(tx, principal, uuid)), links)

    @router.post("/{uuid}/decline-deletion", response_class=JSONResponse)
    async def decline_deletion(uuid: UUID, body: DeclineIn, principal: CurrentPrincipal) -> Response:
        """Decline that a tenant is deleted, and say why: it can be used again."""
        return _shown(await db.write(lambda tx: tenants.decline_deletion(tx, principal, uuid, body.comment)), links)

    @router.post("/{uuid}/confirm-deletion", response_class=JSONResponse)
    async def confirm_deletion(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Say that a tenant which no building block destroys is gone from the platform."""
        return _shown(await db.write(lambda tx: tenants.confirm_deletion(tx, principal, uuid)), links)

    @router.put("/{uuid}/quotas", response_class=JSONResponse)
    async def change_quotas(uuid: UUID, body: QuotasIn, principal: CurrentPrincipal) -> Response:
        """Lay other quotas over those of the landing zone of a tenant."""
        wanted = {key: quota.value for key, quota in body.quotas.items()}
        return _shown(await db.write(lambda tx: tenants.set_quotas(tx, principal, uuid, wanted)), links)

    @router.post("/{uuid}/move", response_class=JSONResponse)
    async def move_tenant(uuid: UUID, body: MoveIn, principal: CurrentPrincipal) -> Response:
        """Give a tenant with its building blocks and their runs to another project of its workspace."""
        return _shown(await db.write(lambda tx: tenants.move(tx, principal, uuid, body.project_identifier)), links)

    @router.post("/{uuid}/purge", response_class=JSONResponse)
    async def purge_tenant(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Forget a tenant with its building blocks, and leave the platform as it is."""
        return _shown(await db.write(lambda tx: tenants.purge(tx, principal, uuid)), links)

    return router


def _shown(detail: TenantDetail, links: Links) -> Response:
    return JSONResponse(tenant_detail(detail, links))


def tenant_detail(detail: TenantDetail, links: Links) -> JsonObject:
    """Return everything about a tenant."""
    tenant = detail.view.tenant
    return {
        **tenant_parts(detail.view),
        "statusText": tenant.status_in_words,
        "replicationStatus": detail.replication.value,
        "signInUrl": tenant.sign_in_url,
        "platform": tenant.platform,
        "provider": tenant.provider,
        "author": tenant.author.document(),
        "markedForDeletionBy": tenant.marked_by,
        "approvedAt": None if tenant.approved_at is None else wire_time(tenant.approved_at),
        "awaitsApproval": tenant.awaits_approval,
        "confirmedByHand": tenant.by_hand,
        "declineComment": tenant.decline_comment,
        "allowed": {"delete": detail.may_delete, "decide": detail.may_decide, "purge": detail.may_purge},
        "_links": {
            "self": link(links.own("tenants", tenant.id)),
            "object": link(links.of(TENANT, tenant.id)),
        },
    }
