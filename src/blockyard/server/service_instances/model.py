"""What a service instance is. Source: api.md 3.15."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from blockyard.protocol.jsontypes import Json
from blockyard.server.projects.model import ProjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """What a broker says about an instance."""

    creator: str
    display_name: str
    plan_id: str
    service_id: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInstance(ServiceSpec):
    """An instance of a service in a project; its id is the broker's."""

    instance_id: str
    workspace: str
    project: str
    marketplace: str
    created_at: datetime
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this instance."""
        return self.instance_id

    @property
    def owner(self) -> ProjectKey:
        """The project it was made for."""
        return ProjectKey(self.workspace, self.project)
