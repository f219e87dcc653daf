"""Platforms over HTTP, but for their configurations. Source: api.md 3.9, 2.7, concepts.md 4, 23."""

import asyncio
from typing import Any

import pytest

from tests.support.places import QUOTA, a_custom_config, a_location, a_platform, an_availability
from tests.support.tenancy import LOCATION, PLATFORM, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshplatforms"
WORKSPACES = "/api/meshobjects/meshworkspaces"
CODES = tuple(f"PLATFORMINSTANCE_{verb}" for verb in ("LIST", "SAVE", "DELETE"))


async def made(tenancy: Tenancy, name: str = "mf-prod", workspace: str = "team", **spec: Any) -> Any:
    """Make a platform as an administrator."""
    answer = await tenancy.admin().post(PATH, json=a_platform(name, workspace, **spec), headers=PLATFORM)
    assert answer.status_code == 201, answer.text
    return answer.json()


def one(platform: Any) -> str:
    """Return the address of a platform."""
    return f"{PATH}/{platform['metadata']['uuid']}"


async def test_a_platform_is_returned_as_it_was_sent(places: Tenancy) -> None:
    sent = a_platform(
        supportUrl="https://help.example.org",
        documentationUrl="https://docs.example.org",
        accessInformation="# How\n\nto",
        contributingWorkspaces=["bank", "shop"],
        availability=an_availability("RESTRICTED", "PUBLISHED", "shop", "bank"),
        config=a_custom_config() | {"odd": {"kept": [1, None, "x"]}},
    )

    created = await places.admin().post(PATH, json=sent, headers=PLATFORM)

    uuid = created.json()["metadata"]["uuid"]
    assert created.status_code == 201
    dates = {"createdOn": "2026-01-01T12:00:00Z", "deletedOn": None}
    assert created.json()["metadata"] == {"name": "mf-prod", "ownedByWorkspace": "team", "uuid": uuid} | dates
    assert created.json()["spec"] == sent["spec"]
    assert (await places.admin().get(one(created.json()), headers=PLATFORM)).json() == created.json()
    again = await places.admin().put(one(created.json()), json=created.json(), headers=PLATFORM)
    assert again.json() == created.json()
    assert "Platform Modified" not in places.titles()


async def test_a_workspace_that_is_deleted_is_named_by_no_platform_any_more(places: Tenancy) -> None:
    shown = an_availability("RESTRICTED", "PUBLISHED", "shop", "bank")
    platform = await made(places, contributingWorkspaces=["bank", "shop"], availability=shown)

    assert (await places.admin().delete(f"{WORKSPACES}/bank", headers=WORKSPACE)).status_code == 204

    spec = (await places.admin().get(one(platform), headers=PLATFORM)).json()["spec"]
    assert spec == platform["spec"] | {
        "contributingWorkspaces": ["shop"],
        "availability": an_availability("RESTRICTED", "PUBLISHED", "shop"),
    }
    assert places.titles().count("Platform Modified") == 1
    assert (await places.admin().delete(f"{WORKSPACES}/shop", headers=WORKSPACE)).status_code == 204
    left = (await places.admin().get(one(platform), headers=PLATFORM)).json()
    assert (left["spec"]["contributingWorkspaces"], left["spec"]["availability"]["restriction"]) == ([], "PRIVATE")
    assert (await places.admin().put(one(platform), json=left, headers=PLATFORM)).json() == left


async def test_what_is_not_sent_is_empty_or_null(places: Tenancy) -> None:
    sent = a_platform()
    del sent["spec"]["contributingWorkspaces"], sent["spec"]["quotaDefinitions"]

    spec = (await places.admin().post(PATH, json=sent, headers=PLATFORM)).json()["spec"]

    assert spec["availability"] == {
        "restriction": "PUBLIC",
        "publicationState": "PUBLISHED",
        "restrictedToWorkspaces": [],
    }
    assert (spec["contributingWorkspaces"], spec["quotaDefinitions"]) == ([], [])
    assert [spec[name] for name in ("supportUrl", "documentationUrl", "accessInformation")] == [None] * 3
    assert spec["config"] == a_custom_config()  # without 'metering'


