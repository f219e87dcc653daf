"""Routes of definitions. Source: api.md 3.16."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION as KIND
from blockyard.protocol.kinds import DEFINITION_V1 as KIND_V1
from blockyard.server.definitions.api.defects import DefectOut, defect_member
from blockyard.server.definitions.model import (
    Definition,
    DefinitionFilter,
    DefinitionId,
    DefinitionSpec,
    DefinitionView,
    TargetType,
    VersionState,
    VersionSummary,
)
from blockyard.server.definitions.model.policies import (
    NO_RULES,
    ApprovalPolicies,
    ApprovalRules,
    Schedule,
    ScheduleFrequency,
    ScheduleMode,
    TimeoutResult,
)
from blockyard.server.definitions.model.rules import DEFAULT_SYMBOL
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import page_request
from blockyard.server.kit.images import MAX_IMAGE_CHARACTERS
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.wire import DisplayName, ExactWireModel, Name, ShortText, Tags, Text, WireModel
from blockyard.server.publications.model import PublicationState
from blockyard.server.runners.api.identities import CloudOut
from blockyard.server.runners.model import RunnerIdentity
from blockyard.server.runners.wire import clouds_of

MAX_README_CHARACTERS = 1_000_000
MAX_NAME_CHARACTERS = 128

_MAX_ENTRIES = 500
MAX_APPROVALS = 10
MAX_HOURS = 24 * 90


class PlatformType(WireModel):
    """A reference to a platform type."""

    kind: Literal["meshPlatformType"] = "meshPlatformType"
    name: Name


class ApprovalPoliciesWire(WireModel):
    """Which runs wait for an approval; other than false only with the implementation terraform."""

    version_upgrade: bool = False
    user_input_changes: bool = False
    manual_triggers: bool = False
    building_block_creation: bool = False
    any_input_changes: bool = False


class ApprovalRulesWire(ExactWireModel):
    """What an approval takes. A client that leaves it out keeps what is there; an empty object asks for nothing special."""

    by_blast: bool = False
    approvals: Annotated[int, Field(ge=1, le=MAX_APPROVALS)] = 1
    destructive_approvals: Annotated[int, Field(ge=1, le=MAX_APPROVALS)] = 2
    four_eyes: bool = False
    precious: Annotated[list[Annotated[Text, Field(min_length=1, max_length=255)]], Field(max_length=100)] = Field(
        default_factory=list
    )
    timeout_hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] = 168
    timeout_result: Annotated[TimeoutResult, Field(strict=False)] = TimeoutResult.DECLINE
    plan_age_hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] | None = None
    reminder_hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] | None = None
    deputy_group: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    deputy_hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] | None = None

    def rules(self) -> ApprovalRules:
        """Return them as the model has them."""
        return ApprovalRules(
            by_blast=self.by_blast,
            approvals=self.approvals,
            destructive_approvals=self.destructive_approvals,
            four_eyes=self.four_eyes,
            precious=tuple(dict.fromkeys(self.precious)),
            timeout_hours=self.timeout_hours,
            timeout_result=self.timeout_result,
            plan_age_hours=self.plan_age_hours,
            reminder_hours=self.reminder_hours,
            deputy_group=self.deputy_group,
            deputy_hours=self.deputy_hours,
        )


class ScheduleWire(WireModel):
    """What is done regularly; `frequency` is NONE with `mode` DISABLED and only then."""

    mode: Annotated[ScheduleMode, Field(strict=False)] = ScheduleMode.DISABLED
    frequency: Annotated[ScheduleFrequency, Field(strict=False)] = ScheduleFrequency.NONE
    automatic_approval: bool = False


class DefinitionMetadataIn(WireModel):
    """Whose definition it is, and its tags."""

    owned_by_workspace: Name
    tags: Tags


class DefinitionSpecIn(WireModel):
    """A definition as its owner describes it."""

    display_name: Annotated[DisplayName, Field(max_length=MAX_NAME_CHARACTERS)]
    target_type: Annotated[TargetType, Field(strict=False)] = TargetType.WORKSPACE_LEVEL
    description: ShortText
    readme: Annotated[Text, Field(max_length=MAX_README_CHARACTERS)] | None = None
    run_transparency: bool = False
    use_in_landing_zones_only: bool = False
    support_url: ShortText | None = None
    documentation_url: ShortText | None = None
    notification_subscriber_usernames: Annotated[list[ShortText], Field(max_length=_MAX_ENTRIES)] | None = None
    symbol: Annotated[Text, Field(max_length=MAX_IMAGE_CHARACTERS)] | None = None
    supported_platforms: Annotated[list[PlatformType], Field(max_length=_MAX_ENTRIES)] | None = None
    display_name_template: ShortText | None = None
    approval_policies: ApprovalPoliciesWire | None = None
    approval_rules: ApprovalRulesWire | None = None
    schedule: ScheduleWire | None = None


class DefinitionIn(ObjectIn[DefinitionMetadataIn, DefinitionSpecIn]):
    """The body of POST and PUT."""

    def model(self) -> DefinitionSpec:
        """Return what is asked for."""
        spec, platforms = self.spec, self.spec.supported_platforms
        return DefinitionSpec(
            display_name=spec.display_name,
            description=spec.description,
            target_type=spec.target_type,
            readme=spec.readme,
            run_transparency=spec.run_transparency,
            use_in_landing_zones_only=spec.use_in_landing_zones_only,
            support_url=spec.support_url,
            documentation_url=spec.documentation_url,
            notification_subscribers=tuple(spec.notification_subscriber_usernames or ()),
            symbol=spec.symbol or DEFAULT_SYMBOL,
            supported_platforms=None if platforms is None else tuple(platform.name for platform in platforms),
            display_name_template=spec.display_name_template,
            approval_policies=(spec.approval_policies or ApprovalPoliciesWire()).into(ApprovalPolicies),
            schedule=(spec.schedule or ScheduleWire()).into(Schedule),
            approval_rules=None if spec.approval_rules is None else spec.approval_rules.rules(),
            tags=self.metadata.tags,
        )


class DefinitionMetadata(DefinitionMetadataIn):
    """What the server adds."""

    uuid: UUID


class IdentityOut(WireModel):
    """Who a version's runs are to clouds; left out where they have no identity."""

    issuer: str
    subject: str
    gcp: CloudOut | None = None
    aws: CloudOut | None = None
    azure: CloudOut | None = None
    other_subjects: Annotated[
        list[str],
        Field(description="Left out where there are none: subjects that count besides. A member of Blockyard."),
    ] = Field(default_factory=list)


