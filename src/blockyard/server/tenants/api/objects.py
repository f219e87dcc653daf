"""The routes of tenants. Source: api.md 3.11."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TENANT as KIND
from blockyard.protocol.kinds import TENANT_PREVIEW
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import Int64, Name, ShortText, WireJson, WireModel, WireUuid
from blockyard.server.platforms.model import PlatformId
from blockyard.server.projects.model import ProjectKey
from blockyard.server.tenants.model import TenantSpec
from blockyard.server.tenants.service import TenantService, TenantView

MAX_QUOTAS = 200
"""How many quotas one request names."""

MAX_BLOCKS = 100
"""For the building blocks of how many definitions one request has inputs."""


class TenantMetadata(WireModel):
    """Whose tenant it is."""

    owned_by_workspace: Name
    owned_by_project: Name

    @property
    def key(self) -> ProjectKey:
        """The address of the project."""
        return ProjectKey(self.owned_by_workspace, self.owned_by_project)


class StoredTenantMetadata(TenantMetadata):
    """Which tenant it is, and whose."""

    uuid: UUID
    created_on: str
    deleted_on: str | None


class PlatformRef(WireModel):
    """A reference to a platform."""

    uuid: WireUuid
    kind: Literal["meshPlatform"] = "meshPlatform"


class LandingZoneRef(WireModel):
    """A reference to a landing zone."""

    name: Name
    kind: Literal["meshLandingZone"] = "meshLandingZone"


class QuotaValue(WireModel):
    """The value of a quota."""

    value: Int64


class BlockInput(WireModel):
    """The value of an input of a building block; a secret one is `{"plaintext": …}`."""

    value: WireJson = None


class TenantSpecIn(WireModel):
    """What is asked for."""

    platform_ref: PlatformRef
    landing_zone_ref: LandingZoneRef | None = None
    platform_tenant_id: Annotated[ShortText, Field(min_length=1)] | None = None
    requested_quotas: Annotated[dict[ShortText, QuotaValue], Field(max_length=MAX_QUOTAS)] | None = None
    building_block_inputs: dict[WireUuid, dict[ShortText, BlockInput]] = Field(
        default_factory=dict, max_length=MAX_BLOCKS, repr=False
    )

    def model(self) -> TenantSpec:
        """Return what is asked for, as use cases take it."""
        return TenantSpec(
            platform_id=PlatformId(self.platform_ref.uuid),
            landing_zone=None if self.landing_zone_ref is None else self.landing_zone_ref.name,
            platform_tenant_id=self.platform_tenant_id,
            requested_quotas={key: quota.value for key, quota in (self.requested_quotas or {}).items()},
            block_inputs={
                DefinitionId(definition): {key: sent.value for key, sent in inputs.items()}
                for definition, inputs in self.building_block_inputs.items()
            },
        )


class TenantSpecOut(WireModel):
    """What the tenant is."""

    platform_ref: PlatformRef
    landing_zone_ref: LandingZoneRef | None
    platform_tenant_id: str | None


class MarkedOut(WireModel):
    """When the deletion was asked for."""

    timestamp: str


class TenantLifecycleOut(WireModel):
    """Whether the tenant lives."""

    state: Literal["ACTIVE", "MARKED_FOR_DELETION", "DELETED"]
    marked_for_deletion: MarkedOut | None


class TenantStatusOut(WireModel):
    """How the tenant stands."""

    tenant_name: str
    platform_type_identifier: str
    platform_workspace_id: str | None
    tags: dict[str, list[str]]
    applied_quotas: dict[str, QuotaValue]
    lifecycle: TenantLifecycleOut


class TenantIn(ObjectIn[TenantMetadata, TenantSpecIn]):
    """A tenant as clients send it."""


class TenantFilters(WireModel):
    """The filters of a list; all given ones must match, one without a value filters nothing."""

    workspace_identifier: ShortText | None = None
    project_identifier: ShortText | None = None
    platform_identifier: ShortText | None = None
    platform_type_identifier: ShortText | None = None
    landing_zone_identifier: ShortText | None = None
    platform_tenant_id: ShortText | None = None

    def wanted(self) -> dict[str, object | None]:
        """Return the values of members that are wanted."""
        return {
            "workspace": self.workspace_identifier or None,
            "project": self.project_identifier or None,
            "platform": self.platform_identifier or None,
            "platform_type": self.platform_type_identifier or None,
            "landing_zone": self.landing_zone_identifier or None,
            "platform_tenant_id": self.platform_tenant_id or None,
        }


TenantBody = Annotated[TenantIn, Body(media_type=KIND.media)]
TenantOut = object_schema(KIND, StoredTenantMetadata, TenantSpecOut, TenantStatusOut, others=[TENANT_PREVIEW])


def object_routes(db: Database, tenants: TenantService, links: Links) -> APIRouter:
    """Return the routes of the meshObject API."""
    router = object_router(KIND, "Tenants", TENANT_PREVIEW)
    answer: Answers[TenantView] = Answers(KIND, links, tenant_parts, TENANT_PREVIEW)

    @router.get("", response_model=list_schema(KIND, TenantOut))
    async def list_tenants(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[TenantFilters, Query()],
    ) -> Response:
        """Return the active tenants you may see, oldest first."""
        found = await db.read(lambda tx: tenants.page(tx, principal, page, filters.wanted()))
        return answer.page(found, request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=TenantOut)
    async def create_tenant(body: TenantBody, principal: CurrentPrincipal) -> Response:
        """Make a tenant with the building blocks of its landing zone, or import one that is there."""
        key, spec = body.metadata.key, body.spec.model()
        made = await db.write(lambda tx: tenants.create(tx, principal, key, spec))
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=TenantOut)
    async def read_tenant(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a tenant; a deleted one stays readable."""
        return answer.one(await db.read(lambda tx: tenants.get(tx, principal, uuid)))

    @router.delete("/{uuid}", status_code=HTTPStatus.ACCEPTED, response_class=Response)
    async def delete_tenant(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Ask for the deletion of a tenant; unless somebody has to approve it, it begins."""
        await db.write(lambda tx: tenants.delete(tx, principal, uuid))

    return router


def tenant_parts(view: TenantView) -> JsonObject:
    """Return the metadata, the specification and the status of a tenant."""
    tenant = view.tenant
    zone: JsonObject = {"name": tenant.landing_zone, "kind": "meshLandingZone"}
    marked: JsonObject | None = None if tenant.marked_at is None else {"timestamp": wire_time(tenant.marked_at)}
    return {
        "metadata": {
            "uuid": str(tenant.id),
            "ownedByWorkspace": tenant.workspace,
            "ownedByProject": tenant.project,
            "createdOn": wire_time(tenant.created_at),
            "deletedOn": None if tenant.deleted_at is None else wire_time(tenant.deleted_at),
        },
        "spec": {
            "platformRef": {"uuid": str(tenant.platform_id), "kind": "meshPlatform"},
            "landingZoneRef": None if tenant.landing_zone is None else zone,
            "platformTenantId": tenant.platform_tenant_id,
        },
        "status": {
            "tenantName": tenant.name,
            "platformTypeIdentifier": tenant.platform_type,
            "platformWorkspaceId": None,
            "tags": {key: list(values) for key, values in view.tags.items()},
            "appliedQuotas": {key: {"value": value} for key, value in tenant.quotas.items()},
            "lifecycle": {"state": tenant.state.value, "markedForDeletion": marked},
        },
    }