async def test_a_put_replaces_everything_and_is_told(places: Tenancy) -> None:
    platform = await made(places, supportUrl="https://help.example.org")
    admin = places.admin()

    changed = await admin.put(one(platform), json=a_platform(displayName="New", quotaDefinitions=[]), headers=PLATFORM)
    await admin.delete(one(platform), headers=PLATFORM)
    await admin.delete(one(platform), headers=PLATFORM)

    assert (changed.json()["spec"]["supportUrl"], changed.json()["spec"]["quotaDefinitions"]) == (None, [])
    events = [event for event in places.all_events() if event.subject_kind == "meshPlatform"]
    titles = [event.title for event in events if "Publication" not in event.title]
    assert titles == [f"Platform {verb}" for verb in ("Created", "Modified", "Deleted")]
    assert (await admin.get(one(platform), headers=PLATFORM)).status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("spec", "code", "field"),
    [
        ({"endpoint": "console"}, "BadUrl", "/spec/endpoint"),
        ({"endpoint": "javascript:alert(1)"}, "BadUrl", "/spec/endpoint"),
        ({"locationRef": {"name": "moon"}}, "UnknownLocation", "/spec/locationRef/name"),
        ({"locationRef": {"name": "global", "kind": "meshPlatform"}}, "InvalidRequest", "/spec/locationRef/kind"),
        ({"contributingWorkspaces": ["bank", "none"]}, "UnknownWorkspace", "/spec/contributingWorkspaces/1"),
        (
            {"availability": an_availability("RESTRICTED")},
            "WrongRestriction",
            "/spec/availability/restrictedToWorkspaces",
        ),
        (
            {"availability": an_availability("PRIVATE", "PUBLISHED", "team", "bank")},
            "WrongRestriction",
            "/spec/availability/restrictedToWorkspaces",
        ),
        (
            {"availability": an_availability("PUBLIC", "PUBLISHED", "bank")},
            "WrongRestriction",
            "/spec/availability/restrictedToWorkspaces",
        ),
        (
            {"availability": an_availability("RESTRICTED", "PUBLISHED", "none")},
            "UnknownWorkspace",
            "/spec/availability/restrictedToWorkspaces/0",
        ),
        ({"availability": an_availability("OPEN")}, "InvalidRequest", "/spec/availability/restriction"),
        ({"availability": an_availability("PUBLIC", "REJECTED")}, "ReviewState", "/spec/availability/publicationState"),
        ({"quotaDefinitions": [QUOTA, QUOTA]}, "DuplicateQuota", "/spec/quotaDefinitions/1/quotaKey"),
        ({"quotaDefinitions": [QUOTA | {"minValue": 65}]}, "EmptyRange", "/spec/quotaDefinitions/0/minValue"),
        ({"quotaDefinitions": [QUOTA | {"minValue": "1"}]}, "InvalidRequest", "/spec/quotaDefinitions/0/minValue"),
        ({"config": None}, "WrongValue", "/spec/config"),
        ({"config": {"type": "home"}}, "WrongValue", "/spec/config/type"),
        ({"config": {"type": "custom"}}, "Missing", "/spec/config/custom"),
        (
            {"config": a_custom_config("NONE")},
            "UnknownPlatformType",
            "/spec/config/custom/platformTypeRef/name",
        ),
    ],
)
async def test_a_bad_member_is_refused_by_name(places: Tenancy, spec: dict[str, Any], code: str, field: str) -> None:
    answer = await places.admin().post(PATH, json=a_platform(**spec), headers=PLATFORM)

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, code, field)


async def test_name_workspace_and_type_of_configuration_never_change(places: Tenancy) -> None:
    platform = await made(places)
    kubernetes = {"type": "kubernetes", "kubernetes": {"baseUrl": "https://k8s.test", "disableSslValidation": True}}

    for sent, field in (
        (a_platform("other"), "/metadata/name"),
        (a_platform(workspace="bank"), "/metadata/ownedByWorkspace"),
        (a_platform(config=kubernetes), "/spec/config/type"),
    ):
        answer = await places.admin().put(one(platform), json=sent, headers=PLATFORM)
        assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, "Immutable", field)


async def test_an_identifier_is_given_once_for_ever(places: Tenancy) -> None:
    admin = places.admin()
    answers = await asyncio.gather(
        *(admin.post(PATH, json=a_platform(workspace=owner), headers=PLATFORM) for owner in ("team", "bank") * 2)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    elsewhere = await made(places, locationRef={"name": "openshift"})

    moved = await admin.put(one(elsewhere), json=a_platform(), headers=PLATFORM)
    await admin.delete(one(first), headers=PLATFORM)
    reused = await admin.post(PATH, json=a_platform(), headers=PLATFORM)

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in (moved, reused)] == [(409, "NameTaken")] * 2


async def test_a_location_of_another_workspace_is_not_named(places: Tenancy) -> None:
    await places.admin().post("/api/meshobjects/meshlocations", json=a_location(workspace="bank"), headers=LOCATION)
    sent = a_platform(locationRef={"name": "fra-dc1"})

    refused = await places.key("team", *CODES).post(PATH, json=sent, headers=PLATFORM)

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "UnknownLocation")
    assert (await places.admin().post(PATH, json=sent, headers=PLATFORM)).status_code == 201


