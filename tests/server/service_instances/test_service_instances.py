"""Service instances: registered by administrators, read by those whose project they are of. Source: api.md 3.15."""

from typing import Any

import httpx2
import pytest

from blockyard.protocol.kinds import PROJECT_USER_BINDING as PROJECT_USER_BINDING_KIND
from blockyard.protocol.kinds import SERVICE_INSTANCE
from blockyard.server.identity.model import WorkspaceRole
from tests.support.tenancy import PROJECT, PROJECT_USER_BINDING, Tenancy, vendor

pytestmark = pytest.mark.anyio
PATH = SERVICE_INSTANCE.collection
OWN = "/api/blockyard/v1/serviceinstances"
ACCEPT = vendor(SERVICE_INSTANCE.media)
PARAMETERS = {"size": 10, "ha": True, "note": None, "nested": {"list": [1, "2"]}}


def an_instance(workspace: str = "shop", **spec: Any) -> Any:
    """Return what a broker registers."""
    metadata = {"ownedByWorkspace": workspace, "ownedByProject": "dev", "marketplaceIdentifier": "global"}
    said = {"creator": "jane@x.test", "displayName": "My DB", "planId": "small", "serviceId": "postgres"}
    return {"metadata": metadata, "spec": {**said, "parameters": PARAMETERS, **spec}}


@pytest.fixture
async def admin(tenancy: Tenancy) -> httpx2.AsyncClient:
    """An administrator of workspaces that have a project each."""
    admin = tenancy.admin()
    for workspace in ("shop", "bank"):
        tenancy.workspace(workspace)
        project = {"metadata": {"name": "dev", "ownedByWorkspace": workspace}, "spec": {"displayName": "Dev"}}
        await admin.post("/api/meshobjects/meshprojects", json=project, headers=PROJECT)
    return admin


async def register(admin: httpx2.AsyncClient, name: str, *args: str, **spec: Any) -> None:
    """Register an instance."""
    answer = await admin.put(f"{OWN}/{name}", json=an_instance(*args, **spec))
    assert answer.status_code == 200, answer.text


async def listed(client: httpx2.AsyncClient, query: str = "") -> list[str]:
    """Return the ids of a list."""
    answer = await client.get(f"{PATH}{query}", headers=ACCEPT)
    assert answer.status_code == 200, answer.text
    return [item["metadata"]["instanceId"] for item in answer.json()["_embedded"]["meshServiceInstances"]]


async def test_what_was_registered_is_read(tenancy: Tenancy, admin: httpx2.AsyncClient) -> None:
    await register(admin, "db-1")

    read = await tenancy.key("shop", "SERVICEINSTANCE_LIST").get(f"{PATH}/db-1", headers=ACCEPT)

    sent = an_instance()
    assert read.headers["content-type"] == SERVICE_INSTANCE.media
    assert read.json() == {
        "apiVersion": "v2",
        "kind": "meshServiceInstance",
        "metadata": {**sent["metadata"], "instanceId": "db-1"},
        "spec": sent["spec"],
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/db-1"}},
    }


async def test_registering_again_replaces_and_without_a_change_tells_nothing(
    tenancy: Tenancy, admin: httpx2.AsyncClient
) -> None:
    for plan in ("small", "small", "large"):
        await register(admin, "db-1", planId=plan)

    assert (await admin.get(f"{PATH}/db-1", headers=ACCEPT)).json()["spec"]["planId"] == "large"
    titles = [title for title in tenancy.titles() if title.startswith("Service")]
    assert titles == ["Service Instance Created", "Service Instance Modified"]


async def test_an_instance_stays_where_it_was_made(admin: httpx2.AsyncClient) -> None:
    await register(admin, "db-1")

    moved = await admin.put(f"{OWN}/db-1", json=an_instance("bank"))
    nowhere = await admin.put(f"{OWN}/db-2", json=an_instance("nowhere"))

    assert (moved.status_code, moved.json()["field"]) == (400, "/metadata/ownedByWorkspace")
    assert (nowhere.status_code, nowhere.json()["errorCode"]) == (404, "UnknownProject")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["db-1", "db-2", "cache"]),
        ("?workspaceIdentifier=bank", ["cache"]),
        ("?projectIdentifier=dev&planIdentifier=small", ["db-1", "cache"]),
        ("?marketplaceIdentifier=global", ["db-1", "db-2", "cache"]),
        ("?marketplaceIdentifier=other", []),
        ("?serviceIdentifier=postgres", ["db-1", "db-2"]),
        ("?serviceIdentifier=&planIdentifier=large", ["db-2"]),
        ("?sort=createdAt,desc&size=2", ["cache", "db-2"]),
    ],
)
async def test_filters_narrow_the_list(
    tenancy: Tenancy, admin: httpx2.AsyncClient, query: str, found: list[str]
) -> None:
    await register(admin, "db-1")
    tenancy.clock.advance(1)
    await register(admin, "db-2", planId="large")
    tenancy.clock.advance(1)
    await register(admin, "cache", "bank", serviceId="redis")

    assert await listed(admin, query) == found


