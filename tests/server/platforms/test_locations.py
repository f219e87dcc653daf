"""Locations over HTTP. Source: api.md 3.6, concepts.md 4, 23."""

from typing import Any

import pytest

from tests.support.places import a_location, a_platform, a_platform_type
from tests.support.tenancy import LOCATION, PLATFORM, PLATFORM_TYPE, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshlocations"
ONE = f"{PATH}/fra-dc1"


@pytest.fixture(autouse=True)
def _workspaces(tenancy: Tenancy) -> None:
    tenancy.builder("team", "bank")


async def test_a_location_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    owner = tenancy.key("team", "PLATFORMINSTANCE_SAVE", "PLATFORMINSTANCE_LIST")

    created = await owner.post(PATH, json=a_location(), headers=LOCATION)

    uuid = created.json()["metadata"]["uuid"]
    dates = {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None}
    assert (created.status_code, created.json()) == (
        201,
        a_location()
        | {
            "metadata": a_location()["metadata"] | {"uuid": uuid} | dates,
            "status": {"isPublic": False},
            "_links": {"self": {"href": f"http://blockyard.test{ONE}"}},
        },
    )
    assert (await owner.get(ONE, headers=LOCATION)).json() == created.json()
    assert (await owner.put(ONE, json=created.json(), headers=LOCATION)).json() == created.json()
    assert "Location Modified" not in tenancy.titles()


async def test_a_put_replaces_and_is_told_and_names_are_free_after_a_deletion(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=a_location(), headers=LOCATION)
    taken = await admin.post(PATH, json=a_location(workspace="bank"), headers=LOCATION)

    changed = await admin.put(ONE, json=a_location(displayName="New", description=""), headers=LOCATION)

    assert (taken.status_code, taken.json()["errorCode"]) == (409, "NameTaken")
    assert changed.json()["spec"] == {"displayName": "New", "description": ""}
    assert [(await admin.delete(ONE, headers=LOCATION)).status_code for _ in range(2)] == [204, 204]
    assert (await admin.get(ONE, headers=LOCATION)).status_code == 404
    assert (await admin.post(PATH, json=a_location(workspace="bank"), headers=LOCATION)).status_code == 201
    titles = [event.title for event in tenancy.all_events() if event.subject_kind == "meshLocation"]
    assert titles == [f"Location {verb}" for verb in ("Created", "Modified", "Deleted", "Created")]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "a.b", "ownedByWorkspace": "team"}}, "/metadata/name"),
        ({"metadata": {"name": "a"}}, "/metadata/ownedByWorkspace"),
        ({"spec": {"displayName": "A"}}, "/spec/description"),
        ({"spec": {"displayName": " ", "description": ""}}, "/spec/displayName"),
        ({"spec": {"displayName": "A", "description": 5}}, "/spec/description"),
    ],
)
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(PATH, json=a_location() | change, headers=LOCATION)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_name_and_workspace_never_change(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=a_location(), headers=LOCATION)

    for sent, field in (
        (a_location("other"), "/metadata/name"),
        (a_location(workspace="bank"), "/metadata/ownedByWorkspace"),
    ):
        answer = await admin.put(ONE, json=sent, headers=LOCATION)
        assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, "Immutable", field)


async def test_public_locations_are_there_for_everybody_and_stay(tenancy: Tenancy) -> None:
    tenancy.seed_places()
    tenancy.seed_places()
    admin, bank = tenancy.admin(), tenancy.key("bank")
    await admin.post(PATH, json=a_location(), headers=LOCATION)
    lister = tenancy.key("bank", "PLATFORMINSTANCE_LIST")

    listed = (await lister.get(PATH, headers=LOCATION)).json()["_embedded"]["meshLocations"]
    shown = await lister.get(f"{PATH}/global", headers=LOCATION)
    refused = await admin.delete(f"{PATH}/global", headers=LOCATION)

    assert [one["metadata"]["name"] for one in listed] == [
        "global",
        "meshcloud-azure-dev",
        "aws-meshstack-dev",
        "gcp-meshstack-dev",
        "eu-de-central",
        "openshift",
    ]
    assert shown.json()["status"] == {"isPublic": True}
    assert (refused.status_code, refused.json()["errorCode"]) == (409, "BuiltIn")
    assert (await lister.put(f"{PATH}/global", json=shown.json(), headers=LOCATION)).status_code == 403
    everything = (await bank.get(PATH, headers=LOCATION)).json()["page"]["totalElements"]
    of_team = (await bank.get(f"{PATH}?ownedByWorkspace=team", headers=LOCATION)).json()["page"]["totalElements"]
    assert (everything, of_team) == (7, 1)  # a key with every permission


async def test_to_strangers_a_location_is_as_one_that_is_not_there(tenancy: Tenancy) -> None:
    await tenancy.admin().post(PATH, json=a_location(), headers=LOCATION)
    stranger = tenancy.key("bank", *(f"PLATFORMINSTANCE_{verb}" for verb in ("LIST", "SAVE", "DELETE")))

    for method, content in (("GET", None), ("PUT", a_location()), ("DELETE", None)):
        answer = await stranger.request(method, ONE, json=content, headers=LOCATION)
        assert answer.status_code == 404
    assert (await stranger.get(PATH, headers=LOCATION)).json()["page"]["totalElements"] == 0


async def test_a_location_needs_a_platform_builder_and_stays_while_a_platform_names_it(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    admin = tenancy.admin()
    shop = tenancy.key("shop", "PLATFORMINSTANCE_SAVE")
    not_a_builder = await shop.post(PATH, json=a_location(workspace="shop"), headers=LOCATION)
    await admin.post(PATH, json=a_location(), headers=LOCATION)
    await admin.post("/api/meshobjects/meshplatformtypes", json=a_platform_type(), headers=PLATFORM_TYPE)
    sent = a_platform(locationRef={"name": "fra-dc1"})
    platform = (await admin.post("/api/meshobjects/meshplatforms", json=sent, headers=PLATFORM)).json()

    refused = await admin.delete(ONE, headers=LOCATION)
    with_workspace = await admin.delete("/api/meshobjects/meshworkspaces/team", headers=WORKSPACE)

    assert not_a_builder.status_code == 403
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "location 'fra-dc1' is still used by platform 'mf-prod.fra-dc1'",
    )
    assert with_workspace.json()["message"] == ("workspace 'team' still has 1 location, 1 platform type, 1 platform")
    path = f"/api/meshobjects/meshplatforms/{platform['metadata']['uuid']}"
    assert (await admin.delete(path, headers=PLATFORM)).status_code == 204
    assert (await admin.delete(ONE, headers=LOCATION)).status_code == 204
