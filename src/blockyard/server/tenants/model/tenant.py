"""A tenant, the way it comes to its end, and what may be asked of one. Source: concepts.md 3, api.md 3.11."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.events.model import Author
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.platforms.model import PlatformId
from blockyard.server.projects.model import ProjectId, ProjectKey

TenantId = NewType("TenantId", UUID)

PLATFORM_TENANT_ID_FIELD = "/spec/platformTenantId"

MAX_COMMENT_LENGTH = 255
"""Of the reason why a deletion is declined. Source: concepts.md 3."""

MAX_PLATFORM_TENANT_ID_LENGTH = 255


class TenantState(StrEnum):
    """Whether a tenant lives."""

    ACTIVE = "ACTIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"


class Replication(StrEnum):
    """Whether the platform has what the tenant asks for."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSpec:
    """What is asked for.

    Attributes:
        landing_zone: None lets the only usable one be taken.
        platform_tenant_id: imports what is there.
        block_inputs: values of inputs of the building blocks that come with the landing zone, by definition and key.
    """

    platform_id: PlatformId
    landing_zone: str | None = None
    platform_tenant_id: str | None = None
    requested_quotas: Mapping[str, int] = field(default_factory=dict)
    block_inputs: Mapping[DefinitionId, Mapping[str, Json]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuery:
    """Which tenants people look for; None means any.

    Attributes:
        search: a part of the name of its project or platform, or of its id there.
        awaits_approval: only those whose deletion waits for who offers the platform.
        workspaces: only tenants of these workspaces, by what the principal may see; None for all there are.
        only_projects: of these workspaces, only tenants of these projects.
        providers, zone_owners: and those of platforms and landing zones of these.
    """

    search: str | None = None
    workspace: str | None = None
    project: str | None = None
    platform: str | None = None
    awaits_approval: bool = False
    workspaces: frozenset[str] | None = None
    only_projects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    providers: frozenset[str] = frozenset()
    zone_owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What a project has on a platform.

    Attributes:
        platform: the identifier of the platform: `<name>.<location>`.
        provider: the workspace that owns the platform; `landing_zone_owner` the one that owns the landing zone.
        platform_tenant_id: what the platform calls it; None until a building block, or whoever imports it, says so.
        quotas: those of the landing zone, overlaid by requested ones.
        sign_in_url: where people sign in, if a building block on it says so.
        approved_at: when its deletion was approved: from then on nothing stops it.
        by_hand: whether somebody has to confirm that it is gone from the platform, as no building block destroys it.
        decline_comment: why its last deletion was declined.
    """

    id: TenantId
    workspace: str
    project: str
    project_id: ProjectId
    platform_id: PlatformId
    platform: str
    platform_type: str
    provider: str
    landing_zone: str | None
    landing_zone_owner: str | None
    author: Author
    created_at: datetime
    platform_tenant_id: str | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    sign_in_url: str | None = None
    marked_at: datetime | None = None
    marked_by: str | None = None
    approved_at: datetime | None = None
    by_hand: bool = False
    decline_comment: str | None = None
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> TenantId:
        """What addresses this tenant."""
        return self.id

    @property
    def name(self) -> str:
        """What people and older clients call it."""
        return f"{self.workspace}.{self.project}.{self.platform}"

    @property
    def project_key(self) -> ProjectKey:
        """The address of its project."""
        return ProjectKey(self.workspace, self.project)

    @property
    def state(self) -> TenantState:
        """Whether it lives."""
        if self.deleted_at is not None:
            return TenantState.DELETED
        return TenantState.ACTIVE if self.marked_at is None else TenantState.MARKED_FOR_DELETION

    @property
    def is_active(self) -> bool:
        """Whether it is neither deleted nor about to be."""
        return self.state is TenantState.ACTIVE

    @property
    def awaits_approval(self) -> bool:
        """Whether its deletion waits for who offers the platform."""
        return self.state is TenantState.MARKED_FOR_DELETION and self.approved_at is None

    @property
    def is_leaving(self) -> bool:
        """Whether its deletion is approved and under way."""
        return self.approved_at is not None and self.deleted_at is None

    @property
    def status_in_words(self) -> str:
        """How it is, as people read it. Source: concepts.md 3."""
        if self.deleted_at is not None:
            return "Deleted"
        if self.is_leaving:
            return "Pending deletion"
        return "Requires approval" if self.marked_at is not None else "Active"

    def require_active(self, field_: str) -> None:
        """Raise Conflict unless it is neither deleted nor about to be."""
        if not self.is_active:
            word = "deleted" if self.deleted_at is not None else "being deleted"
            raise Conflict(
                f"tenant '{self.name}' is {word}",
                code="TenantNotActive",
                field=field_,
                remedy="Use another tenant, or have its deletion declined.",
            )

    def marked(self, author: Author, at: datetime) -> "Tenant":
        """Return this tenant with its deletion requested."""
        return replace(self, marked_at=at, marked_by=author.identifier, decline_comment=None)

    def approved(self, at: datetime, *, by_hand: bool) -> "Tenant":
        """Return this tenant with its deletion approved."""
        return replace(self, approved_at=at, by_hand=by_hand)

    def declined(self, comment: str) -> "Tenant":
        """Return this tenant as it was before its deletion was requested."""
        return replace(self, marked_at=None, marked_by=None, decline_comment=comment)

    def deleted(self, at: datetime) -> "Tenant":
        """Return this tenant as gone; the id on the platform stays for those who look it up."""
        return replace(self, marked_at=self.marked_at or at, sign_in_url=None, by_hand=False, deleted_at=at)

    def document(self) -> JsonObject:
        """Return what events say about this tenant."""
        return {
            "tenantName": self.name,
            "platform": self.platform,
            "landingZone": self.landing_zone,
            "platformTenantId": self.platform_tenant_id,
            "quotas": dict(self.quotas),
            "lifecycle": self.state.value,
        }


def check_platform_tenant_id(text: str, *, field_: str | None = None) -> None:
    """Refuse what no platform calls a tenant. Raises Invalid. Source: concepts.md 7."""
    if text and text.isprintable() and " " not in text and len(text) <= MAX_PLATFORM_TENANT_ID_LENGTH:
        return
    raise Invalid(
        f"the id of a tenant has 1 to {MAX_PLATFORM_TENANT_ID_LENGTH} printable characters and no blanks",
        code="BadPlatformTenantId",
        field=field_,
        remedy="Give the id that the platform shows.",
    )


def merged_tags(*by_weight: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return the tags of a tenant: of each key the values of the first that has it. Source: concepts.md 3."""
    merged: dict[str, Sequence[str]] = {}
    for tags in by_weight:
        merged = {**tags, **merged}
    return merged
