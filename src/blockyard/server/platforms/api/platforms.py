"""The routes of platforms. Source: api.md 3.9."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field, JsonValue

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import LOCATION
from blockyard.protocol.kinds import PLATFORM as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.objects import Answers, NamedMetadata, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, Int64, Name, ShortText, Text, WireJson, WireModel
from blockyard.server.platforms.api.wire import Description, IdentifiedMetadata, identified_metadata
from blockyard.server.platforms.model import (
    Platform,
    PlatformFilter,
    PlatformId,
    PlatformSpec,
    PublicationState,
    QuotaDefinition,
    Restriction,
)
from blockyard.server.platforms.service import PlatformService

_MAX_ENTRIES = 500
_Workspaces = Annotated[list[Name], Field(max_length=_MAX_ENTRIES)]
_LongText = Annotated[Text, Field(max_length=1_000_000)]


class LocationRef(WireModel):
    """A reference to a location."""

    kind: Literal["meshLocation"] = "meshLocation"
    name: Name


class AvailabilityIn(WireModel):
    """Who may use the platform."""

    restriction: Annotated[Restriction, Field(strict=False)]
    publication_state: Annotated[PublicationState, Field(strict=False)]
    restricted_to_workspaces: _Workspaces | None = None


class QuotaDefinitionIn(WireModel):
    """What tenants may have how much of."""

    quota_key: Name
    label: ShortText
    description: Description
    unit: ShortText
    min_value: Int64
    max_value: Int64
    auto_approval_threshold: Int64


class PlatformSpecIn(WireModel):
    """What the owner of a platform says about it."""

    display_name: DisplayName
    description: Description
    endpoint: Annotated[Text, Field(max_length=2048)]
    support_url: ShortText | None = None
    documentation_url: ShortText | None = None
    access_information: _LongText | None = None
    location_ref: LocationRef
    contributing_workspaces: _Workspaces = Field(default_factory=list)
    availability: AvailabilityIn
    quota_definitions: Annotated[list[QuotaDefinitionIn], Field(max_length=_MAX_ENTRIES)] = Field(default_factory=list)
    config: Annotated[WireJson, Field(json_schema_extra={"type": "object"})]


class PlatformIn(ObjectIn[NamedMetadata, PlatformSpecIn]):
    """A platform as clients send it."""

    def model(self) -> PlatformSpec:
        """Return what is asked for, but for the configuration."""
        spec, availability = self.spec, self.spec.availability
        return PlatformSpec(
            display_name=spec.display_name,
            description=spec.description,
            endpoint=spec.endpoint,
            support_url=spec.support_url,
            documentation_url=spec.documentation_url,
            access_information=spec.access_information,
            location=spec.location_ref.name,
            contributing_workspaces=spec.contributing_workspaces,
            restriction=availability.restriction,
            publication_state=availability.publication_state,
            restricted_to_workspaces=availability.restricted_to_workspaces or [],
            quota_definitions=[quota.into(QuotaDefinition) for quota in spec.quota_definitions],
        )


class AvailabilityOut(AvailabilityIn):
    """Who may use the platform."""

    restricted_to_workspaces: list[str]


class PlatformSpecOut(PlatformSpecIn):
    """A platform as the API shows it; `config` is absent where you only may use it."""

    availability: AvailabilityOut
    config: dict[str, JsonValue] | None = None


class PlatformQuery(WireModel):
    """The filters of a list; a filter without a value filters nothing."""

    owned_by_workspace: ShortText | None = None
    identifier: ShortText | None = None
    location_identifier: ShortText | None = None
    display_name: ShortText | None = None
    restriction: Annotated[Restriction, Field(strict=False)] | None = None
    publication_state: Annotated[PublicationState, Field(strict=False)] | None = None
    contributing_workspace: ShortText | None = None
    platform_type_identifier: ShortText | None = None

    def model(self) -> PlatformFilter:
        """Return what is asked for."""
        return PlatformFilter(
            workspace=self.owned_by_workspace or None,
            name=self.identifier or None,
            location=self.location_identifier or None,
            display_name=self.display_name or None,
            restriction=self.restriction,
            publication_state=self.publication_state,
            type_name=self.platform_type_identifier or None,
            contributing_workspace=self.contributing_workspace or None,
        )


PlatformBody = Annotated[PlatformIn, Body(media_type=KIND.media)]
PlatformOut = object_schema(KIND, IdentifiedMetadata, PlatformSpecOut)


def platform_routes(db: Database, platforms: PlatformService, links: Links) -> APIRouter:
    """Return the routes of platforms."""
    router, answer = object_router(KIND, "Platforms"), Answers(KIND, links, _parts)

    @router.get("", response_model=list_schema(KIND, PlatformOut))
    async def list_platforms(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[PlatformQuery, Query()],
    ) -> Response:
        """Return the platforms you own, contribute to or may use, oldest first."""
        return answer.page(await db.read(lambda tx: platforms.page(tx, principal, filters.model(), page)), request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=PlatformOut)
    async def create_platform(body: PlatformBody, principal: CurrentPrincipal) -> Response:
        """Make a platform."""
        sent, spec, config = body.metadata, body.model(), body.spec.config
        made = await db.write(
            lambda tx: platforms.create(tx, principal, sent.owned_by_workspace, sent.name, spec=spec, config=config)
        )
        return answer.one(made, HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=PlatformOut)
    async def read_platform(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a platform."""
        return answer.one(await db.read(lambda tx: platforms.get(tx, principal, PlatformId(uuid))))

    @router.put("/{uuid}", response_model=PlatformOut)
    async def update_platform(uuid: UUID, body: PlatformBody, principal: CurrentPrincipal) -> Response:
        """Change a platform; a secret that is sent as its hash stays."""
        sent, spec, config = body.metadata, body.model(), body.spec.config
        changed = await db.write(
            lambda tx: platforms.update(
                tx,
                principal,
                PlatformId(uuid),
                workspace=sent.owned_by_workspace,
                sent_name=sent.name,
                spec=spec,
                config=config,
            )
        )
        return answer.one(changed)

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_platform(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete a platform that nothing stands on."""
        await db.write(lambda tx: platforms.delete(tx, principal, PlatformId(uuid)))

    return router


def _parts(platform: Platform) -> JsonObject:
    spec: JsonObject = {
        "displayName": platform.display_name,
        "description": platform.description,
        "endpoint": platform.endpoint,
        "supportUrl": platform.support_url,
        "documentationUrl": platform.documentation_url,
        "accessInformation": platform.access_information,
        "locationRef": {"name": platform.location, "kind": LOCATION.name},
        "contributingWorkspaces": list(platform.contributing_workspaces),
        "availability": {
            "restriction": platform.restriction.value,
            "publicationState": platform.publication_state.value,
            "restrictedToWorkspaces": list(platform.restricted_to_workspaces),
        },
        "quotaDefinitions": [quota.document() for quota in platform.quota_definitions],
    }
    return {
        "metadata": identified_metadata(platform),
        "spec": spec | ({"config": platform.config} if platform.config else {}),
    }