class VersionSummaryOut(WireModel):
    """A version in short."""

    version_uuid: UUID
    version_number: int
    state: VersionState
    workload_identity_federation: IdentityOut | None = None
    defect: Annotated[DefectOut | None, Field(description="Left out where there is none. A member of Blockyard.")] = (
        None
    )


class DefinitionStatus(WireModel):
    """Versions you may see; `usageCount` is null for definitions of others, as `redactedForNonOwnerAccess` says."""

    usage_count: int | None
    versions: list[VersionSummaryOut]
    redacted_for_non_owner_access: bool
    latest_version: int
    latest_version_uuid: UUID
    latest_released_version: int | None
    latest_released_version_uuid: UUID | None
    publication_state: Annotated[PublicationState, Field(description="A member of Blockyard.")]


class DefinitionQuery(WireModel):
    """The filters of a list; a filter without a value filters nothing."""

    owned_by_workspace: ShortText | None = None
    include_all_published: Annotated[bool, Field(strict=False)] = False

    def model(self) -> DefinitionFilter:
        """Return what is asked for."""
        return DefinitionFilter(workspace=self.owned_by_workspace or None, include_published=self.include_all_published)


DefinitionBody = Annotated[DefinitionIn, Body(media_type=KIND.media)]
DefinitionOut = object_schema(KIND, DefinitionMetadata, DefinitionSpecIn, DefinitionStatus, others=[KIND_V1])


