"""The routes of landing zones. Source: api.md 3.10."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, OWN, PLATFORM
from blockyard.protocol.kinds import LANDING_ZONE as KIND
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, page_request
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
from blockyard.server.kit.wire import DisplayName, Int64, Name, ShortText, Tags, Text, WireJson, WireModel, WireUuid
from blockyard.server.landing_zones.model import PROPERTIES_FIELD, LandingZone, LandingZoneFilter, LandingZoneSpec
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.platforms.model import PlatformId

_MAX_ENTRIES = 500


class LandingZoneMetadataIn(NamedMetadata):
    """The name, the workspace and the tags of a landing zone."""

    tags: Tags


class PlatformRef(WireModel):
    """A reference to a platform."""

    kind: Literal["meshPlatform"] = "meshPlatform"
    uuid: WireUuid


class DefinitionRef(WireModel):
    """A reference to a definition."""

    kind: Literal["meshBuildingBlockDefinition"] = "meshBuildingBlockDefinition"
    uuid: WireUuid


class QuotaIn(WireModel):
    """What tenants have of a quota unless they ask for another amount."""

    key: Name
    value: Int64


_Definitions = Annotated[list[DefinitionRef], Field(max_length=_MAX_ENTRIES)]


class LandingZoneSpecIn(WireModel):
    """What the owner of a landing zone says about it."""

    display_name: DisplayName
    description: Annotated[Text, Field(max_length=10_000)]
    automate_deletion_approval: bool = False
    automate_deletion_replication: bool = False
    restricted: bool | None = None
    info_link: ShortText | None = None
    platform_ref: PlatformRef
    platform_properties: Annotated[WireJson, Field(json_schema_extra={"type": "object"})]
    quotas: Annotated[list[QuotaIn], Field(max_length=_MAX_ENTRIES)] = Field(default_factory=list)
    mandatory_building_block_refs: _Definitions = Field(default_factory=list)
    recommended_building_block_refs: _Definitions = Field(default_factory=list)


class LandingZoneIn(ObjectIn[LandingZoneMetadataIn, LandingZoneSpecIn]):
    """A landing zone as clients send it."""

    @property
    def platform_id(self) -> PlatformId:
        """The platform it is for."""
        return PlatformId(self.spec.platform_ref.uuid)

    def model(self) -> LandingZoneSpec:
        """Return what is asked for. Raises Invalid."""
        spec, properties = self.spec, self.spec.platform_properties
        if not isinstance(properties, dict):
            raise Invalid(
                f"{PROPERTIES_FIELD} must be an object",
                code="WrongValue",
                field=PROPERTIES_FIELD,
                remedy="Correct this member.",
            )
        return LandingZoneSpec(
            display_name=spec.display_name,
            description=spec.description,
            tags=self.metadata.tags,
            automate_deletion_approval=spec.automate_deletion_approval,
            automate_deletion_replication=spec.automate_deletion_replication,
            restricted=spec.restricted or False,
            info_link=spec.info_link,
            platform_properties=properties,
            quotas=_quotas(spec.quotas),
            mandatory=[DefinitionId(ref.uuid) for ref in spec.mandatory_building_block_refs],
            recommended=[DefinitionId(ref.uuid) for ref in spec.recommended_building_block_refs],
        )


class LandingZoneMetadata(StoredNamedMetadata):
    """The name, the workspace, the dates and the tags of a landing zone."""

    tags: Tags


class LandingZoneStatus(WireModel):
    """Whether there may be new tenants, and of whom."""

    disabled: bool
    restricted: bool


class LandingZoneQuery(WireModel):
    """The filters of a list; a filter without a value filters nothing."""

    platform_uuid: WireUuid | None = None
    identifier: ShortText | None = None
    display_name: ShortText | None = None
    restricted: Annotated[bool, Field(strict=False)] | None = None
    owned_by_workspace: ShortText | None = None

    def model(self) -> LandingZoneFilter:
        """Return what is asked for."""
        return LandingZoneFilter(
            platform_id=None if self.platform_uuid is None else PlatformId(self.platform_uuid),
            name=self.identifier or None,
            display_name=self.display_name or None,
            restricted=self.restricted,
            workspace=self.owned_by_workspace or None,
        )


LandingZoneBody = Annotated[LandingZoneIn, Body(media_type=KIND.media)]
LandingZoneOut = object_schema(KIND, LandingZoneMetadata, LandingZoneSpecIn, LandingZoneStatus)


def landing_zone_routes(db: Database, zones: LandingZoneService, links: Links) -> APIRouter:
    """Return the routes of landing zones."""
    router, answer = object_router(KIND, "Landing zones"), Answers(KIND, links, _parts)
    switch = APIRouter(prefix=f"{OWN}/landingzones/{{name}}", tags=["Landing zones"])

    @router.get("", response_model=list_schema(KIND, LandingZoneOut))
    async def list_landing_zones(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[LandingZoneQuery, Query()],
    ) -> Response:
        """Return the landing zones you own or may use, oldest first."""
        return answer.page(await db.read(lambda tx: zones.page(tx, principal, filters.model(), page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=LandingZoneOut)
    async def create_landing_zone(body: LandingZoneBody, principal: CurrentPrincipal) -> Response:
        """Make a landing zone of a platform."""
        sent = body.metadata
        made = await db.write(
            lambda tx: zones.create(
                tx, principal, sent.owned_by_workspace, sent.name, platform_id=body.platform_id, spec=body.model()
            )
        )
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{name}", response_model=LandingZoneOut)
    async def read_landing_zone(name: str, principal: CurrentPrincipal) -> Response:
        """Return a landing zone."""
        return answer.one(await db.read(lambda tx: zones.get(tx, principal, name)))

    @router.put("/{name}", response_model=LandingZoneOut)
    async def update_landing_zone(name: str, body: LandingZoneBody, principal: CurrentPrincipal) -> Response:
        """Change a landing zone; without `restricted` that stays."""
        sent = body.metadata
        changed = await db.write(
            lambda tx: zones.update(
                tx,
                principal,
                name,
                workspace=sent.owned_by_workspace,
                sent_name=sent.name,
                platform_id=body.platform_id,
                spec=body.model(),
                restricted=body.spec.restricted,
            )
        )
        return answer.one(changed)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_landing_zone(name: str, principal: CurrentPrincipal) -> None:
        """Delete a landing zone that no tenant has."""
        await db.write(lambda tx: zones.delete(tx, principal, name))

    @switch.post("/enable", response_class=JSONResponse, response_model=LandingZoneOut)
    async def enable_landing_zone(name: str, principal: CurrentPrincipal) -> Response:
        """Let there be new tenants in a landing zone again."""
        zone = await db.write(lambda tx: zones.switch(tx, principal, name, off=False))
        return JSONResponse(answer.document(zone))

    @switch.post("/disable", response_class=JSONResponse, response_model=LandingZoneOut)
    async def disable_landing_zone(name: str, principal: CurrentPrincipal) -> Response:
        """Let there be no new tenants in a landing zone; those that are there stay."""
        zone = await db.write(lambda tx: zones.switch(tx, principal, name, off=True))
        return JSONResponse(answer.document(zone))

    return joined(router, switch)


def _quotas(sent: Sequence[QuotaIn]) -> dict[str, int]:
    quotas: dict[str, int] = {}
    for index, quota in enumerate(sent):
        if quota.key in quotas:
            raise Invalid(
                f"the quota '{quota.key}' is there twice",
                code="DuplicateQuota",
                field=f"/spec/quotas/{index}/key",
                remedy="Send each quota once.",
            )
        quotas[quota.key] = quota.value
    return quotas


def _parts(zone: LandingZone) -> JsonObject:
    quotas: Json = [{"key": key, "value": amount} for key, amount in zone.quotas.items()]
    return {
        "metadata": {**named_metadata(zone), "tags": {key: list(values) for key, values in zone.tags.items()}},
        "spec": {
            "displayName": zone.display_name,
            "description": zone.description,
            "automateDeletionApproval": zone.automate_deletion_approval,
            "automateDeletionReplication": zone.automate_deletion_replication,
            "restricted": zone.restricted,
            "infoLink": zone.info_link,
            "platformRef": PLATFORM.ref(zone.platform_id),
            "platformProperties": zone.platform_properties,
            "quotas": quotas,
            "mandatoryBuildingBlockRefs": [DEFINITION.ref(one) for one in zone.mandatory],
            "recommendedBuildingBlockRefs": [DEFINITION.ref(one) for one in zone.recommended],
        },
        "status": {"disabled": zone.is_disabled, "restricted": zone.restricted},
    }
