"""What a landing zone is, and its rules. Source: api.md 3.10, concepts.md 4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.kit.errors import Invalid
from blockyard.server.platforms.model import (
    ROLE,
    Choice,
    ConfigType,
    Each,
    Leaf,
    Members,
    Platform,
    PlatformId,
    Reading,
)

LandingZoneId = NewType("LandingZoneId", UUID)

PROPERTIES_FIELD = "/spec/platformProperties"
MANDATORY_FIELD = "/spec/mandatoryBuildingBlockRefs"
RECOMMENDED_FIELD = "/spec/recommendedBuildingBlockRefs"

_TEXT = Leaf.TEXT
_PLATFORM_ROLES = Each(Members({"projectRoleRef": ROLE, "platformRoles": Each(_TEXT)}))
_KUBERNETES = Members({"kubernetesRoleMappings?": _PLATFORM_ROLES})
_AZURE_ROLE = Members({"azureRoleDefinitionId": _TEXT, "abacCondition?": _TEXT})
_PROPERTIES = Choice(
    {
        ConfigType.CUSTOM: Members({}),
        ConfigType.OPENSHIFT: Members({}),
        ConfigType.AWS: Members(
            {
                "awsTargetOrgUnitId": _TEXT,
                "awsEnrollAccount": Leaf.FLAG,
                "awsLambdaArn?": _TEXT,
                "awsRoleMappings?": Each(
                    Members({"projectRoleRef": ROLE, "platformRole": _TEXT, "policies": Each(_TEXT)})
                ),
            }
        ),
        ConfigType.AKS: _KUBERNETES,
        ConfigType.KUBERNETES: _KUBERNETES,
        ConfigType.AZURE: Members(
            {
                "azureManagementGroupId": _TEXT,
                "azureRoleMappings?": Each(
                    Members(
                        {
                            "projectRoleRef": ROLE,
                            "azureGroupSuffix": _TEXT,
                            "azureRoleDefinitions": Each(_AZURE_ROLE),
                        }
                    )
                ),
            }
        ),
        ConfigType.AZURERG: Members(
            {
                "azureRgLocation": _TEXT,
                "azureRgRoleMappings?": Each(
                    Members({"projectRoleRef": ROLE, "azureGroupSuffix": _TEXT, "azureRoleDefinitionIds": Each(_TEXT)})
                ),
                "azureFunction?": Members({"azureFunctionUrl": _TEXT, "azureFunctionScope": _TEXT}),
            }
        ),
        ConfigType.GCP: Members(
            {"gcpCloudFunctionUrl?": _TEXT, "gcpFolderId?": _TEXT, "gcpRoleMappings?": _PLATFORM_ROLES}
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingZoneSpec:
    """What the owner of a landing zone says about it.

    Attributes:
        platform_properties: as they were sent, all members.
        quotas: what tenants have of a quota unless they ask for another amount, by the key of the quota.
    """

    display_name: str
    description: str
    tags: Mapping[str, Sequence[str]]
    automate_deletion_approval: bool
    automate_deletion_replication: bool
    restricted: bool
    info_link: str | None
    platform_properties: JsonObject
    quotas: Mapping[str, int]
    mandatory: Sequence[DefinitionId]
    recommended: Sequence[DefinitionId]

    @property
    def definitions(self) -> Mapping[str, Sequence[DefinitionId]]:
        """The definitions that are named, by the field that names them."""
        return {MANDATORY_FIELD: self.mandatory, RECOMMENDED_FIELD: self.recommended}

    def check(self, platform: Platform, before: "LandingZoneSpec | None" = None) -> None:
        """Raise Invalid unless this fits a platform; quotas that were there before may stay."""
        _check_properties(self.platform_properties, platform.config_type)
        known = {} if before is None else before.quotas
        for index, (key, amount) in enumerate(self.quotas.items()):
            if known.get(key) != amount:
                _check_quota(platform, key, amount, f"/spec/quotas/{index}")
        for field, named in self.definitions.items():
            if len(set(named)) < len(named):
                raise Invalid(
                    "a definition is named twice", code="Duplicate", field=field, remedy="Name each definition once."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingZone(LandingZoneSpec):
    """A prepared configuration for new tenants of a platform.

    Attributes:
        platform_is_open: whether every workspace may know of its platform; kept here so that lists need not look there.
    """

    id: LandingZoneId
    workspace: str
    name: str
    platform_id: PlatformId
    is_disabled: bool = False
    platform_is_open: bool = False
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this landing zone."""
        return self.name

    def switched(self, *, off: bool) -> "LandingZone":
        """Return it with or without new tenants."""
        return self if self.is_disabled is off else replace(self, is_disabled=off)

    def without(self, definition_id: DefinitionId) -> "LandingZone":
        """Return it without a definition that is gone."""
        return replace(
            self,
            mandatory=[one for one in self.mandatory if one != definition_id],
            recommended=[one for one in self.recommended if one != definition_id],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingZoneFilter:
    """Which landing zones a list shall show; None: any."""

    platform_id: PlatformId | None = None
    name: str | None = None
    display_name: str | None = None
    restricted: bool | None = None
    workspace: str | None = None


def _check_properties(properties: Json, type_: ConfigType) -> None:
    reading = Reading()
    reading.read(_PROPERTIES, properties, PROPERTIES_FIELD)
    if isinstance(properties, dict) and properties["type"] != type_.value:
        raise Invalid(
            f"the platform has the type '{type_}'",
            code="WrongPlatformType",
            field=f"{PROPERTIES_FIELD}/type",
            remedy=f"Send the member '{type_}' and the type '{type_}'.",
        )
    for at in reading.secrets:
        raise Invalid(
            "a landing zone has no secrets",
            code="UnexpectedSecret",
            field=at,
            remedy="Put the secret into the configuration of the platform.",
        )


def _check_quota(platform: Platform, key: str, amount: int, at: str) -> None:
    quota = platform.quota(key)
    if quota is None:
        raise Invalid(
            f"platform '{platform.identifier}' defines no quota '{key}'",
            code="UnknownQuota",
            field=f"{at}/key",
            remedy="Name a quota that the platform defines.",
        )
    if not quota.min_value <= amount <= quota.max_value:
        raise Invalid(
            f"Quota '{key}': {amount} is out of range [{quota.min_value}, {quota.max_value}]",
            code="QuotaOutOfRange",
            field=f"{at}/value",
            remedy="Send a value in this range.",
        )
