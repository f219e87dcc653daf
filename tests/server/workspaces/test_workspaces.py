"""Workspaces over HTTP. Source: api.md 3.1."""

from typing import Any
from uuid import uuid4

import pytest

from blockyard.server.kit.errors import NotFound
from tests.support.tenancy import API_KEY, PROJECT, USER_BINDING, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshworkspaces"
OWN = "/api/blockyard/v1/workspaces"


def body(name: str = "payments-team", **change: Any) -> dict[str, Any]:
    """Return a request for a workspace."""
    return {
        "apiVersion": "v2",
        "kind": "meshWorkspace",
        "metadata": {"name": name, "tags": {"cost-center": ["4711"]}},
        "spec": {"displayName": "Payments Team", "platformBuilderAccessEnabled": False},
    } | change


@pytest.fixture(autouse=True)
def _tags(tenancy: Tenancy) -> None:
    tenancy.declare_tags("meshWorkspace", "cost-center", "b", options=["4711", "1", "2"])


async def test_a_workspace_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    created = await admin.post(PATH, json=body(), headers=WORKSPACE)

    assert created.status_code == 201
    assert created.headers["content-type"] == WORKSPACE["Accept"]
    assert created.json() == {
        "apiVersion": "v2",
        "kind": "meshWorkspace",
        "metadata": {
            "name": "payments-team",
            "tags": {"cost-center": ["4711"]},
            "createdOn": "2026-01-01T12:00:00Z",
            "deletedOn": None,
        },
        "spec": {"displayName": "Payments Team", "platformBuilderAccessEnabled": False},
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/payments-team"}},
    }
    tenancy.clock.advance(60)
    read = await admin.get(f"{PATH}/payments-team", headers=WORKSPACE)
    assert read.json() == created.json()
    again = await admin.put(f"{PATH}/payments-team", json=read.json(), headers=WORKSPACE)
    assert again.json() == created.json()
    assert tenancy.titles().count("Workspace Modified") == 0


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        ({"name": "w"}, {}),
        ({"name": "w", "tags": {}}, {}),
        ({"name": "w", "tags": {"b": ["2", "1", "2"], "a": []}}, {"b": ["2", "1", "2"]}),
    ],
)
async def test_tags_come_back_as_they_were_sent_without_empty_ones(
    tenancy: Tenancy, sent: dict[str, Any], tags: Any
) -> None:
    created = await tenancy.admin().post(PATH, json=body(metadata=sent), headers=WORKSPACE)

    assert created.json()["metadata"]["tags"] == tags


