"""Use cases of service instances. Source: api.md 3.15."""

from collections.abc import Mapping, Sequence

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import SERVICE_INSTANCE
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, require_same
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_free_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import counted
from blockyard.server.projects.model import ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.service_instances.model import ServiceInstance, ServiceSpec
from blockyard.server.service_instances.store import ServiceInstanceStore

PROJECT_FIELD = "/metadata/ownedByProject"


class ServiceInstanceService:
    """Use cases of service instances: people see those of the projects they see, administrators register them for brokers."""

    def __init__(self, basics: Basics, *, projects: ProjectService) -> None:
        self._basics = basics
        self._projects = projects
        self._changes: Changes[ServiceInstance] = Changes(
            basics.event_log, SERVICE_INSTANCE, "Service Instance", _content
        )

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, wanted: Mapping[str, str | None]
    ) -> Page[ServiceInstance]:
        """Return one page of the instances the principal may see with the `wanted` members, oldest first. Raises Denied."""
        owners = principal.listing("SERVICEINSTANCE_LIST").owners
        only = {} if owners is None else principal.only_projects
        return ServiceInstanceStore(tx).visible(request, owners=owners, only=only, wanted=wanted)

    def get(self, tx: Transaction, principal: Principal, instance_id: str) -> ServiceInstance:
        """Return an instance. Raises Denied, NotFound."""
        found = ServiceInstanceStore(tx).get(instance_id)
        return principal.opened("SERVICEINSTANCE_LIST", _shown(principal, found), _unknown(instance_id))

    def register(
        self,
        tx: Transaction,
        principal: Principal,
        instance_id: str,
        project: ProjectKey,
        *,
        marketplace: str,
        spec: ServiceSpec,
    ) -> ServiceInstance:
        """Note an instance that a broker has made, or what changed about it.

        Raises Denied, NotFound (project), Invalid (its id is no part of an address, it is of another project or marketplace).
        """
        principal.require("SERVICEINSTANCE_SAVE", workspace=None)
        instances = ServiceInstanceStore(tx)
        before = instances.get(instance_id)
        if before is None:
            check_free_name(instance_id, "a service instance", field="path/instance_id")
            self._projects.require_active(tx, project, field=PROJECT_FIELD)
            made = ServiceInstance(
                instance_id=instance_id,
                workspace=project.workspace,
                project=project.name,
                marketplace=marketplace,
                created_at=self._basics.clock(),
                **members(spec),
            )
            return self._changes.tell(tx, principal.author, EventType.CREATED, instances.add(made))
        require_same(
            "a service instance",
            {
                "/metadata/ownedByWorkspace": (before.workspace, project.workspace),
                PROJECT_FIELD: (before.project, project.name),
                "/metadata/marketplaceIdentifier": (before.marketplace, marketplace),
            },
        )
        after = changed(before, spec)
        return self._changes.save(tx, principal.author, instances, after, before=before)

    def remove(self, tx: Transaction, principal: Principal, instance_id: str) -> None:
        """Forget an instance that its broker has removed; again changes nothing. Raises Denied, NotFound."""
        instances = ServiceInstanceStore(tx)
        instance = _shown(principal, instances.get(instance_id))
        workspace = None if instance is None else instance.workspace
        if not principal.knows("SERVICEINSTANCE_DELETE", workspace=workspace):
            raise _unknown(instance_id)
        principal.require("SERVICEINSTANCE_DELETE", workspace=None)
        if instance is None:
            if self._changes.deleted_just_now(tx, principal.author, instance_id):
                return
            raise _unknown(instance_id)
        instances.remove(instance)
        self._changes.tell(tx, principal.author, EventType.DELETED, instance)

    # For other services: no principal is asked

    def of_project(self, tx: Transaction, project: ProjectKey) -> Sequence[str]:
        """Return what a project still has; for the deletion of projects."""
        return counted(ServiceInstanceStore(tx).count_of_project(project), "service instance")


def _content(instance: ServiceInstance) -> JsonObject:
    """Return what events say: no values of parameters, which may be passwords, and events stay for good."""
    return {**wire_members(instance, of=ServiceSpec), "parameters": [*sorted(instance.parameters)]}


def _shown(principal: Principal, found: ServiceInstance | None) -> ServiceInstance | None:
    """Return an instance unless it is in a project that the principal may not know of."""
    shown = found is not None and principal.sees_project(found.workspace, found.project)
    return found if shown else None


def _unknown(instance_id: str) -> NotFound:
    return NotFound(f"there is no service instance '{instance_id}'")
