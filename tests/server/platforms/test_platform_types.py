"""Platform types over HTTP. Source: api.md 3.8, concepts.md 4, 23."""

import base64
from typing import Any

import pytest

from blockyard.server.kit.images import MAX_IMAGE_BYTES
from tests.support.places import a_custom_config, a_location, a_platform, a_platform_type
from tests.support.tenancy import LOCATION, PLATFORM, PLATFORM_TYPE, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshplatformtypes"
ONE = f"{PATH}/MAINFRAME"
PLATFORMS = "/api/meshobjects/meshplatforms"
OWN = "/api/blockyard/v1/platformtypes"


@pytest.fixture(autouse=True)
def _workspaces(tenancy: Tenancy) -> None:
    tenancy.builder("team", "bank")


async def test_a_platform_type_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    owner = tenancy.key("team", "PLATFORMINSTANCE_SAVE", "PLATFORMINSTANCE_LIST")

    created = await owner.post(PATH, json=a_platform_type(), headers=PLATFORM_TYPE)

    dates = {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None}
    uuid = created.json()["metadata"]["uuid"]
    assert (created.status_code, created.json()) == (
        201,
        a_platform_type()
        | {
            "metadata": a_platform_type()["metadata"] | {"uuid": uuid} | dates,
            "status": {"lifecycle": {"state": "ACTIVE"}},
            "_links": {"self": {"href": f"http://blockyard.test{ONE}"}},
        },
    )
    assert (await owner.get(ONE, headers=PLATFORM_TYPE)).json() == created.json()
    assert (await owner.put(ONE, json=created.json(), headers=PLATFORM_TYPE)).json() == created.json()
    assert "Platform Type Modified" not in tenancy.titles()


async def test_a_put_replaces_and_is_told_and_names_are_free_after_a_deletion(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(PATH, json=a_platform_type(), headers=PLATFORM_TYPE)
    taken = await admin.post(PATH, json=a_platform_type(workspace="bank"), headers=PLATFORM_TYPE)
    sent = a_platform_type(displayName="Z", defaultEndpoint=None)

    changed = await admin.put(ONE, json=sent, headers=PLATFORM_TYPE)

    assert (taken.status_code, taken.json()["errorCode"]) == (409, "NameTaken")
    assert changed.json()["spec"] == sent["spec"]
    assert [(await admin.delete(ONE, headers=PLATFORM_TYPE)).status_code for _ in range(2)] == [204, 204]
    assert (await admin.get(ONE, headers=PLATFORM_TYPE)).status_code == 404
    assert (await admin.post(PATH, json=a_platform_type(workspace="bank"), headers=PLATFORM_TYPE)).status_code == 201
    titles = [event.title for event in tenancy.all_events() if event.subject_kind == "meshPlatformType"]
    assert titles == [f"Platform Type {verb}" for verb in ("Created", "Modified", "Deleted", "Created")]


_TOO_LARGE = "data:image/png;base64," + base64.b64encode(b"x" * (MAX_IMAGE_BYTES + 1)).decode()


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"metadata": {"name": "Mainframe", "ownedByWorkspace": "team"}}, "InvalidName", "/metadata/name"),
        ({"metadata": {"name": "A--B", "ownedByWorkspace": "team"}}, "InvalidName", "/metadata/name"),
        ({"metadata": {"name": "A" * 151, "ownedByWorkspace": "team"}}, "InvalidName", "/metadata/name"),
        ({"spec": {"icon": "https://icons.example.org/a.png"}}, "BadIcon", "/spec/icon"),
        ({"spec": {"icon": "data:image/png;base64,A"}}, "BadIcon", "/spec/icon"),
        ({"spec": {"icon": _TOO_LARGE}}, "IconTooLarge", "/spec/icon"),
        ({"spec": {"category": "AWS"}}, "BuiltInCategory", "/spec/category"),
        ({"spec": {"category": "HOME"}}, "InvalidRequest", "/spec/category"),
        ({"spec": {"displayName": ""}}, "InvalidRequest", "/spec/displayName"),
    ],
)
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], code: str, field: str
) -> None:
    sent = a_platform_type()
    sent = {**sent, **change, "spec": sent["spec"] | change.get("spec", {})}

    answer = await tenancy.admin().post(PATH, json=sent, headers=PLATFORM_TYPE)

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, code, field)


