"""What useful requests of generated chains send, and about what: the requests that somebody with a purpose would send."""

import json
from collections.abc import Container, Mapping
from typing import Any

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import (
    LANDING_ZONE,
    LOCATION,
    OWN,
    PAYMENT_METHOD,
    PLATFORM,
    PLATFORM_TYPE,
    TAG_DEFINITION,
    TENANT,
)
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.matrix_bodies import LOCK, NEEDED, a_whole_order
from tests.support.matrix_world import MatrixWorld
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    properties,
)
from tests.support.runner_keys import a_runner_key
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    OBJECTS,
    RUNS,
    VERSIONS,
    WORKSPACES,
    a_definition,
    a_version,
    an_order,
)

USERS = "/api/blockyard/v1/users"
ROLES = "/api/blockyard/v1/project-roles"
REQUESTS = "/api/blockyard/v1/binding-requests"
DRAFTS = "/api/blockyard/v1/order-drafts"
ORDERS = "/api/blockyard/v1/orders"
GROUPS = "/api/blockyard/v1/groups"
ADMIN_BINDINGS = "/api/blockyard/v1/admin-bindings"


def _spec(document: JsonObject) -> dict[str, Any]:
    spec: Any = document["spec"]
    return dict(spec)


class Useful:
    """Knows what bodies of useful requests have."""

    def __init__(self, world: MatrixWorld) -> None:
        self._count = 0
        self._world = world
        self._tenancy = tenancy = world.tenancy
        self._version = tenancy.version
        self._seeded = {*world.things.values()} - {"1", "source", "block"}

    def released(self, version: str) -> None:
        """Note a version that can be ordered."""
        self._version = version

    def members(self, method: str, path: str) -> JsonObject:
        """Return what a useful request of this operation sends."""
        self._count += 1
        name = f"w{self._count}"
        of_platform: JsonObject = {"ownedByWorkspace": "platform"}
        order, definition = an_order(self._version), _spec(a_definition())
        version = _spec(a_version(self._tenancy.definition, ""))
        binding: JsonObject = {"metadata": {"name": name}, "targetRef": {"name": "shop"}, "expiryDate": None}
        key: JsonObject = {"displayName": name, "permissions": ["BUILDINGBLOCK_LIST"], "expiresAt": None}
        known: Mapping[tuple[str, str], JsonObject] = {
            ("POST", WORKSPACES): {"metadata": {"name": name, "tags": {}}},
            ("POST", f"{OBJECTS}/meshprojects"): {
                "metadata": {"name": name, "ownedByWorkspace": "shop"},
                "spec": _PROJECT,
            },
            ("POST", TAG_DEFINITION.collection): {
                "metadata": {"name": f"meshPrincipal.{name}"},
                "spec": {"targetKind": "meshPrincipal", "key": name, **_TAG},
            },
            ("PUT", f"{TAG_DEFINITION.collection}/{{name}}"): {"spec": _TAG},
            ("POST", PAYMENT_METHOD.collection): {
                "metadata": {"name": name, "ownedByWorkspace": "shop"},
                "spec": {"expirationDate": None, "amount": self._count, "tags": {}},
            },
            ("PUT", f"{OWN}/serviceinstances/{{instance_id}}"): _INSTANCE,
            ("POST", f"{OBJECTS}/meshapikeys"): {"metadata": of_platform, "spec": key},
            ("POST", f"{OBJECTS}/meshworkspacebindings/userbindings"): {
                **binding,
                "roleRef": {"name": "Workspace Member"},
                "subject": {"name": "admin"},
            },
            ("POST", REQUESTS): {
                "kind": "meshWorkspaceUserBinding",
                "name": f"asked-{name}",
                "role": "Workspace Member",
                "workspaceIdentifier": "shop",
                "projectIdentifier": None,
                "subject": "admin",
                "expiryDate": None,
            },
            ("POST", DRAFTS): {"definitionUuid": self._tenancy.definition, "fields": {"name": name}},
            ("POST", ORDERS): a_whole_order(self._tenancy.definition),
            ("POST", f"{ORDERS}/check"): a_whole_order(self._tenancy.definition),
            ("POST", GROUPS): {"name": name, "displayName": name, "workspaceIdentifier": None, "members": []},
            ("POST", ADMIN_BINDINGS): {
                "role": "Auditor",
                "subject": {"kind": "user", "name": "admin"},
                "expiryDate": None,
            },
            ("POST", ROLES): {"name": name, "displayName": name, "tags": {}},
            ("POST", f"{OBJECTS}/meshprojectbindings/userbindings"): {
                "metadata": {"name": name},
                "roleRef": {"name": "Project Reader"},
                "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
                "subject": {"name": "admin"},
            },
            ("POST", USERS): {"username": name, "password": f"a-long-password-{name}", "euid": None},
            ("PUT", f"{USERS}/{{uuid}}"): {"firstName": "N", "lastName": name, "email": f"{name}@x.test", "euid": None},
            ("PUT", f"{USERS}/{{uuid}}/tags"): {"tags": {}},
            ("PUT", f"{GROUPS}/{{name}}/tags"): {"tags": {}},
            ("POST", f"{OBJECTS}/meshbuildingblockrunners"): {"metadata": of_platform, "spec": _RUNNER},
            ("PUT", f"{OBJECTS}/meshbuildingblockrunners/{{uuid}}"): {"spec": _RUNNER},
            ("POST", f"{OBJECTS}/meshintegrations"): {"metadata": of_platform, "spec": _INTEGRATION},
            ("PUT", f"{OBJECTS}/meshintegrations/{{uuid}}"): {"spec": _INTEGRATION},
            ("POST", DEFINITIONS): {"metadata": {**of_platform, "tags": {}}, "spec": definition},
            ("PUT", f"{DEFINITIONS}/{{uuid}}"): {"spec": definition},
            ("POST", VERSIONS): {"metadata": of_platform, "spec": {**version, "state": "DRAFT"}},
            ("PUT", f"{VERSIONS}/{{uuid}}"): {"spec": {**version, "state": _STATES[self._count % len(_STATES)]}},
            ("POST", LOCATION.collection): a_location(name, "platform"),
            ("POST", PLATFORM_TYPE.collection): a_platform_type(name.upper(), "platform"),
            ("PUT", f"{PLATFORM_TYPE.collection}/{{name}}"): {"spec": a_platform_type()["spec"]},
            ("POST", PLATFORM.collection): a_platform(name, "platform", config=KUBERNETES),
            ("PUT", f"{PLATFORM.collection}/{{uuid}}"): {"spec": a_platform(config=KUBERNETES)["spec"]},
            ("POST", LANDING_ZONE.collection): a_landing_zone(self._tenancy.platform, name, "platform", **_ZONE),
            ("PUT", f"{LANDING_ZONE.collection}/{{name}}"): {
                "spec": a_landing_zone(self._tenancy.platform, **_ZONE)["spec"]
            },
            ("POST", TENANT.collection): a_tenant(self._tenancy.platform, "dev", "shop"),
            ("POST", f"{OWN}/tenants/{{uuid}}/decline-deletion"): {"comment": "not yet"},
            ("POST", BLOCKS): order,
            ("PUT", f"{BLOCKS}/{{uuid}}"): order,
            ("POST", STATE): {"version": 4, "serial": self._count, "lineage": "one"},
            ("POST", f"{STATE}/lock"): {**LOCK, "Operation": "apply", "Who": "me"},
            ("DELETE", f"{STATE}/lock"): LOCK,
            ("PATCH", f"{RUNS}/{{run_id}}/status/source/{{source_id}}"): _REPORTS[self._count % len(_REPORTS)],
        }
        return known.get((method, path)) or self.whole(method, path)

    def whole(self, method: str, path: str) -> JsonObject:
        """Return what the permission matrix sends, all that a request needs, with another name than it does."""
        self._count += 1
        name = f"w{self._count}"
        body = self._world.bodies.get(f"{method} {path}")
        if not isinstance(body, dict):
            return {}
        renamed: JsonObject = json.loads(json.dumps(body).replace('"new"', f'"{name}"'))
        return renamed

    def content(self, method: str, path: str) -> bytes | None:
        """Return what an operation takes that is no JSON."""
        body = self._world.bodies.get(f"{method} {path}")
        return body if isinstance(body, bytes) else None

    def parameters(self, method: str, path: str) -> Mapping[str, str]:
        """Return the address of something that is there and stays there."""
        return {} if ends(method, path) else self._world.parameters(path)

    def query(self, path: str, known: Container[str]) -> dict[str, str]:
        """Return the parameters without which an operation does not get far."""
        return {
            name: value
            for name, value in ({**NEEDED, **(_HELD if path.startswith(STATE) else {})}).items()
            if name in known
        }

    def is_seeded(self, thing: str) -> bool:
        """Whether everything else is about this thing: nobody ends it."""
        return thing in self._seeded


