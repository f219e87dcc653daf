"""A platform that hands out repositories, in the world of blocks: what tests of tenants need."""

from collections.abc import Sequence
from typing import Any

import httpx2

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, LANDING_ZONE, PLATFORM, PLATFORM_TYPE, PROJECT, TENANT
from blockyard.server.kit.database import Database
from tests.support.block_world import MANUAL, BlockWorld, an_input, an_order, an_output, definition_of, uuid_of
from tests.support.clock import FixedClock
from tests.support.places import a_tenant

TENANTS = TENANT.collection
OWN = "/api/blockyard/v1/tenants"
_ICON = "data:image/png;base64,iVBORw0KGgo="

MAKES_TENANT: dict[str, Any] = {
    "inputs": {"repo_name": an_input("STRING", "STATIC", argument="shop-repo")},
    "outputs": {
        "id": an_output("STRING", "PLATFORM_TENANT_ID"),
        "url": an_output("STRING", "SIGN_IN_URL"),
    },
}
"""A version whose module makes the repository and says what it is called, and where people find it."""

MANUAL_TENANT: dict[str, Any] = {
    "implementation": MANUAL,
    "deletionMode": "PURGE",
    "inputs": {"tenant_id": an_input("STRING", "STATIC", argument="test-tenant-id")},
    "outputs": {"tenant_id": an_output("STRING", "PLATFORM_TENANT_ID")},
}
"""What the public client's tests use: the tenant's id is a constant, and nobody has to do anything."""


class TenantWorld(BlockWorld):
    """The platform team offers the platform `repos.global` of the type GIT to everybody; the shop has the projects dev and prod."""

    def __init__(self, database: Database, clock: FixedClock, /, **chosen: Json) -> None:
        super().__init__(database, clock, **chosen)
        self.tenants = self.services.tenants
        database.write_now(lambda tx: self.services.locations.seed(tx, "admin"))
        self.add_type("GIT")
        self.platform = self.add_platform("repos")
        for name in ("dev", "prod"):
            self.add_project(name)

    def add_type(self, name: str) -> JsonObject:
        """Make a platform type."""
        return self._put(PLATFORM_TYPE, {"name": name}, {"displayName": name, "category": "CUSTOM", "icon": _ICON})

    def add_project(self, name: str, workspace: str = "shop", **spec: Json) -> JsonObject:
        """Make a project."""
        return self._put(PROJECT, {"name": name}, {"displayName": name, **spec}, workspace)

    def add_platform(self, name: str, **spec: Json) -> JsonObject:
        """Make a platform of the platform team that everybody may use."""
        usual: JsonObject = {
            "displayName": name,
            "description": "",
            "endpoint": "https://git.example.test",
            "locationRef": {"name": "global", "kind": "meshLocation"},
            "availability": {"restriction": "PUBLIC", "publicationState": "PUBLISHED"},
            "config": {"type": "custom", "custom": {"platformTypeRef": {"name": "GIT", "kind": "meshPlatformType"}}},
        }
        return self._put(PLATFORM, {"name": name}, {**usual, **spec})

    def add_zone(
        self,
        name: str = "default",
        *,
        mandatory: Sequence[JsonObject] = (),
        platform: JsonObject | None = None,
        workspace: str = "platform",
        tags: JsonObject | None = None,
        **spec: Json,
    ) -> JsonObject:
        """Make a landing zone of the platform with blocks of the definitions of these versions."""
        usual: JsonObject = {
            "displayName": name,
            "description": "",
            "automateDeletionApproval": False,
            "automateDeletionReplication": True,
            "restricted": False,
            "platformRef": PLATFORM.ref(uuid_of(platform or self.platform)),
            "platformProperties": {"type": "custom", "custom": {}},
            "quotas": [],
            "mandatoryBuildingBlockRefs": [DEFINITION.ref(definition_of(version)) for version in mandatory],
            "recommendedBuildingBlockRefs": [],
        }
        return self._put(LANDING_ZONE, {"name": name, "tags": tags or {}}, {**usual, **spec}, workspace)

    def define_for_tenants(
        self, name: str = "Repository", *, about: JsonObject | None = None, **spec: Any
    ) -> JsonObject:
        """Make a definition for tenants on platforms of the type GIT; return its version."""
        platforms: list[Json] = [{"kind": "meshPlatformType", "name": "GIT"}]
        of_tenants: JsonObject = {"targetType": "TENANT_LEVEL", "supportedPlatforms": platforms}
        return self.define(name, about={**of_tenants, **(about or {})}, **spec)

    def a_tenant(
        self, project: str = "dev", *, workspace: str = "shop", platform: JsonObject | None = None, **spec: Json
    ) -> JsonObject:
        """Return the body of a POST."""
        return a_tenant(uuid_of(platform or self.platform), project, workspace, **spec)

    def make(self, project: str = "dev", **more: Any) -> Any:
        """Make a tenant and return its document."""
        return self.api.ok("POST", TENANTS, self.a_tenant(project, **more), media=TENANT.media)

    def refuse(self, status: int, project: str = "dev", **more: Any) -> Any:
        """Ask for a tenant that must be refused and return the error."""
        answer = self.api.send("POST", TENANTS, self.a_tenant(project, **more), media=TENANT.media)
        assert answer.status_code == status, answer.text
        return answer.json()

    def tenant(self, tenant: Any) -> Any:
        """Return a tenant as the administrator sees it."""
        return self.as_admin("GET", f"{TENANTS}/{uuid_of(tenant)}", media=TENANT.media)

    def shown(self, tenant: Any) -> Any:
        """Return a tenant as people read it, for the administrator."""
        return self.as_admin("GET", f"{OWN}/{uuid_of(tenant)}", media="application/json")

    def delete_tenant(self, tenant: Any) -> httpx2.Response:
        """Ask for the deletion of a tenant."""
        return self.api.send("DELETE", f"{TENANTS}/{uuid_of(tenant)}", media=TENANT.media)

    def decide(self, tenant: Any, what: str, body: JsonObject | None = None) -> httpx2.Response:
        """Send one of our own requests about a tenant."""
        return self.api.send("POST", f"{OWN}/{uuid_of(tenant)}/{what}", body, media="application/json")

    def order_on(self, tenant: Any, version: JsonObject, **more: Any) -> Any:
        """Order a block on a tenant and return its document."""
        return self.api.ok("POST", "/api/meshobjects/meshbuildingblocks", an_order(version, tenant=tenant, **more))

    def blocks_of(self, tenant: Any) -> list[Any]:
        """Return the active blocks on a tenant, oldest first."""
        listed = self.as_admin("GET", f"/api/meshobjects/meshbuildingblocks?tenantUuid={uuid_of(tenant)}")
        found: list[Any] = listed["_embedded"]["meshBuildingBlocks"]
        return found

    def _put(self, kind: Any, metadata: JsonObject, spec: JsonObject, workspace: str = "platform") -> JsonObject:
        body = {"metadata": {**metadata, "ownedByWorkspace": workspace}, "spec": spec}
        made: JsonObject = self.as_admin("POST", kind.collection, body, media=kind.media)
        return made


def state_of(tenant: Any) -> str:
    """Return the lifecycle state of a tenant."""
    return str(tenant["status"]["lifecycle"]["state"])