async def test_built_in_types_are_there_for_everybody_and_stay(tenancy: Tenancy) -> None:
    tenancy.seed_places()
    tenancy.seed_places()
    admin, lister = tenancy.admin(), tenancy.key("bank", "PLATFORMINSTANCE_LIST")
    await admin.post(PATH, json=a_platform_type(), headers=PLATFORM_TYPE)

    async def names(query: str) -> list[str]:
        listed = (await lister.get(f"{PATH}{query}", headers=PLATFORM_TYPE)).json()
        return [one["metadata"]["name"] for one in listed["_embedded"]["meshPlatformTypes"]]

    assert len(await names("")) == 11
    assert await names("?category=AZURE_KUBERNETES_SERVICE") == ["AZURE_KUBERNETES_SERVICE"]
    assert await names("?category=CUSTOM&lifecycleStatus=ACTIVE") == ["MAINFRAME"]
    assert await names("?lifecycleStatus=DEACTIVATED") == []
    refused = await admin.delete(f"{PATH}/AWS", headers=PLATFORM_TYPE)
    assert (refused.status_code, refused.json()["errorCode"]) == (409, "BuiltIn")
    aws = (await lister.get(f"{PATH}/AWS", headers=PLATFORM_TYPE)).json()
    assert aws["metadata"]["ownedByWorkspace"] == "admin"
    as_custom = aws | {"spec": aws["spec"] | {"category": "CUSTOM"}}
    assert (await admin.put(f"{PATH}/AWS", json=as_custom, headers=PLATFORM_TYPE)).json()["field"] == "/spec/category"
    assert (await admin.put(f"{PATH}/AWS", json=aws, headers=PLATFORM_TYPE)).json() == aws


async def test_others_see_a_type_and_change_nothing(tenancy: Tenancy) -> None:
    await tenancy.admin().post(PATH, json=a_platform_type(), headers=PLATFORM_TYPE)
    other = tenancy.key("bank", *(f"PLATFORMINSTANCE_{verb}" for verb in ("LIST", "SAVE", "DELETE")))

    answers = [
        await other.get(ONE, headers=PLATFORM_TYPE),
        await other.put(ONE, json=a_platform_type(), headers=PLATFORM_TYPE),
        await other.delete(ONE, headers=PLATFORM_TYPE),
        await other.post(f"{OWN}/MAINFRAME/deactivate"),
        await tenancy.key("bank", "PROJECT_LIST").get(ONE, headers=PLATFORM_TYPE),
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403, 403, 404]


async def test_of_a_deactivated_type_there_are_no_new_platforms(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post("/api/meshobjects/meshlocations", json=a_location("global"), headers=LOCATION)
    await admin.post(PATH, json=a_platform_type(), headers=PLATFORM_TYPE)
    old = await admin.post(PLATFORMS, json=a_platform(), headers=PLATFORM)

    off = await admin.post(f"{OWN}/MAINFRAME/deactivate")

    assert off.json()["status"] == {"lifecycle": {"state": "DEACTIVATED"}}
    refused = await admin.post(PLATFORMS, json=a_platform("mf-test"), headers=PLATFORM)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "DeactivatedPlatformType")
    assert refused.json()["field"] == "/spec/config/custom/platformTypeRef/name"
    path = f"{PLATFORMS}/{old.json()['metadata']['uuid']}"
    assert (await admin.put(path, json=a_platform(displayName="Old"), headers=PLATFORM)).status_code == 200
    assert (await admin.post(f"{OWN}/MAINFRAME/activate")).json()["status"] == {"lifecycle": {"state": "ACTIVE"}}
    assert (await admin.post(PLATFORMS, json=a_platform("mf-test"), headers=PLATFORM)).status_code == 201


async def test_a_type_stays_while_a_platform_has_it(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post("/api/meshobjects/meshlocations", json=a_location("global"), headers=LOCATION)
    for name in ("MAINFRAME", "SPARE"):
        await admin.post(PATH, json=a_platform_type(name), headers=PLATFORM_TYPE)
    made = (await admin.post(PLATFORMS, json=a_platform(), headers=PLATFORM)).json()

    refused = await admin.delete(ONE, headers=PLATFORM_TYPE)

    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "platform type 'MAINFRAME' is still used by platform 'mf-prod.global'",
    )
    moved = a_platform(config=a_custom_config("SPARE"))
    path = f"{PLATFORMS}/{made['metadata']['uuid']}"
    assert (await admin.put(path, json=moved, headers=PLATFORM)).status_code == 200
    assert (await admin.delete(ONE, headers=PLATFORM_TYPE)).status_code == 204