async def test_the_list_filters_and_pages_oldest_first(places: Tenancy) -> None:
    await made(places, "a", displayName="Alpha", contributingWorkspaces=["bank"])
    places.clock.advance(1)
    await made(places, "b", "bank", availability=an_availability("PRIVATE", "UNPUBLISHED", "bank"))
    places.clock.advance(1)
    kubernetes = {"type": "kubernetes", "kubernetes": {"baseUrl": "https://k8s.test", "disableSslValidation": True}}
    await made(places, "c", locationRef={"name": "openshift"}, config=kubernetes)
    gone = await made(places, "gone")
    await places.admin().delete(one(gone), headers=PLATFORM)

    async def names(query: str) -> list[str]:
        listed = (await places.admin().get(f"{PATH}{query}", headers=PLATFORM)).json()
        return [item["metadata"]["name"] for item in listed["_embedded"]["meshPlatforms"]]

    assert await names("") == ["a", "b", "c"]
    assert await names("?size=2&page=1") == ["c"]
    assert await names("?ownedByWorkspace=team") == ["a", "c"]
    assert await names("?identifier=a") == ["a"]
    assert await names("?locationIdentifier=openshift") == ["c"]
    assert await names("?displayName=Alpha") == ["a"]
    assert await names("?restriction=PRIVATE") == ["b"]
    assert await names("?publicationState=PUBLISHED&restriction=PUBLIC") == ["a", "c"]
    assert await names("?contributingWorkspace=bank") == ["a"]
    assert await names("?platformTypeIdentifier=KUBERNETES") == ["c"]
    assert await names("?platformTypeIdentifier=nothing") == []


async def test_consumers_see_what_is_published_for_them_without_its_configuration(places: Tenancy) -> None:
    public = await made(places, "public")
    await made(places, "hidden", availability=an_availability("PUBLIC", "UNPUBLISHED"))
    await made(places, "private", availability=an_availability("PRIVATE", "PUBLISHED", "team"))
    await made(places, "for-bank", availability=an_availability("RESTRICTED", "PUBLISHED", "team", "bank"))
    await made(places, "for-shop", availability=an_availability("RESTRICTED", "PUBLISHED", "shop"))
    contributed = await made(
        places, "contributed", availability=an_availability("PUBLIC", "UNPUBLISHED"), contributingWorkspaces=["bank"]
    )
    own = await made(places, "own", "bank", availability=an_availability("PRIVATE", "UNPUBLISHED"))
    consumer = places.key("bank", "PLATFORMINSTANCE_LIST")

    listed = (await consumer.get(PATH, headers=PLATFORM)).json()["_embedded"]["meshPlatforms"]

    with_config = {item["metadata"]["name"]: "config" in item["spec"] for item in listed}
    assert with_config == {"public": False, "for-bank": False, "contributed": False, "own": True}
    shown = [(await consumer.get(one(item), headers=PLATFORM)).json()["spec"] for item in (public, contributed, own)]
    assert ["config" in spec for spec in shown] == [False, False, True]


async def test_to_strangers_a_platform_is_as_one_that_is_not_there(places: Tenancy) -> None:
    hidden = await made(places, "hidden", availability=an_availability("PUBLIC", "UNPUBLISHED"))
    public = await made(places, "public")
    stranger = places.key("bank", *CODES)

    for method, content in (("GET", None), ("PUT", a_platform("hidden")), ("DELETE", None)):
        answer = await stranger.request(method, one(hidden), json=content, headers=PLATFORM)
        assert answer.status_code == 404
    for method, content in (("PUT", a_platform("public")), ("DELETE", None)):
        answer = await stranger.request(method, one(public), json=content, headers=PLATFORM)
        assert answer.status_code == 403


async def test_the_owner_asks_for_a_review_and_an_administrator_publishes(places: Tenancy) -> None:
    owner, admin = places.key("team", *CODES), places.admin()

    def state(answer: Any) -> str:
        return str(answer.json()["spec"]["availability"]["publicationState"])

    asked = await owner.post(PATH, json=a_platform(), headers=PLATFORM)
    address = one(asked.json())
    assert state(asked) == "REQUESTED"
    assert state(await owner.put(address, json=asked.json(), headers=PLATFORM)) == "REQUESTED"
    assert state(await owner.put(address, json=a_platform(), headers=PLATFORM)) == "REQUESTED"
    assert state(await admin.put(address, json=a_platform(), headers=PLATFORM)) == "PUBLISHED"
    assert state(await owner.put(address, json=a_platform(displayName="New"), headers=PLATFORM)) == "PUBLISHED"
    taken_back = a_platform(availability=an_availability("PUBLIC", "UNPUBLISHED"))
    assert state(await owner.put(address, json=taken_back, headers=PLATFORM)) == "UNPUBLISHED"


async def test_platforms_are_for_platform_builders(places: Tenancy) -> None:
    places.workspace("reader")

    sent = a_platform(workspace="reader", availability={"restriction": "PRIVATE", "publicationState": "UNPUBLISHED"})

    owner = await places.key("reader", "PLATFORMINSTANCE_SAVE").post(PATH, json=sent, headers=PLATFORM)
    administrator = await places.admin().post(PATH, json=sent, headers=PLATFORM)

    assert (owner.status_code, owner.json()["errorCode"]) == (403, "PlatformBuilderNeeded")
    assert administrator.status_code == 201
