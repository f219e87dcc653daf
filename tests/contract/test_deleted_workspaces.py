"""Nothing is made in a workspace while it is being deleted: what comes too late is refused, and nothing is left behind."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, text

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.ids import new_id
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    properties,
)
from tests.support.principals import ADMINISTRATOR
from tests.support.runner_keys import a_runner_key
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    OBJECTS,
    WORKSPACES,
    Request,
    Tenancy,
    WholeServer,
    a_definition,
    a_workspace,
    an_order,
)

_PATIENCE_SECONDS = 20.0

FOLLOWERS = {
    "definition_version_accesses": "belong to a definition, and its workspace is not deleted while it is there",
    "definition_versions": "belong to a definition, and its workspace is not deleted while it is there",
    "platform_workspaces": "belong to a platform, which names them",
    "definition_audiences": "belong to a definition; a deleted workspace in its audience sees nothing",
    "publication_requests": "belong to a definition, and its workspace is not deleted while it is there",
    "policy_violations": "belong to two things that are related, and their workspaces are not deleted while they are there",
    "runs": "belong to a block",
    "project_bindings": "belong to a project, and its workspace is not deleted while it is there",
    "service_instances": "belong to a project, and its workspace is not deleted while it is there",
    "state_resources": "belong to a block",
    "state_resource_words": "belong to a block",
    "drift_watches": "belong to a block",
    "client_sessions": "belong to a person, who has no role in a workspace that is gone",
    "events": "stay when what they tell of is gone",
}
"""Tables with a workspace whose rows are made only where another row of the workspace is."""


def a_key(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    spec: JsonObject = {"displayName": "late", "permissions": ["PROJECT_LIST"]}
    return Request("POST", f"{OBJECTS}/meshapikeys", _of(workspace, spec), kinds.API_KEY.media)


def a_project(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: Any = _of(workspace, {"displayName": "late"})
    body["metadata"] |= {"name": "late", "tags": {}}
    return Request("POST", f"{OBJECTS}/meshprojects", body, kinds.PROJECT.media)


def a_payment_method(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: Any = _of(workspace, {"displayName": "late"})
    body["metadata"]["name"] = f"late-{workspace}"
    return Request("POST", kinds.PAYMENT_METHOD.collection, body, kinds.PAYMENT_METHOD.media)


def a_binding(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: JsonObject = {
        "metadata": {"name": f"late-{workspace}"},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": workspace},
        "subject": {"name": "admin"},
    }
    path = f"{OBJECTS}/meshworkspacebindings/userbindings"
    return Request("POST", path, body, kinds.WORKSPACE_USER_BINDING.media)


def a_binding_request(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: JsonObject = {
        "name": f"asked-{workspace}",
        "role": "Workspace Member",
        "workspaceIdentifier": workspace,
        "subject": "admin",
        "reason": "late",
    }
    return Request("POST", "/api/blockyard/v1/binding-requests", body)


def a_runner(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    spec: JsonObject = {
        "displayName": "late",
        "publicKey": a_runner_key("late").public_pem,
        "implementationType": "ALL",
    }
    return Request("POST", f"{OBJECTS}/meshbuildingblockrunners", _of(workspace, spec), kinds.RUNNER.media)


def an_integration(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    runner: JsonObject = {"uuid": str(SHARED_RUNNER_UUID), "kind": "meshBuildingBlockRunner"}
    gitlab: JsonObject = {"baseUrl": "https://gitlab.example.test", "runnerRef": runner}
    spec: JsonObject = {"displayName": "late", "config": {"type": "gitlab", "gitlab": gitlab}}
    return Request("POST", f"{OBJECTS}/meshintegrations", _of(workspace, spec), kinds.INTEGRATION.media)


def a_late_location(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body = a_location(f"late-{workspace}", workspace)
    return Request("POST", kinds.LOCATION.collection, body, kinds.LOCATION.media)


def a_late_platform_type(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body = a_platform_type(f"LATE-{workspace.upper()}", workspace)
    return Request("POST", kinds.PLATFORM_TYPE.collection, body, kinds.PLATFORM_TYPE.media)


def a_late_platform(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body = a_platform("late", workspace, config=KUBERNETES)
    return Request("POST", kinds.PLATFORM.collection, body, kinds.PLATFORM.media)


def a_late_tenant(workspace: str, tenancy: Tenancy) -> Request:
    body = a_tenant(tenancy.platform, "dev", workspace)
    return Request("POST", kinds.TENANT.collection, body, kinds.TENANT.media)


def a_late_landing_zone(workspace: str, tenancy: Tenancy) -> Request:
    kubernetes = properties("kubernetes")
    body = a_landing_zone(tenancy.platform, f"late-{workspace}", workspace, platformProperties=kubernetes)
    return Request("POST", kinds.LANDING_ZONE.collection, body, kinds.LANDING_ZONE.media)


def a_late_definition(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: Any = a_definition()
    body["metadata"]["ownedByWorkspace"] = workspace
    return Request("POST", DEFINITIONS, body, kinds.DEFINITION.media)


def a_late_brake(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: JsonObject = {"scope": "WORKSPACE", "subject": workspace, "reason": "late"}
    return Request("POST", f"{kinds.OWN}/brakes", body)


def a_block(workspace: str, tenancy: Tenancy) -> Request:
    order: Any = an_order(tenancy.version)
    order["spec"]["targetRef"]["name"] = workspace
    return Request("POST", BLOCKS, order, kinds.BLOCK_V2.media)


def a_group(workspace: str, tenancy: Tenancy) -> Request:
    del tenancy
    body: JsonObject = {"name": f"late-{workspace}", "displayName": "late", "workspaceIdentifier": workspace}
    return Request("POST", "/api/blockyard/v1/groups", body)


CREATIONS: Mapping[str, Callable[[str, Tenancy], Request]] = {
    "api_keys": a_key,
    "binding_requests": a_binding_request,
    "groups": a_group,
    "payment_methods": a_payment_method,
    "projects": a_project,
    "workspace_bindings": a_binding,
    "runners": a_runner,
    "integrations": an_integration,
    "locations": a_late_location,
    "platform_types": a_late_platform_type,
    "platforms": a_late_platform,
    "definitions": a_late_definition,
    "landing_zones": a_late_landing_zone,
    "tenants": a_late_tenant,
    "blocks": a_block,
    "brakes": a_late_brake,
}
"""How each kind of row that belongs to a workspace is made, by table."""


def test_each_table_of_a_workspace_is_known_here() -> None:
    of_workspaces = {table.name for table in metadata.sorted_tables if "workspace" in table.c}

    assert of_workspaces == CREATIONS.keys() | FOLLOWERS.keys()


@pytest.mark.parametrize("table", CREATIONS)
def test_what_is_made_while_its_workspace_is_deleted_is_refused(
    server: WholeServer, tenancy: Tenancy, table: str
) -> None:
    name = f"gone-{new_id().hex[:12]}"
    workspace: Any = a_workspace(name)
    server.ok(Request("POST", WORKSPACES, workspace, kinds.WORKSPACE.media))
    deleted, may_commit = Event(), Event()

    def delete(tx: Transaction) -> None:
        server.services.workspaces.delete(tx, ADMINISTRATOR, name)
        deleted.set()
        assert may_commit.wait(_PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as threads:
        deletion = threads.submit(server.db.write_now, delete)
        assert deleted.wait(_PATIENCE_SECONDS)
        creation = threads.submit(server.send, CREATIONS[table](name, tenancy))
        _wait_until_it_waits(server, creation)
        may_commit.set()
        deletion.result(_PATIENCE_SECONDS)
        answer = creation.result(_PATIENCE_SECONDS)

    assert answer.status_code in {400, 404}, answer.text
    rows = metadata.tables[table]
    with server.db.engine.connect() as connection:
        assert connection.execute(select(rows).where(rows.c.workspace == name)).all() == []


def _wait_until_it_waits(server: WholeServer, creation: "Future[httpx2.Response]") -> None:
    """Return once the creation waits for the deletion's lock, or is done although it should not be."""
    if server.db.is_sqlite:
        return  # it has one writer: the creation comes after the deletion in any case
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not creation.done() and time.monotonic() < ends_at:
        with server.db.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.01)


def _of(workspace: str, spec: JsonObject) -> JsonObject:
    return {"metadata": {"ownedByWorkspace": workspace}, "spec": spec}
