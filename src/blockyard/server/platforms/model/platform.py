"""What a platform is, who may use it, and its rules. Source: api.md 3.9, concepts.md 4."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.members import wire_members
from blockyard.server.platforms.model.configs import ConfigType
from blockyard.server.platforms.model.publication import PublicationState

PlatformId = NewType("PlatformId", UUID)

STATE_FIELD = "/spec/availability/publicationState"
RESTRICTED_FIELD = "/spec/availability/restrictedToWorkspaces"
CONTRIBUTING_FIELD = "/spec/contributingWorkspaces"


class Restriction(StrEnum):
    """Which workspaces may use a published platform; its owner always may."""

    PUBLIC = "PUBLIC"
    RESTRICTED = "RESTRICTED"
    PRIVATE = "PRIVATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaDefinition:
    """What tenants of a platform may have how much of; up to the threshold nobody is asked (0: always)."""

    quota_key: str
    label: str
    description: str
    unit: str
    min_value: int
    max_value: int
    auto_approval_threshold: int

    def document(self) -> JsonObject:
        """Return it as the wire spells it."""
        return wire_members(self, QuotaDefinition)


def quota_definitions(stored: Json) -> Sequence[QuotaDefinition]:
    """Return what documents stand for."""
    found = stored if isinstance(stored, list) else []
    return [_quota_definition(one) for one in found if isinstance(one, dict)]


def _quota_definition(one: JsonObject) -> QuotaDefinition:
    def number(name: str) -> int:
        return int(str(one[name]))

    return QuotaDefinition(
        quota_key=str(one["quotaKey"]),
        label=str(one["label"]),
        description=str(one["description"]),
        unit=str(one["unit"]),
        min_value=number("minValue"),
        max_value=number("maxValue"),
        auto_approval_threshold=number("autoApprovalThreshold"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSpec:
    """What the owner of a platform says about it, but for its configuration; `location` is the name of one."""

    display_name: str
    description: str
    endpoint: str
    support_url: str | None
    documentation_url: str | None
    access_information: str | None
    location: str
    contributing_workspaces: Sequence[str]
    restriction: Restriction
    publication_state: PublicationState
    restricted_to_workspaces: Sequence[str]
    quota_definitions: Sequence[QuotaDefinition]

    def check(self, owner: str) -> None:
        """Raise Invalid if this breaks a rule of platforms of the workspace `owner`."""
        links = {
            "endpoint": self.endpoint,
            "supportUrl": self.support_url,
            "documentationUrl": self.documentation_url,
        }
        for member, address in links.items():
            if address and not _is_address(address):
                raise Invalid(
                    f"'{member}' is not an address",
                    code="BadUrl",
                    field=f"/spec/{member}",
                    remedy="Send an address such as https://console.example.org.",
                )
        self._check_restriction(owner)
        self._check_quotas()

    def _check_restriction(self, owner: str) -> None:
        named = set(self.restricted_to_workspaces)
        wrong = {
            Restriction.PUBLIC: bool(named) and "a PUBLIC platform is restricted to no workspaces",
            Restriction.PRIVATE: not named <= {owner} and f"a PRIVATE platform is for its owner '{owner}' alone",
            Restriction.RESTRICTED: not named and "a RESTRICTED platform names the workspaces that may use it",
        }[self.restriction]
        if wrong:
            raise Invalid(
                wrong,
                code="WrongRestriction",
                field=RESTRICTED_FIELD,
                remedy="Name workspaces with the restriction RESTRICTED, and only with it.",
            )

    def _check_quotas(self) -> None:
        seen: set[str] = set()
        for index, quota in enumerate(self.quota_definitions):
            at = f"/spec/quotaDefinitions/{index}"
            if quota.quota_key in seen:
                raise Invalid(
                    f"the quota '{quota.quota_key}' is defined twice",
                    code="DuplicateQuota",
                    field=f"{at}/quotaKey",
                    remedy="Give each quota a key of its own.",
                )
            if quota.min_value > quota.max_value:
                raise Invalid(
                    f"the smallest value of the quota '{quota.quota_key}' is larger than the largest one",
                    code="EmptyRange",
                    field=f"{at}/minValue",
                    remedy="Send a minValue that is not larger than maxValue.",
                )
            seen.add(quota.quota_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(PlatformSpec):
    """One installation of a platform type that hands out tenants.

    Attributes:
        config: the configuration as it was sent, with the hashes of its secrets where these were.
        secrets: the plaintexts, encrypted with the master key; None if there are none.
        type_name: the name of its platform type.
    """

    id: PlatformId
    workspace: str
    name: str
    config: JsonObject
    config_type: ConfigType
    type_name: str
    secrets: bytes | None = field(default=None, repr=False)
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> PlatformId:
        """What addresses this platform."""
        return self.id

    @property
    def identifier(self) -> str:
        """What tenants and filters call it: its name and that of its location."""
        return f"{self.name}.{self.location}"

    @property
    def is_published(self) -> bool:
        """Whether others may see it, as far as it is not restricted."""
        return self.publication_state is PublicationState.PUBLISHED

    def serves(self, workspace: str) -> bool:
        """Whether a workspace may have tenants here."""
        if workspace == self.workspace:
            return True
        return self.is_published and (
            self.restriction is Restriction.PUBLIC
            or (self.restriction is Restriction.RESTRICTED and workspace in self.restricted_to_workspaces)
        )

    def takes_contributions_of(self, workspace: str) -> bool:
        """Whether a workspace may have landing zones here."""
        return workspace == self.workspace or workspace in self.contributing_workspaces

    @property
    def is_open(self) -> bool:
        """Whether every workspace may know of it."""
        return self.is_published and self.restriction is Restriction.PUBLIC

    def shown_to(self, workspaces: Collection[str]) -> bool:
        """Whether one of these workspaces may know of it."""
        return any(self.serves(one) or self.takes_contributions_of(one) for one in workspaces)

    def without_workspace(self, workspace: str) -> "Platform":
        """Return it with the name of a workspace that is gone nowhere; without anybody left, it is its owner's alone."""
        served = [name for name in self.restricted_to_workspaces if name != workspace]
        is_nobodys = self.restriction is Restriction.RESTRICTED and not served
        return replace(
            self,
            contributing_workspaces=tuple(name for name in self.contributing_workspaces if name != workspace),
            restricted_to_workspaces=tuple(served),
            restriction=Restriction.PRIVATE if is_nobodys else self.restriction,
        )

    def without_config(self) -> "Platform":
        """Return it without what others may not see."""
        return replace(self, config={}, secrets=None)

    def quota(self, key: str) -> QuotaDefinition | None:
        """Return the definition of a quota; None if there is none."""
        return next((quota for quota in self.quota_definitions if quota.quota_key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFilter:
    """Which platforms a list shall show; None: any."""

    workspace: str | None = None
    name: str | None = None
    location: str | None = None
    display_name: str | None = None
    restriction: Restriction | None = None
    publication_state: PublicationState | None = None
    type_name: str | None = None
    contributing_workspace: str | None = None


def _is_address(text: str) -> bool:
    address = addresses.split(text)
    if address is None or any(letter.isspace() or letter in "\"'<>\\" for letter in text):
        return False
    return address.scheme == "mailto" or (address.scheme not in {"", "javascript", "data"} and address.has_host)
