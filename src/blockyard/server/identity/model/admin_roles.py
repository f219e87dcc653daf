"""What a person may do everywhere, by role. Source: concepts.md 2.3.

The table of the contract says what each role can do; `_CAPABILITIES` says which codes that takes. Where no code is as narrow as the
contract, the role gets what lets it look: who may restrict platforms, or decide requests for roles, sees these, and cannot change
what they could give themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model.codes import ADMIN
from blockyard.server.kit.errors import Conflict, Invalid


class AdminRole(StrEnum):
    """A set of rights on everything."""

    ORGANIZATION_ADMIN = "Organization Admin"
    ORGANIZATION_USER = "Organization User"
    PLATFORM_ENGINEER = "Platform Engineer"
    OPS_SUPPORT = "Ops Support"
    FINOPS_MANAGER = "FinOps Manager"
    ONBOARDING_SUPPORT = "Onboarding Support"
    COMPLIANCE_MANAGER = "Compliance Manager"
    REPLICATION_OPERATOR = "Replication Operator"
    AUDITOR = "Auditor"


@dataclass(frozen=True, slots=True)
class _Capability:
    """A row of the table: the codes it takes, without their prefix, and the columns that have it; Organization Admin has all."""

    codes: tuple[str, ...]
    roles: str


_LETTERS = {
    "U": AdminRole.ORGANIZATION_USER,
    "P": AdminRole.PLATFORM_ENGINEER,
    "O": AdminRole.OPS_SUPPORT,
    "F": AdminRole.FINOPS_MANAGER,
    "B": AdminRole.ONBOARDING_SUPPORT,
    "C": AdminRole.COMPLIANCE_MANAGER,
    "R": AdminRole.REPLICATION_OPERATOR,
    "A": AdminRole.AUDITOR,
}


def _all(*things: str) -> tuple[str, ...]:
    return tuple(f"{thing}_{verb}" for thing in things for verb in ("LIST", "SAVE", "DELETE"))


_CAPABILITIES: Mapping[str, _Capability] = {
    "see workspaces and projects": _Capability(("WORKSPACE_LIST", "PROJECT_LIST"), "UPOFBCR"),
    "edit projects": _Capability(("PROJECT_SAVE",), "UPFC"),
    "manage people of workspaces and projects": _Capability(
        _all("WORKSPACEPRINCIPALBINDING", "PROJECTPRINCIPALROLE"), "U"
    ),
    "see people of workspaces and their requests": _Capability(
        ("WORKSPACEPRINCIPALBINDING_LIST", "PROJECTPRINCIPALROLE_LIST", "WORKSPACEUSERGROUP_LIST"), "UOB"
    ),
    "manage payment methods": _Capability(_all("PAYMENTMETHOD"), "UF"),
    "see tag definitions": _Capability(("TAGDEFINITION_LIST",), "UC"),
    "manage tag definitions": _Capability(("TAGDEFINITION_SAVE", "TAGDEFINITION_DELETE"), "C"),
    "see platforms": _Capability(("PLATFORMINSTANCE_LIST",), "UPO"),
    "manage platforms": _Capability(("PLATFORMINSTANCE_SAVE", "PLATFORMINSTANCE_DELETE"), "U"),
    "manage landing zones": _Capability(_all("LANDINGZONE"), "UP"),
    "see tenants": _Capability(("TENANT_LIST", "SERVICEINSTANCE_LIST"), "UPOR"),
    "approve the deletion of tenants": _Capability(("TENANT_DELETE",), "UPOB"),
    "see users": _Capability(("USER_LIST",), "UB"),
    "manage users": _Capability(("USER_SAVE", "USER_DELETE"), "U"),
    "manage building blocks and definitions": _Capability(
        (
            "BUILDINGBLOCK_LIST",
            "BUILDINGBLOCK_SAVE",
            "BUILDINGBLOCKDEFINITION_LIST",
            "BUILDINGBLOCKDEFINITION_SAVE",
            "BUILDINGBLOCKRUN_LIST",
            "BUILDINGBLOCKRUN_SAVE",
            "BUILDINGBLOCKRUNNER_LIST",
            "INTEGRATION_LIST",
        ),
        "UPOR",
    ),
    "delete building blocks and definitions": _Capability(
        ("BUILDINGBLOCK_DELETE", "BUILDINGBLOCKDEFINITION_DELETE"), "UP"
    ),
    "delete projects": _Capability(("PROJECT_DELETE",), "UPOB"),
    "review publications": _Capability(("REVIEW_PUBLICATION",), "U"),
    "see the event log of everything": _Capability(("EVENTLOG_LIST",), "UA"),
}

ADMIN_ROLES: Mapping[AdminRole, frozenset[str]] = {
    AdminRole.ORGANIZATION_ADMIN: ADMIN,
    **{
        role: frozenset(f"ADM_{code}" for row in _CAPABILITIES.values() if letter in row.roles for code in row.codes)
        for letter, role in _LETTERS.items()
    },
}
"""The codes of each role."""


def codes_of_admin_roles(roles: Iterable[AdminRole]) -> frozenset[str]:
    """Return the codes that a person holds through `roles`."""
    return frozenset().union(*(ADMIN_ROLES[role] for role in roles))


class SubjectKind(StrEnum):
    """Who has an admin role."""

    USER = "user"
    GROUP = "group"


AdminBindingId = NewType("AdminBindingId", UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdminBinding:
    """Who shall get which admin role, until the end of which day."""

    role: AdminRole
    kind: SubjectKind
    subject: str
    expires_on: date | None = None

    def check(self, at: datetime) -> None:
        """Raise Invalid if the binding ended before it began."""
        if self.expires_on is not None and self.expires_on < at.date():
            raise Invalid(
                "the expiry date lies in the past",
                code="PastExpiryDate",
                field="/expiryDate",
                remedy="Choose a day from today on.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminBinding(NewAdminBinding):
    """A person or a group with an admin role; `ended_at` says when its last day was noticed to be over."""

    id: AdminBindingId
    created_at: datetime
    ended_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> AdminBindingId:
        """What addresses this binding."""
        return self.id

    @property
    def workspace(self) -> None:
        """Whose it is: nobody's, it reaches everything."""
        return

    @property
    def keeps_the_installation(self) -> bool:
        """Whether somebody can always do everything while this binding is there."""
        return self.role is AdminRole.ORGANIZATION_ADMIN and self.kind is SubjectKind.USER and self.expires_on is None

    def document(self) -> JsonObject:
        """Return what events say about this binding."""
        return {
            "role": self.role.value,
            "subject": self.subject,
            "subjectKind": self.kind.value,
            "expiryDate": self.expires_on.isoformat() if self.expires_on else None,
        }


def parse_admin_role(name: str) -> AdminRole:
    """Return the admin role of this name. Raises Invalid."""
    try:
        return AdminRole(name)
    except ValueError:
        known = ", ".join(f"'{role}'" for role in AdminRole)
        raise Invalid(
            f"there is no admin role '{name}'", code="UnknownRole", field="/role", remedy=f"Use one of {known}."
        ) from None


def last_administrator() -> Conflict:
    """Return the refusal to take away what keeps the installation."""
    return Conflict(
        "nobody would be Organization Admin any more",
        code="LastAdministrator",
        remedy="Make another person Organization Admin first, without an end.",
    )
