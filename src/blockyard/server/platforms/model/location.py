"""What a location is. Source: api.md 3.6, appendix C, concepts.md 4."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

LocationId = NewType("LocationId", UUID)

PUBLIC_LOCATIONS: Mapping[str, str] = {
    "global": "Global",
    "meshcloud-azure-dev": "Azure (development)",
    "aws-meshstack-dev": "AWS (development)",
    "gcp-meshstack-dev": "Google Cloud (development)",
    "eu-de-central": "Central Germany",
    "openshift": "OpenShift",
}
"""What every installation begins with: names, and what people call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSpec:
    """What the owner of a location says about it."""

    display_name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(LocationSpec):
    """A label that groups platforms; a public one may be named by platforms of every workspace."""

    id: LocationId
    workspace: str
    name: str
    is_public: bool = False
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this location."""
        return self.name
