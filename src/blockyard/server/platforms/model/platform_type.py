"""What a platform type is. Source: api.md 3.8, appendix C, concepts.md 4."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.images import check_image, svg

PlatformTypeId = NewType("PlatformTypeId", UUID)

MAX_TYPE_NAME_LENGTH = 150
_NAME = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")


class Category(StrEnum):
    """What kind of thing the platforms of a type are."""

    OPENSTACK = "OPENSTACK"
    CLOUDFOUNDRY = "CLOUDFOUNDRY"
    SERVICEREGISTRY = "SERVICEREGISTRY"
    AWS = "AWS"
    OPENSHIFT = "OPENSHIFT"
    KUBERNETES = "KUBERNETES"
    AZURE = "AZURE"
    GCP = "GCP"
    AZURE_KUBERNETES_SERVICE = "AZURE_KUBERNETES_SERVICE"
    AZURE_RESOURCE_GROUP = "AZURE_RESOURCE_GROUP"
    CUSTOM = "CUSTOM"

    @property
    def type_name(self) -> str:
        """The name of the built-in type of this category: the public catalogue writes it so, with underscores."""
        return self.value


BUILT_IN_TYPES: Mapping[Category, str] = {
    Category.AWS: "Amazon Web Services",
    Category.AZURE: "Azure",
    Category.AZURE_RESOURCE_GROUP: "Azure Resource Group",
    Category.AZURE_KUBERNETES_SERVICE: "Azure Kubernetes Service",
    Category.GCP: "Google Cloud",
    Category.KUBERNETES: "Kubernetes",
    Category.OPENSHIFT: "OpenShift",
    Category.OPENSTACK: "OpenStack",
    Category.CLOUDFOUNDRY: "Cloud Foundry",
    Category.SERVICEREGISTRY: "Service Registry",
}
"""What every installation begins with, and what people call it."""


class Lifecycle(StrEnum):
    """Whether there may be new platforms of a type."""

    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTypeSpec:
    """What the owner of a platform type says about it."""

    display_name: str
    category: Category = Category.CUSTOM
    default_endpoint: str | None
    icon: str

    def check(self) -> None:
        """Raise Invalid if the icon is no image."""
        check_image(
            self.icon,
            what="the icon",
            code="BadIcon",
            too_large="IconTooLarge",
            field="/spec/icon",
            remedy="Send data:image/svg+xml;base64,… or another image of at most 100 KiB.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformType(PlatformTypeSpec):
    """A kind of platform: name, icon and grouping."""

    id: PlatformTypeId
    workspace: str
    name: str
    is_built_in: bool = False
    state: Lifecycle = Lifecycle.ACTIVE
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this platform type."""
        return self.name

    def in_state(self, state: Lifecycle) -> "PlatformType":
        """Return this type, open or closed for new platforms."""
        return self if self.state is state else replace(self, state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTypeFilter:
    """Which platform types a list shall show; None: any."""

    category: Category | None = None
    state: Lifecycle | None = None


def check_type_name(name: str) -> None:
    """Raise Invalid unless `name` may be the name of a platform type. Source: api.md 2.6."""
    if len(name) > MAX_TYPE_NAME_LENGTH or not _NAME.fullmatch(name):
        raise Invalid(
            f"the name of a platform type has up to {MAX_TYPE_NAME_LENGTH} upper-case letters, digits and single inner hyphens",
            code="InvalidName",
            field="/metadata/name",
            remedy="Choose another name.",
        )


def built_in_icon(category: Category) -> str:
    """Return the icon of a built-in type: its first letters in a frame."""
    letters = category.value.replace("AZURE_", "A")[:3]
    return svg(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect x="1" y="1" width="22" height="22" rx="4" '
        b'fill="none" stroke="#64748b" stroke-width="1.5"/><text x="12" y="15.5" font-family="sans-serif" font-size="9" '
        b'font-weight="600" text-anchor="middle" fill="#64748b">' + letters.encode() + b"</text></svg>"
    )