async def test_a_workspace_reads_its_own_and_registers_none(tenancy: Tenancy, admin: httpx2.AsyncClient) -> None:
    await register(admin, "db-1")
    await register(admin, "db-2", "bank")
    own = tenancy.key("shop", "SERVICEINSTANCE_LIST", "SERVICEINSTANCE_SAVE", "SERVICEINSTANCE_DELETE")

    assert await listed(own) == ["db-1"]
    assert (await own.get(f"{PATH}/db-2", headers=ACCEPT)).status_code == 404
    assert (await own.put(f"{OWN}/db-3", json=an_instance())).status_code == 403
    assert (await own.delete(f"{OWN}/db-1")).status_code == 403
    unable = tenancy.key("shop", "PROJECT_LIST")
    statuses = [(await unable.get(path, headers=ACCEPT)).status_code for path in (PATH, f"{PATH}/db-1", f"{PATH}/db-2")]
    assert statuses == [403, 404, 404]


async def test_members_see_the_instances_of_the_projects_they_are_bound_to(
    tenancy: Tenancy, admin: httpx2.AsyncClient
) -> None:
    await register(admin, "db-1")
    await register(admin, "db-2", "bank")
    member, manager = tenancy.person("joe"), tenancy.person("ann")
    tenancy.member("shop", "joe")
    tenancy.member("bank", "joe", WorkspaceRole.MANAGER)
    tenancy.member("shop", "ann", WorkspaceRole.MANAGER)

    assert (await listed(member), await listed(manager)) == (["db-2"], ["db-1"])
    assert (await member.get(f"{PATH}/db-1", headers=ACCEPT)).status_code == 404
    tenancy.db.write_now(tenancy.project_roles.seed)
    binding = {
        "metadata": {"name": "joe-reads"},
        "roleRef": {"name": "Project Reader"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
        "subject": {"name": "joe"},
    }
    bound = await admin.post(PROJECT_USER_BINDING_KIND.collection, json=binding, headers=PROJECT_USER_BINDING)
    assert bound.status_code == 201, bound.text

    assert await listed(member) == ["db-1", "db-2"]
    assert (await member.get(f"{PATH}/db-1", headers=ACCEPT)).status_code == 200


async def test_a_project_stays_as_long_as_it_has_an_instance(admin: httpx2.AsyncClient) -> None:
    await register(admin, "db-1")
    project = "/api/meshobjects/meshprojects/shop.dev"

    refused = await admin.delete(project, headers=PROJECT)
    removed = [await admin.delete(f"{OWN}/db-1") for _ in range(2)]
    deleted = await admin.delete(project, headers=PROJECT)

    assert refused.status_code == 409
    assert "1 service instance" in refused.json()["message"]
    assert [answer.status_code for answer in (*removed, deleted)] == [204, 204, 204]
    assert (await admin.get(f"{PATH}/db-1", headers=ACCEPT)).status_code == 404
    assert (await admin.delete(f"{OWN}/never-there")).status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"spec": {**an_instance()["spec"], "planId": ""}}, "/spec/planId"),
        ({"spec": {**an_instance()["spec"], "creator": 5}}, "/spec/creator"),
        ({"spec": {**an_instance()["spec"], "parameters": []}}, "/spec/parameters"),
        ({"spec": {}}, "/spec/creator"),
        ({"metadata": {}}, "/metadata/ownedByWorkspace"),
    ],
)
async def test_malformed_content_is_refused(admin: httpx2.AsyncClient, change: Any, field: str) -> None:
    refused = await admin.put(f"{OWN}/db-1", json=an_instance() | change)

    assert (refused.status_code, refused.json()["field"]) == (400, field)


async def test_events_name_the_parameters_and_keep_no_values(tenancy: Tenancy, admin: httpx2.AsyncClient) -> None:
    await register(admin, "db-1", parameters={"user": "app", "password": "hunter2"})
    await register(admin, "db-1", parameters={"user": "app", "password": "hunter3"})
    await admin.delete(f"{OWN}/db-1")

    told = [event for event in tenancy.all_events() if event.subject_id == "db-1"]

    assert [event.content["parameters"] for event in told if event.content] == [["password", "user"]] * 3
    assert "hunter" not in str(told)


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["%2e%2e", "%0a", "a%3Fb", "%20"])
async def test_an_id_can_be_part_of_an_address(admin: httpx2.AsyncClient, name: str) -> None:
    refused = await admin.put(f"{OWN}/{name}", json=an_instance())

    assert (refused.status_code, refused.json()["field"]) == (400, "path/instance_id")
