"""The routes of service instances: read by the public API, registered by our own. Source: api.md 3.15."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import OWN
from blockyard.protocol.kinds import SERVICE_INSTANCE as KIND
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined, page_request
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.objects import Answers, ObjectIn, list_schema, object_router, object_schema
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, ShortText, WireJson, WireModel
from blockyard.server.projects.model import ProjectKey
from blockyard.server.service_instances.model import ServiceInstance, ServiceSpec
from blockyard.server.service_instances.service import ServiceInstanceService

InstanceId = Annotated[Name, Path()]


class ServiceMetadata(WireModel):
    """Where a service instance was made, and by which marketplace."""

    owned_by_workspace: Name
    owned_by_project: Name
    marketplace_identifier: Name


class StoredServiceMetadata(ServiceMetadata):
    """The same, with the id that the broker gave it."""

    instance_id: str


class ServiceSpecIn(WireModel):
    """What a broker says about an instance."""

    creator: Name
    display_name: Name
    plan_id: Name
    service_id: Name
    parameters: dict[ShortText, WireJson] = Field(default_factory=dict)


class ServiceInstanceIn(ObjectIn[ServiceMetadata, ServiceSpecIn]):
    """A service instance as its broker registers it."""


class ServiceFilters(WireModel):
    """The filters of the list."""

    workspace_identifier: ShortText | None = None
    project_identifier: ShortText | None = None
    marketplace_identifier: ShortText | None = None
    service_identifier: ShortText | None = None
    plan_identifier: ShortText | None = None

    def wanted(self) -> dict[str, str | None]:
        """Return the members that are wanted; an empty filter filters nothing."""
        return {
            "workspace": self.workspace_identifier or None,
            "project": self.project_identifier or None,
            "marketplace": self.marketplace_identifier or None,
            "service_id": self.service_identifier or None,
            "plan_id": self.plan_identifier or None,
        }


ServiceInstanceOut = object_schema(KIND, StoredServiceMetadata, ServiceSpecIn)


def service_instance_routes(db: Database, instances: ServiceInstanceService, links: Links) -> APIRouter:
    """Return the routes of service instances."""
    router, answer = object_router(KIND, "Service instances"), Answers(KIND, links, _parts)
    own = api_router(prefix=f"{OWN}/serviceinstances", tags=["Service instances"])

    @router.get("", response_model=list_schema(KIND, ServiceInstanceOut))
    async def list_service_instances(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[ServiceFilters, Query()],
    ) -> Response:
        """Return the service instances you may see, oldest first."""
        found = await db.read(lambda tx: instances.page(tx, principal, page, wanted=filters.wanted()))
        return answer.page(found, request)

    @router.get("/{instance_id}", response_model=ServiceInstanceOut)
    async def read_service_instance(instance_id: InstanceId, principal: CurrentPrincipal) -> Response:
        """Return a service instance."""
        return answer.one(await db.read(lambda tx: instances.get(tx, principal, instance_id)))

    @own.put("/{instance_id}", response_model=ServiceInstanceOut)
    async def register_service_instance(
        instance_id: InstanceId, body: Annotated[ServiceInstanceIn, Body()], principal: CurrentPrincipal
    ) -> Response:
        """Note a service instance that a broker has made, or what changed about it."""
        sent, spec = body.metadata, body.spec.into(ServiceSpec)
        project = ProjectKey(sent.owned_by_workspace, sent.owned_by_project)
        noted = await db.write(
            lambda tx: instances.register(
                tx, principal, instance_id, project, marketplace=sent.marketplace_identifier, spec=spec
            )
        )
        return Answer(answer.document(noted))

    @own.delete("/{instance_id}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def remove_service_instance(instance_id: InstanceId, principal: CurrentPrincipal) -> None:
        """Forget a service instance that its broker has removed."""
        await db.write(lambda tx: instances.remove(tx, principal, instance_id))

    return joined(router, own)


def _parts(instance: ServiceInstance) -> JsonObject:
    return {
        "metadata": {
            "ownedByProject": instance.project,
            "ownedByWorkspace": instance.workspace,
            "marketplaceIdentifier": instance.marketplace,
            "instanceId": instance.instance_id,
        },
        "spec": wire_members(instance, ServiceSpec),
    }
