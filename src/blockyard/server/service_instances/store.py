"""The table of service instances."""

from collections.abc import Collection, Mapping

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, in_reach
from blockyard.server.projects.model import ProjectKey
from blockyard.server.service_instances.model import ServiceInstance

_instances = Table(
    "service_instances",
    metadata,
    Column("instance_id", String(255), primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("project", String(64), nullable=False),
    Column("marketplace", String(255), nullable=False),
    Column("creator", String(255), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("plan_id", String(255), nullable=False),
    Column("service_id", String(255), nullable=False),
    Column("parameters", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_service_instances_created_at", "created_at", "instance_id"),
    Index("ix_service_instances_workspace", "workspace", "created_at", "instance_id"),
    Index("ix_service_instances_project", "project", "created_at", "instance_id"),
    Index("ix_service_instances_marketplace", "marketplace", "created_at", "instance_id"),
    Index("ix_service_instances_service_id", "service_id", "created_at", "instance_id"),
    Index("ix_service_instances_plan_id", "plan_id", "created_at", "instance_id"),
)
_rows: Rows[ServiceInstance, str] = Rows(_instances, ServiceInstance, "instance_id")


class ServiceInstanceStore(Store[ServiceInstance, str]):
    """Reads and writes service instances."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(
        self,
        request: PageRequest,
        *,
        owners: Collection[str] | None,
        only: Mapping[str, Collection[str]],
        wanted: Mapping[str, object | None],
    ) -> Page[ServiceInstance]:
        """Return what `page` does; of the workspaces in `only` the instances in these projects alone."""
        conditions = self.with_members(wanted)
        if owners is not None:
            conditions.append(in_reach(_instances.c.workspace, _instances.c.project, owners, only))
        return self.page_of(request, *conditions)

    def count_of_project(self, project: ProjectKey) -> int:
        """Return how many a project has."""
        return self.count(_instances.c.workspace == project.workspace, _instances.c.project == project.name)