def ends(method: str, path: str) -> bool:
    """Whether an operation ends the thing it is about, or keeps a person out."""
    if method == "DELETE":
        return path.endswith("}") and not path.endswith(_PARTS) and not path.startswith(STATE)
    return path.endswith(("/abort", "/purge", "/release")) or (method == "PUT" and path.endswith(_OF_PERSONS))


_HELD = {"ID": str(LOCK["ID"])}
_PARTS = ("/{cause}", "/{username}")
_OF_PERSONS = ("/password", "users/{uuid}/lock")
STATE = "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}"
_STATES = ("RELEASED", "DRAFT", "RELEASED")
_PROJECT: JsonObject = {"tags": {}, "paymentMethodIdentifier": None, "substitutePaymentMethodIdentifier": None}
_INSTANCE: JsonObject = {
    "metadata": {"ownedByWorkspace": "shop", "ownedByProject": "dev", "marketplaceIdentifier": "global"},
    "spec": {"creator": "jane", "displayName": "DB", "planId": "small", "serviceId": "postgres", "parameters": {}},
}
_TAG: JsonObject = {"valueType": {"string": {}}}
_RUNNER: JsonObject = {"publicKey": a_runner_key().public_pem, "implementationType": "TERRAFORM"}
_ZONE: dict[str, Any] = {"platformProperties": properties("kubernetes")}
_INTEGRATION: JsonObject = {
    "config": {
        "type": "gitlab",
        "gitlab": {
            "baseUrl": "https://git.example.test",
            "runnerRef": {"uuid": str(SHARED_RUNNER_UUID), "kind": "meshBuildingBlockRunner"},
        },
    }
}
_STEP: JsonObject = {"id": "apply", "displayName": "Apply", "status": "IN_PROGRESS", "systemMessage": "going on"}
_RESULT: JsonObject = {"result": {"value": "done", "type": "STRING", "sensitive": False}}
_REPORTS: list[JsonObject] = [
    {"status": "IN_PROGRESS", "summary": "going on", "steps": [_STEP]},
    {"status": "SUCCEEDED", "summary": "done", "steps": [{**_STEP, "status": "SUCCEEDED", "outputs": _RESULT}]},
    {"status": "FAILED", "summary": "broken", "steps": [{**_STEP, "status": "FAILED"}]},
]
_WHOLE = {
    "inputs",
    "outputs",
    "config",
    "tags",
    "implementation",
    "steps",
    "platformProperties",
    "availability",
    "quotaDefinitions",
    "valueType",
}
"""Members whose own members are not mixed with generated ones."""


def merged(body: Json, members: Json) -> Json:
    """Return a generated body with the members of a useful one."""
    if not isinstance(body, dict) or not isinstance(members, dict):
        return members
    made = {key: value if key in _WHOLE else merged(body.get(key), value) for key, value in members.items()}
    return {**body, **made}