async def test_a_put_replaces_what_clients_own_but_keeps_a_switch_that_is_not_sent(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    spec = {"displayName": "Payments Team", "platformBuilderAccessEnabled": True}
    await admin.post(PATH, json=body(spec=spec), headers=WORKSPACE)

    change = body(metadata={"name": "payments-team", "tags": {}}, spec={"displayName": "Ünïcode <&> '\""})
    changed = await admin.put(f"{PATH}/payments-team", json=change, headers=WORKSPACE)

    assert changed.json()["metadata"]["tags"] == {}
    assert changed.json()["spec"] == {"displayName": "Ünïcode <&> '\"", "platformBuilderAccessEnabled": True}
    events = [event for event in tenancy.all_events() if event.title == "Workspace Modified"]
    assert len(events) == 1
    assert events[0].previous is not None
    assert events[0].previous["tags"] == {"cost-center": ["4711"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "Upper"}}, "/metadata/name"),
        ({"metadata": {"name": ""}}, "/metadata/name"),
        ({"metadata": {"name": "-a"}}, "/metadata/name"),
        ({"metadata": {"name": "a--b"}}, "/metadata/name"),
        ({"metadata": {"name": "a.b"}}, "/metadata/name"),
        ({"metadata": {"name": "a\n"}}, "/metadata/name"),
        ({"metadata": {"name": "a" * 65}}, "/metadata/name"),
        ({"metadata": {"name": 7}}, "/metadata/name"),
        ({"metadata": {}}, "/metadata/name"),
        ({"metadata": {"name": "a", "tags": None}}, "/metadata/tags"),
        ({"metadata": {"name": "a", "tags": {"k": "v"}}}, "/metadata/tags/k"),
        ({"metadata": {"name": "a", "tags": {"k": [1]}}}, "/metadata/tags/k/0"),
        ({"metadata": {"name": "a", "tags": {"k": ["a\0"]}}}, "/metadata/tags/k/0"),
        ({"spec": {}}, "/spec/displayName"),
        ({"spec": {"displayName": ""}}, "/spec/displayName"),
        ({"spec": {"displayName": "x" * 256}}, "/spec/displayName"),
        ({"spec": {"displayName": "x", "platformBuilderAccessEnabled": "true"}}, "/spec/platformBuilderAccessEnabled"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(PATH, json=body(**change), headers=WORKSPACE)

    assert answer.status_code == 400
    assert answer.json()["field"] == field


async def test_names_of_provider_tests_are_accepted(tenancy: Tenancy) -> None:
    name = "test-ws-" + "a" * 24

    assert (await tenancy.admin().post(PATH, json=body(name), headers=WORKSPACE)).status_code == 201


async def test_a_workspace_cannot_be_renamed(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")

    answer = await tenancy.admin().put(f"{PATH}/shop", json=body("bank"), headers=WORKSPACE)

    assert answer.status_code == 400
    assert answer.json()["field"] == "/metadata/name"


async def test_a_name_is_given_once_and_never_again(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=body(), headers=WORKSPACE)
    assert (await admin.post(PATH, json=body(), headers=WORKSPACE)).status_code == 409
    await admin.delete(f"{PATH}/payments-team", headers=WORKSPACE)

    refused = await admin.post(PATH, json=body(), headers=WORKSPACE)

    assert refused.status_code == 409
    assert refused.json()["errorCode"] == "NameTaken"


async def test_a_deleted_workspace_is_gone_with_its_bindings_and_keys(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.workspace("shop")
    tenancy.user("jane")
    binding = {
        "metadata": {"name": "jane-shop"},
        "roleRef": {"name": "Workspace Manager"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "jane"},
    }
    bindings = "/api/meshobjects/meshworkspacebindings/userbindings"
    assert (await admin.post(bindings, json=binding, headers=USER_BINDING)).status_code == 201
    key = tenancy.key("shop", "WORKSPACE_LIST")

    deleted = await admin.delete(f"{PATH}/shop", headers=WORKSPACE)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await admin.get(f"{PATH}/shop", headers=WORKSPACE)).status_code == 404
    assert (await admin.put(f"{PATH}/shop", json=body("shop"), headers=WORKSPACE)).status_code == 404
    assert (await admin.delete(f"{PATH}/shop", headers=WORKSPACE)).status_code == 204
    assert (await admin.delete(f"{bindings}/jane-shop", headers=USER_BINDING)).status_code == 204
    assert (await key.get(f"{PATH}/shop", headers=WORKSPACE)).status_code == 401
    assert (await tenancy.person("jane").get(OWN)).json()["_embedded"] == {"meshWorkspaces": []}
    assert (await admin.delete(f"{PATH}/never-there", headers=WORKSPACE)).status_code == 404
    assert tenancy.titles().count("Workspace Deleted") == 1


async def test_a_workspace_with_contents_cannot_be_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.workspace("shop")
    project = {"metadata": {"name": "dev", "ownedByWorkspace": "shop"}, "spec": {"displayName": "Dev", "tags": {}}}
    await admin.post("/api/meshobjects/meshprojects", json=project, headers=PROJECT)

    refused = await admin.delete(f"{PATH}/shop", headers=WORKSPACE)

    assert refused.status_code == 409
    assert refused.json()["message"] == "workspace 'shop' still has 1 project"
    assert (await admin.get(f"{PATH}/shop", headers=WORKSPACE)).status_code == 200
    assert (await admin.delete("/api/meshobjects/meshprojects/shop.dev", headers=PROJECT)).status_code == 204
    assert (await admin.delete(f"{PATH}/shop", headers=WORKSPACE)).status_code == 204


async def test_every_kind_of_contents_is_asked(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspaces.uses.add(lambda _tx, workspace: [f"the runner of {workspace}"])

    refused = await tenancy.admin().delete(f"{PATH}/shop", headers=WORKSPACE)

    assert refused.json()["message"] == "workspace 'shop' still has the runner of shop"


async def test_a_foreign_workspace_is_not_found(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    stranger = tenancy.key("bank", "WORKSPACE_LIST", "WORKSPACE_SAVE", "WORKSPACE_DELETE")

    for name in ("shop", "never-there"):
        assert (await stranger.get(f"{PATH}/{name}", headers=WORKSPACE)).status_code == 404
        assert (await stranger.put(f"{PATH}/{name}", json=body(name), headers=WORKSPACE)).status_code == 404
        assert (await stranger.delete(f"{PATH}/{name}", headers=WORKSPACE)).status_code == 404


async def test_who_may_change_a_workspace_makes_no_other(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    writer = tenancy.key("shop", "WORKSPACE_SAVE")

    assert (await writer.get(f"{PATH}/shop", headers=WORKSPACE)).status_code == 403
    assert (await writer.put(f"{PATH}/shop", json=body("shop"), headers=WORKSPACE)).status_code == 200
    assert (await writer.post(PATH, json=body("new"), headers=WORKSPACE)).status_code == 403


async def test_a_person_makes_workspaces_and_owns_them_where_self_service_is_on(tenancy: Tenancy) -> None:
    tenancy.workspaces._self_service = True
    jane = tenancy.person("jane")

    assert (await jane.post(PATH, json=body(), headers=WORKSPACE)).status_code == 201

    assert [one["metadata"]["name"] for one in (await jane.get(OWN)).json()["_embedded"]["meshWorkspaces"]] == [
        "payments-team"
    ]
    bindings = (await jane.get(f"{OWN}/payments-team/bindings")).json()["_embedded"]["meshWorkspaceUserBindings"]
    assert [(one["roleRef"]["name"], one["subject"]["name"]) for one in bindings] == [("Workspace Owner", "jane")]
    assert len(bindings[0]["metadata"]["name"]) <= 45
    assert (
        await tenancy.key("admin", "WORKSPACE_SAVE").post(PATH, json=body("x"), headers=WORKSPACE)
    ).status_code == 403


async def test_a_person_makes_no_workspace_where_self_service_is_off(tenancy: Tenancy) -> None:
    assert (await tenancy.person("jane").post(PATH, json=body(), headers=WORKSPACE)).status_code == 403


async def test_the_list_shows_what_one_may_see_in_pages(tenancy: Tenancy) -> None:
    for name in ("c", "a", "b"):
        tenancy.clock.advance(1)
        tenancy.workspace(name)
    admin = tenancy.admin()

    first = (await admin.get(f"{OWN}?size=3")).json()
    second = (await admin.get(f"{OWN}?size=3&page=1")).json()

    assert [one["metadata"]["name"] for one in first["_embedded"]["meshWorkspaces"]] == ["admin", "c", "a"]
    assert [one["metadata"]["name"] for one in second["_embedded"]["meshWorkspaces"]] == ["b"]
    assert second["page"] == {"size": 3, "totalElements": 4, "totalPages": 2, "number": 1}
    assert set(second["_links"]) == {"self", "first", "last", "prev"}
    assert first["_links"]["next"]["href"] == f"http://blockyard.test{OWN}?page=1&size=3"
    own = (await tenancy.key("b", "WORKSPACE_LIST").get(OWN)).json()
    assert [one["metadata"]["name"] for one in own["_embedded"]["meshWorkspaces"]] == ["b"]
    assert (await tenancy.key("b", "PROJECT_LIST").get(OWN)).status_code == 403


async def test_media_types_are_compared_without_case_and_others_refused(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    lower = {name: value.lower() for name, value in WORKSPACE.items()}

    assert (await admin.post(PATH, json=body(), headers=lower)).status_code == 201
    plain = {**WORKSPACE, "Content-Type": "application/json"}
    assert (await admin.post(PATH, json=body("other"), headers=plain)).status_code == 415
    assert (await admin.get(f"{PATH}/payments-team", headers={"Accept": API_KEY["Accept"]})).status_code == 406


def test_other_services_ask_for_living_workspaces(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")

    assert tenancy.db.write_now(lambda tx: tenancy.workspaces.require_active(tx, "shop")).display_name == "Shop"
    assert tenancy.db.read_now(lambda tx: tenancy.workspaces.exists(tx, "shop"))
    assert not tenancy.db.read_now(lambda tx: tenancy.workspaces.exists(tx, "bank"))
    with pytest.raises(NotFound):
        tenancy.db.write_now(lambda tx: tenancy.workspaces.require_active(tx, "bank"))


async def test_a_request_without_a_credential_is_refused(tenancy: Tenancy) -> None:
    client = tenancy.client

    assert (await client.get(f"{PATH}/{uuid4()}", headers=WORKSPACE)).status_code == 401
    assert (await client.post(PATH, json=body(), headers=WORKSPACE)).status_code == 401
    assert (await client.get(OWN)).status_code == 401