def definition_routes(db: Database, definitions: DefinitionService, links: Links) -> APIRouter:
    """Return the routes of definitions."""
    router, answer = object_router(KIND, "Definitions", KIND_V1), Answers(KIND, links, _parts, KIND_V1)

    @router.get("", response_model=list_schema(KIND, DefinitionOut))
    async def list_definitions(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[DefinitionQuery, Query()],
    ) -> Response:
        """Return your definitions; with `includeAllPublished` also those that others publish for you."""
        found = await db.read(lambda tx: definitions.page(tx, principal, filters.model(), page))
        return answer.page(found, request)

    @router.post("", status_code=HTTPStatus.CREATED, response_model=DefinitionOut)
    async def create_definition(body: DefinitionBody, principal: CurrentPrincipal) -> Response:
        """Make a definition with an empty draft as its version 1."""
        workspace = body.metadata.owned_by_workspace
        view = await db.write(lambda tx: definitions.create(tx, principal, workspace, body.model()))
        return answer.one(view, HTTPStatus.CREATED)

    @router.get("/{uuid}", response_model=DefinitionOut)
    async def get_definition(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a definition."""
        return answer.one(await db.read(lambda tx: definitions.get(tx, principal, DefinitionId(uuid))))

    @router.put("/{uuid}", response_model=DefinitionOut)
    async def update_definition(uuid: UUID, body: DefinitionBody, principal: CurrentPrincipal) -> Response:
        """Change a definition; its versions stay."""
        workspace = body.metadata.owned_by_workspace
        view = await db.write(lambda tx: definitions.update(tx, principal, DefinitionId(uuid), workspace, body.model()))
        return answer.one(view)

    @router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_definition(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete a definition without blocks, with its versions and what is left of its deleted blocks."""
        await db.write(lambda tx: definitions.delete(tx, principal, DefinitionId(uuid)))

    return router


def _parts(view: DefinitionView) -> JsonObject:
    definition, latest, released = view.definition, view.latest, view.latest_released
    platforms = definition.supported_platforms
    tags: JsonObject = {key: list(values) for key, values in definition.tags.items()}
    shown_platforms: Json = (
        None if platforms is None else [{"kind": "meshPlatformType", "name": name} for name in platforms]
    )
    return {
        "metadata": {"uuid": str(definition.id), "ownedByWorkspace": definition.workspace, "tags": tags},
        "spec": {
            "displayName": definition.display_name,
            "targetType": definition.target_type.value,
            "description": definition.description,
            "readme": definition.readme,
            "runTransparency": definition.run_transparency,
            "useInLandingZonesOnly": definition.use_in_landing_zones_only,
            "supportUrl": definition.support_url,
            "documentationUrl": definition.documentation_url,
            "notificationSubscriberUsernames": list(definition.notification_subscribers),
            "symbol": definition.symbol,
            "supportedPlatforms": shown_platforms,
            "displayNameTemplate": definition.display_name_template,
            "approvalPolicies": wire_members(definition.approval_policies, ApprovalPolicies),
            "schedule": wire_members(definition.schedule, Schedule),
            **_rules(definition.approval_rules),
        },
        "status": {
            "usageCount": view.usage_count,
            "versions": [_summary(definition, item) for item in view.versions],
            "redactedForNonOwnerAccess": view.is_redacted,
            "latestVersion": latest.number,
            "latestVersionUuid": str(latest.id),
            "latestReleasedVersion": None if released is None else released.number,
            "latestReleasedVersionUuid": None if released is None else str(released.id),
            "publicationState": definition.publication.state.value,
        },
    }


def _summary(definition: Definition, version: VersionSummary) -> JsonObject:
    shown: JsonObject = {
        "versionUuid": str(version.id),
        "versionNumber": version.number,
        "state": version.state.value,
    }
    return shown | _identity(definition, version.identity) | defect_member(version.defect)


def _identity(definition: Definition, identity: RunnerIdentity | None) -> JsonObject:
    """Return the member with the workload identity of a version, its subject resolved; nothing where there is none."""
    if identity is None:
        return {}
    subject = identity.subject_of(definition.workspace, definition.id)
    federation, others = identity.federation, identity.other_subjects(definition.workspace, definition.id)
    found: JsonObject = {"issuer": federation.issuer, "subject": subject, **clouds_of(federation)}
    return {"workloadIdentityFederation": found | ({"otherSubjects": [*others]} if others else {})}


def _rules(rules: ApprovalRules | None) -> JsonObject:
    """Return the member of ours, which is left out while nothing special is asked for: clients of the contract do not know it."""
    return {} if rules is None or rules == NO_RULES else {"approvalRules": wire_members(rules, ApprovalRules)}
