"""A workspace of an installation and what holds an API key of it, for end-to-end tests with several teams."""

import time
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.permissions import MANAGED, PLAIN
from tests.support.installation import Installation, text_of

JSON = "application/json"


@dataclass(frozen=True)
class Team:
    """A workspace and what holds an API key of it with everything that an owner may."""

    name: str
    api: Installation

    @classmethod
    def of(cls, admin: Installation, name: str) -> "Team":
        """Make a workspace and a key of it."""
        spec: JsonObject = {"displayName": name, "permissions": [*sorted(PLAIN | MANAGED)]}
        metadata: JsonObject = {"ownedByWorkspace": admin.workspace(name)}
        key = admin.call("POST", kinds.API_KEY.collection, kinds.API_KEY.media, {"metadata": metadata, "spec": spec})
        pair: JsonObject = {
            "clientId": text_of(key, "status", "clientId"),
            "clientSecret": text_of(key, "status", "clientSecret"),
        }
        token = text_of(admin.call("POST", "/api/login", JSON, pair), "access_token")
        client = httpx2.Client(base_url=admin.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        return cls(name, replace(admin, client=client))

    def make(self, kind: kinds.Kind, metadata: JsonObject, spec: JsonObject) -> JsonObject:
        """Make an object of the workspace."""
        body: JsonObject = {"metadata": {**metadata, "ownedByWorkspace": self.name}, "spec": spec}
        return self.api.call("POST", kind.collection, kind.media, body)

    def project(self, name: str) -> str:
        """Make a project and return its name."""
        return text_of(self.make(kinds.PROJECT, {"name": name}, {"displayName": name}), "metadata", "name")

    def order_tenant(self, project: str, platform: str, *, expect: int = 201) -> JsonObject:
        """Ask for a tenant with one request."""
        body: JsonObject = {
            "metadata": {"ownedByWorkspace": self.name, "ownedByProject": project},
            "spec": {"platformRef": kinds.PLATFORM.ref(platform), "landingZoneRef": None, "platformTenantId": None},
        }
        return self.api.call("POST", kinds.TENANT.collection, kinds.TENANT.media, body, expect=expect)

    def delete_tenant(self, tenant: str, *, expect: int = 202) -> JsonObject:
        """Ask for the deletion of a tenant."""
        return self.api.call("DELETE", kinds.TENANT.path(tenant), kinds.TENANT.media, expect=expect)

    def decide(self, tenant: str, what: str, body: JsonObject | None = None) -> JsonObject:
        """Send one of our own requests about a tenant."""
        return self.api.call("POST", f"/api/blockyard/v1/tenants/{tenant}/{what}", JSON, body)

    def tenant(self, tenant: str) -> JsonObject:
        """Return a tenant as people read it."""
        return self.api.call("GET", f"/api/blockyard/v1/tenants/{tenant}", JSON)

    def until(self, tenant: str, member: str, wanted: Json) -> JsonObject:
        """Return a tenant once a member of it is as wanted."""
        deadline = time.monotonic() + 120
        while (shown := self.tenant(tenant))[member] != wanted:
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)
        return shown

    def block_of(self, tenant: str) -> str:
        """Return the id of the only active block on a tenant."""
        path = f"{kinds.BLOCK_V2.collection}?tenantUuid={tenant}"
        listed: Any = self.api.call("GET", path, kinds.BLOCK_V2.media)
        [block] = listed["_embedded"]["meshBuildingBlocks"]
        return str(block["metadata"]["uuid"])
