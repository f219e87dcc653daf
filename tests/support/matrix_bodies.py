"""What the requests of the permission matrix bring: the least that each operation takes."""

from collections.abc import Mapping
from uuid import uuid4

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
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
from tests.support.whole_server import RUNS, a_definition, a_version, a_workspace, an_order

OWN = kinds.OWN
SCIM = "/api/blockyard/scim/v2"
PASSWORD = "a sentence of somebody who tests"
NEEDED: Mapping[str, str] = {"step": "apply", "offset": "0", "forRunnerUuid": str(SHARED_RUNNER_UUID)}
"""Parameters without which some operations do not look at their path."""

SOURCE: JsonObject = {"source": {"id": "source"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
STATE: JsonObject = {"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": []}
LOCK: JsonObject = {"ID": "mine"}
AN_ADMIN_BINDING: JsonObject = {"role": "Auditor", "subject": {"kind": "user", "name": "nora"}}
A_FREEZE: JsonObject = {
    "scope": "WORKSPACE",
    "subject": "shop",
    "reason": "far away",
    "calendar": {"recurrence": "ONCE", "timeZone": "UTC", "begin": "2999-12-24T18:00", "end": "2999-12-27T06:00"},
}
"""One that keeps nothing back in any test."""

A_POLICY: JsonObject = {
    "spec": {
        "name": "Stages",
        "strategy": "SUBSET",
        "authoritative": {"kind": "meshWorkspace", "tag": "stages"},
        "affected": {"kind": "meshProject", "tag": "stage"},
    }
}


def a_binding(name: str, role: str, workspace: str, subject: str) -> JsonObject:
    """Return the binding of a role in a workspace."""
    return {
        "metadata": {"name": name},
        "roleRef": {"name": role},
        "targetRef": {"name": workspace},
        "subject": {"name": subject},
    }


def a_project_binding(name: str, subject: str) -> JsonObject:
    """Return the binding of a role in the shop's project."""
    return {
        "metadata": {"name": name},
        "roleRef": {"name": "Project Reader"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
        "subject": {"name": subject},
    }


def a_whole_order(definition: str) -> JsonObject:
    """Return an order of one building block for the shop."""
    return {"workspace": "shop", "blocks": [{"definitionUuid": definition, "inputs": {}}]}


def a_binding_request(name: str) -> JsonObject:
    """Return the request for a role in the shop."""
    return {
        "name": name,
        "role": "Workspace Member",
        "workspaceIdentifier": "shop",
        "subject": "iris",
        "reason": "helps",
    }


A_SEARCH: JsonObject = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


def a_scim_group(name: str) -> JsonObject:
    """Return a group of the installation, as a directory sends it."""
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name}


def a_scim_patch(path: str, value: str) -> JsonObject:
    """Return what a directory sends to change one attribute."""
    change: JsonObject = {"op": "replace", "path": path, "value": value}
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [change]}


def an_instance() -> JsonObject:
    """Return a service instance in the shop's project."""
    return {
        "metadata": {"ownedByWorkspace": "shop", "ownedByProject": "dev", "marketplaceIdentifier": "global"},
        "spec": {"creator": "nora", "displayName": "DB", "planId": "small", "serviceId": "postgres", "parameters": {}},
    }


def a_tag(name: str) -> JsonObject:
    """Return the definition of a tag."""
    kind, _, key = name.partition(".")
    return {
        "metadata": {"name": name},
        "spec": {
            "targetKind": kind,
            "key": key,
            "displayName": key,
            "description": "",
            "sortOrder": 0,
            "mandatory": False,
            "immutable": False,
            "restricted": False,
            "valueType": {"multiSelect": {"options": ["dev", "prod"], "defaultValue": None}},
        },
    }


def a_runner(restriction: str = "PRIVATE") -> JsonObject:
    """Return a runner of the provider."""
    spec: JsonObject = {
        "displayName": "own",
        "publicKey": a_runner_key().public_pem,
        "implementationType": "ALL",
        "restriction": restriction,
    }
    return {"metadata": {"ownedByWorkspace": "platform"}, "spec": spec}


A_PROVIDER: JsonObject = {"displayName": "Corp", "issuer": "http://127.0.0.1:1", "clientId": "blockyard"}
"""What an administrator says about an identity provider; nobody listens there."""


def an_integration() -> JsonObject:
    """Return an integration of the provider."""
    gitlab: JsonObject = {"baseUrl": "https://gitlab.example.test", "runnerRef": kinds.RUNNER.ref(SHARED_RUNNER_UUID)}
    spec: JsonObject = {"displayName": "CI", "config": {"type": "gitlab", "gitlab": gitlab}}
    return {"metadata": {"ownedByWorkspace": "platform"}, "spec": spec}


def bodies_of(things: Mapping[str, str]) -> dict[str, "Json | bytes"]:
    """Return what requests bring that do not send back what they read, by operation."""
    of_shop: JsonObject = {"ownedByWorkspace": "shop"}
    objects: Mapping[Kind, JsonObject] = {
        kinds.BLOCK_V2: an_order(things["meshbuildingblockdefinitionversions"]),
        kinds.API_KEY: {"metadata": of_shop, "spec": {"displayName": "new", "permissions": ["PROJECT_LIST"]}},
        kinds.WORKSPACE: a_workspace("new"),
        kinds.WORKSPACE_USER_BINDING: a_binding("new", "Workspace Member", "shop", "iris"),
        kinds.WORKSPACE_GROUP_BINDING: a_binding("new", "Workspace Manager", "shop", "devs"),
        kinds.TAG_DEFINITION: a_tag("meshLandingZone.new"),
        kinds.PAYMENT_METHOD: {"metadata": {"name": "new", **of_shop}, "spec": {"displayName": "new"}},
        kinds.PROJECT: {"metadata": {"name": "new", **of_shop}, "spec": {"displayName": "new"}},
        kinds.PROJECT_USER_BINDING: a_project_binding("new", "owner"),
        kinds.PROJECT_GROUP_BINDING: {**a_project_binding("new", "devs"), "roleRef": {"name": "Project User"}},
        kinds.TENANT: a_tenant(things["meshplatforms"], "dev", "shop"),
        kinds.RUNNER: a_runner(),
        kinds.INTEGRATION: an_integration(),
        kinds.LOCATION: a_location("new", "platform"),
        kinds.PLATFORM_TYPE: a_platform_type("NEW", "platform"),
        kinds.PLATFORM: a_platform("new", "platform", config=KUBERNETES),
        kinds.DEFINITION: a_definition(),
        kinds.VERSION: a_version(things["meshbuildingblockdefinitions"], str(uuid4()), number=2, state="DRAFT"),
        kinds.LANDING_ZONE: a_landing_zone(
            things["meshplatforms"], "new", "platform", platformProperties=properties("kubernetes")
        ),
        kinds.POLICY: A_POLICY,
    }
    state = "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}"
    own: Mapping[str, Json | bytes] = {
        "POST runs/{run_id}/log": b"log",
        "POST runs/{run_id}/release": {},
        "POST runs/{run_id}/decline": {"comment": "no"},
        "PUT me/password": {"currentPassword": PASSWORD, "password": "another sentence of somebody"},
        "PUT me/authenticator-app": {"ticket": "none", "code": "000000"},
        "POST me/passkeys": {"name": "new", "ticket": "none", "credential": {}},
        "PUT me/passkeys/{uuid}": {"name": "new"},
        "POST users": {"username": "new", "password": PASSWORD},
        "PUT users/{uuid}": {"firstName": "N", "lastName": "N", "email": "n@x.test"},
        "PUT users/{uuid}/password": {"password": PASSWORD},
        "PUT users/{uuid}/lock": {"disabled": True},
        "PUT users/{uuid}/tags": {"tags": {}},
        "POST groups": {"name": "new", "displayName": "New", "workspaceIdentifier": "shop"},
        "PUT groups/{name}": {"displayName": "New"},
        "PUT groups/{name}/tags": {"tags": {}},
        "PUT kept/{kind}/{thing}": {"name": "a block"},
        "POST identity-providers": {"alias": "new", **A_PROVIDER},
        "PUT identity-providers/{alias}": A_PROVIDER,
        "POST identity-providers/{alias}/preview": {"claims": {"sub": "1"}},
        "POST admin-bindings": {**AN_ADMIN_BINDING, "role": "Ops Support"},
        "PUT binding-ends": {"kind": "meshWorkspaceUserBinding", "name": "nora-in-shop", "expiryDate": None},
        "POST binding-requests": a_binding_request("new"),
        "POST bulk-jobs": {"action": "RUN", "buildingBlockUuids": [things["blocks"]]},
        "POST order-drafts": {"definitionUuid": things["definitions"], "fields": {}},
        "PUT order-drafts/{uuid}": {"fields": {}},
        "POST orders": a_whole_order(things["definitions"]),
        "POST orders/check": a_whole_order(things["definitions"]),
        "POST publications/{uuid}/approve": {},
        "POST publications/{uuid}/reject": {"comment": "no"},
        "PUT policies/{uuid}": A_POLICY,
        "POST project-roles": {"name": "new", "displayName": "New"},
        "PUT project-roles/{name}": {"displayName": "New"},
        "POST tenants/{uuid}/decline-deletion": {"comment": "no"},
        "POST blocks/{uuid}/end": {"reason": "stuck"},
        "POST blocks/{block_id}/state/versions/{number}/apply-restore": {"reason": "lost"},
        "POST blocks/{block_id}/state/maintenance": {"command": "TAINT", "arguments": ["a.b"], "reason": "broken"},
        "POST blocks/{block_id}/drift/ignore": {"until": "2999-12-31T12:00:00Z", "reason": "known"},
        "POST blocks/{block_id}/drift/pause": {"reason": "audit"},
        "PUT definitions/{definition_id}/drift-rules": {"ignored": [], "isPaused": False},
        "POST brakes": A_FREEZE,
        "POST brakes/{uuid}/lift": {"reason": "done"},
        "POST blocks/{uuid}/holds": {"reason": "audit"},
        "POST blocks/{uuid}/holds/lift": {"reason": "audited"},
        "PUT blocks/{uuid}/expiry": {"expiresAt": "2999-12-31T12:00:00Z"},
        "PUT definitions/{uuid}/lifetimes": {"undoMinutes": 0, "maximumDays": None},
        "POST runs/{run_id}/break-glass": {"reason": "outage"},
        "POST blocks/{uuid}/cascade/stop": {"reason": "enough"},
        "PUT blocks/{uuid}/follows": {"follows": "RELEASES"},
        "POST tenants/{uuid}/move": {"projectIdentifier": "dev"},
        "PUT tenants/{uuid}/quotas": {"quotas": {}},
        "PUT serviceinstances/{instance_id}": an_instance(),
        "POST runners/{uuid}/keys": {"displayName": "new"},
        "PUT runners/{uuid}/identity": {"subjectForm": "NEW"},
        "PUT definitionversions/{uuid}/defect": {"reason": "bad"},
        "PUT definitions/{uuid}/failure-patterns": {
            "patterns": [{"text": "mirror * is syncing", "cause": "TRANSIENT", "message": "Busy.", "remedy": "Wait."}]
        },
        "POST definitionversions/{uuid}/hidden-inputs": {"values": {}},
        "PUT definitions/{uuid}/publication": {"restriction": "PUBLIC"},
        "POST definitions/{uuid}/publication/submit": {},
        "POST definitions/{uuid}/publication/deprecate": {},
        "POST definitions/{uuid}/publication/reactivate": {},
        "POST login": {"username": "nora", "password": PASSWORD},
    }
    return (
        {f"POST {kind.collection}": body for kind, body in objects.items()}
        | {f"{method} {OWN}/{path}": body for key, body in own.items() for method, path in [key.split(" ")]}
        | {
            **{f"POST {SCIM}{of}/.search": A_SEARCH for of in ("", "/Users", "/Groups")},
            f"POST {SCIM}/Users": {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new"},
            f"PATCH {SCIM}/Users/{{uuid}}": a_scim_patch("title", "Dr"),
            f"POST {SCIM}/Groups": a_scim_group("new"),
            f"PATCH {SCIM}/Groups/{{uuid}}": a_scim_patch("displayName", "All"),
            f"POST {state}": STATE,
            f"POST {state}/lock": LOCK,
            f"DELETE {state}/lock": LOCK,
            f"LOCK {state}": LOCK,
            f"UNLOCK {state}": LOCK,
            f"POST {RUNS}/{{run_id}}/status/source": SOURCE,
            f"PATCH {RUNS}/{{run_id}}/status/source/{{source_id}}": {"status": "IN_PROGRESS"},
            f"PUT {RUNS}/{{run_id}}/plan-artifact": b"plan",
            f"POST {RUNS}/{{run_id}}/approve": {"predecessorRunUuid": str(uuid4())},
            "POST /api/login": {"clientId": str(uuid4()), "clientSecret": "unknown"},
        }
    )
