"""A directory provisions people and groups. Source: RFC 7643, RFC 7644."""

from typing import Any

import httpx2
import pytest

from tests.support.tenancy import API_KEY, GROUP_BINDING, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
SCIM = "/api/blockyard/scim/v2"
USERS, GROUPS = f"{SCIM}/Users", f"{SCIM}/Groups"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def a_user(username: str = "jane", **members: Any) -> dict[str, Any]:
    """Return a person as a directory sends them, with what is not kept here."""
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"x-{username}",
        "userName": username,
        "name": {"givenName": username.title(), "familyName": "Doe", "formatted": f"{username.title()} Doe"},
        "emails": [
            {"value": f"{username}@home.test", "type": "home"},
            {"value": f"{username}@corp.local", "type": "work", "primary": True},
        ],
        "active": True,
        "title": "Dr",
        ENTERPRISE: {"department": "Sales"},
    } | members


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return the message of a PATCH."""
    return {"schemas": [PATCH], "Operations": [*operations]}


def member(uuid: str) -> dict[str, str]:
    """Return a person in a group, as a directory is shown them."""
    return {"value": uuid, "$ref": f"http://blockyard.test{USERS}/{uuid}", "type": "User"}


@pytest.fixture
def directory(tenancy: Tenancy) -> httpx2.AsyncClient:
    """Return a client with the key of a directory."""
    client = tenancy.key("admin", "ADM_USER_LIST", "ADM_USER_SAVE", "ADM_USER_DELETE")
    client.headers["Content-Type"] = "application/scim+json"
    return client


async def provisioned(directory: httpx2.AsyncClient, name: str = "jane") -> str:
    """Provision a person; return their id."""
    made = await directory.post(USERS, json=a_user(name))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_person_is_provisioned_and_found_without_regard_to_case(
    tenancy: Tenancy, directory: httpx2.AsyncClient
) -> None:
    made = await directory.post(USERS, json=a_user())

    assert made.status_code == 201
    assert made.headers["content-type"] == "application/scim+json"
    uuid = made.json()["id"]
    location = f"http://blockyard.test{USERS}/{uuid}"
    assert made.headers["location"] == location
    assert made.json() == {
        "schemas": [USER],
        "id": uuid,
        "externalId": "x-jane",
        "userName": "jane",
        "name": {"givenName": "Jane", "familyName": "Doe"},
        "displayName": "Jane Doe",
        "emails": [{"value": "jane@corp.local", "type": "work", "primary": True}],
        "active": True,
        "meta": {"resourceType": "User", "created": "2026-01-01T12:00:00Z", "location": location},
    }
    assert (await directory.get(f"{USERS}/{uuid}")).json() == made.json()
    for wanted in ('userName eq "JANE"', 'externalId eq "x-jane"', 'emails.value eq "Jane@corp.local"'):
        found = (await directory.get(USERS, params={"filter": wanted})).json()
        assert (found["totalResults"], found["Resources"]) == (1, [made.json()])
    none = (await directory.get(USERS, params={"filter": 'userName eq "joe"'})).json()
    assert (none["totalResults"], none["Resources"]) == (0, [])
    login = {"username": "jane", "password": ""}
    assert (await tenancy.client.post("/api/blockyard/v1/login", json=login)).status_code == 401


@pytest.mark.parametrize("value", [False, "False"])
async def test_a_leaver_loses_access_at_once_and_may_come_back(
    tenancy: Tenancy, directory: httpx2.AsyncClient, value: object
) -> None:
    uuid = await provisioned(directory)
    tenancy.workspace("shop")
    tenancy.member("shop", "jane")
    jane = tenancy.person("jane")
    assert (await jane.get("/api/blockyard/v1/me")).status_code == 200

    left = await directory.patch(f"{USERS}/{uuid}", json=patch({"op": "Replace", "path": "active", "value": value}))

    assert (left.status_code, left.json()["active"]) == (200, False)
    assert (await jane.get("/api/blockyard/v1/me")).status_code == 401
    back = await directory.patch(f"{USERS}/{uuid}", json=patch({"op": "replace", "value": {"active": True}}))
    assert back.json()["active"] is True
    assert tenancy.titles()[-2:] == ["User Locked", "User Unlocked"]


async def test_a_person_is_changed_by_put_and_patch_and_deleted(
    directory: httpx2.AsyncClient, tenancy: Tenancy
) -> None:
    uuid = await provisioned(directory)
    path = f"{USERS}/{uuid}"

    replaced = await directory.put(path, json=a_user(name={"givenName": "Jane", "familyName": "Roe"}, active=False))
    work = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "roe@corp.local"}
    patched = await directory.patch(path, json=patch(work, {"op": "add", "path": "name.givenName", "value": "J."}))

    assert (replaced.json()["name"]["familyName"], replaced.json()["active"]) == ("Roe", False)
    assert patched.json()["emails"][0]["value"] == "roe@corp.local"
    assert patched.json()["name"] == {"givenName": "J.", "familyName": "Roe"}
    assert (await directory.delete(path)).status_code == 204
    assert (await directory.delete(path)).status_code == 204
    assert (await directory.get(path)).status_code == 404
    assert tenancy.titles()[-1] == "User Deleted"


async def test_a_group_follows_the_directory_and_its_members_have_its_roles(
    tenancy: Tenancy, directory: httpx2.AsyncClient
) -> None:
    jane, joe = await provisioned(directory), await provisioned(directory, "joe")
    sent = {"schemas": [GROUP], "displayName": "Cloud Team", "externalId": "g-1", "members": [{"value": jane}]}

    made = await directory.post(GROUPS, json=sent)

    assert made.status_code == 201
    path = f"{GROUPS}/{made.json()['id']}"
    assert made.json()["members"] == [member(jane)]
    tenancy.workspace("shop")
    binding = {
        "metadata": {"name": "cloud"},
        "roleRef": {"name": "Workspace Manager"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "Cloud-Team"},
    }
    bindings = "/api/meshobjects/meshworkspacebindings/groupbindings"
    assert (await tenancy.admin().post(bindings, json=binding, headers=GROUP_BINDING)).status_code == 201
    add = {"op": "Add", "path": "members", "value": [{"value": joe}]}
    remove = {"op": "Remove", "path": f'members[value eq "{jane}"]'}
    changed = await directory.patch(
        path, json=patch(add, remove, {"op": "replace", "path": "displayName", "value": "T"})
    )
    assert (changed.json()["displayName"], changed.json()["members"]) == ("T", [member(joe)])
    shop = "/api/meshobjects/meshworkspaces/shop"
    assert (await tenancy.person("joe").get(shop, headers=WORKSPACE)).status_code == 200
    assert (await tenancy.person("jane").get(shop, headers=WORKSPACE)).status_code == 404
    found = (
        await directory.get(GROUPS, params={"filter": 'displayName eq "T"', "excludedAttributes": "members"})
    ).json()
    assert [group["id"] for group in found["Resources"]] == [made.json()["id"]]
    assert "members" not in found["Resources"][0]
    replaced = await directory.put(path, json={**sent, "displayName": "T", "members": []})
    assert replaced.json().get("members", []) == []
    assert (await directory.delete(path)).status_code == 204
    assert (await directory.get(path)).status_code == 404


async def test_lists_begin_anywhere(directory: httpx2.AsyncClient) -> None:
    for name in ("ann", "bob", "cid"):
        await provisioned(directory, name)

    middle = (await directory.get(USERS, params={"startIndex": 2, "count": 1})).json()
    counted = (await directory.get(USERS, params={"count": 0})).json()

    assert [user["userName"] for user in middle["Resources"]] == ["bob"]
    assert (middle["totalResults"], middle["startIndex"], middle["itemsPerPage"]) == (3, 2, 1)
    assert (counted["totalResults"], counted["Resources"]) == (3, [])


async def test_what_is_wrong_is_said_in_the_shape_of_the_standard(
    tenancy: Tenancy, directory: httpx2.AsyncClient
) -> None:
    uuid = await provisioned(directory)
    reader = tenancy.key("admin", "ADM_USER_LIST")
    answers = {
        "uniqueness": await directory.post(USERS, json=a_user("JANE")),
        "invalidValue": await directory.post(USERS, json=a_user("a b")),
        "mutability": await directory.patch(
            f"{USERS}/{uuid}", json=patch({"op": "replace", "path": "userName", "value": "joe"})
        ),
        "invalidFilter": await directory.get(USERS, params={"filter": "userName xx"}),
        "invalidSyntax": await directory.post(USERS, content=b"{"),
    }
    for scim_type, answer in answers.items():
        status = 409 if scim_type == "uniqueness" else 400
        assert answer.status_code == status, answer.text
        assert answer.json()["schemas"] == [ERROR]
        assert (answer.json()["status"], answer.json()["scimType"]) == (str(status), scim_type)
        assert answer.json()["detail"]
    others = [
        await directory.post(USERS, json={"schemas": [USER]}),
        await directory.get(USERS, params={"filter": 'userName co "j"'}),
        await directory.patch(f"{USERS}/{uuid}", json={"schemas": [PATCH]}),
        await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": "G", "members": [{"value": "x"}]}),
    ]
    assert [answer.status_code for answer in others] == [400] * len(others)
    unclear = await directory.patch(
        f"{USERS}/{uuid}", json=patch({"op": "replace", "path": "active", "value": "maybe"})
    )
    assert unclear.json()["detail"] == "active must be true or false: correct it and send the request again"
    assert (await directory.get(f"{USERS}/nobody")).status_code == 404
    assert (await reader.post(USERS, json=a_user("joe"))).status_code == 403
    assert (await tenancy.client.get(USERS)).json()["status"] == "401"
    assert (await tenancy.key("admin", "ADM_APIKEY_LIST").get(GROUPS)).status_code == 403


async def test_a_directory_can_ask_what_is_supported(directory: httpx2.AsyncClient) -> None:
    configuration = (await directory.get(f"{SCIM}/ServiceProviderConfig")).json()
    types = (await directory.get(f"{SCIM}/ResourceTypes")).json()["Resources"]
    schema = (await directory.get(f"{SCIM}/Schemas/{USER}")).json()

    assert [configuration[name]["supported"] for name in ("patch", "filter", "bulk", "sort")] == [
        True,
        True,
        False,
        False,
    ]
    assert [(each["endpoint"], each["schema"]) for each in types] == [("/Users", USER), ("/Groups", GROUP)]
    assert {each["name"] for each in schema["attributes"]} >= {"userName", "active", "emails"}
    assert (await directory.get(f"{SCIM}/Bulk")).status_code == 404


BEYOND = ["9" * 19, str(10**30), "9" * 5000]


async def test_a_list_that_is_asked_for_from_beyond_its_end_is_empty(directory: httpx2.AsyncClient) -> None:
    await provisioned(directory)

    for number in BEYOND:
        for path in (USERS, GROUPS):
            beyond = await directory.get(path, params={"startIndex": number, "count": number})
            before = await directory.get(path, params={"startIndex": f"-{number}", "count": f"-{number}"})
            assert (beyond.status_code, beyond.json()["Resources"]) == (200, [])
            assert (before.status_code, before.json()["Resources"], before.json()["startIndex"]) == (200, [], 1)
    for path in (f"{USERS}/.search", f"{GROUPS}/.search", f"{SCIM}/.search"):
        asked = {"schemas": [SEARCH], "startIndex": 10**30, "count": 10**30}
        found = await directory.post(path, json=asked)
        assert (found.status_code, found.json()["Resources"]) == (200, [])
    every = (await directory.get(USERS, params={"startIndex": str(-(10**30)), "count": str(10**30)})).json()
    assert (every["startIndex"], every["itemsPerPage"]) == (1, 1)


@pytest.mark.one_database
async def test_refusals_that_come_before_a_route_have_the_shape_of_the_standard(
    directory: httpx2.AsyncClient, tenancy: Tenancy
) -> None:
    deep = b'{"userName":' + b"[" * 3000 + b"]" * 3000 + b"}"
    answers = [
        (await directory.post(USERS, content=deep), 400),
        (await directory.post(USERS, content=b"\xff"), 400),
        (await directory.post(USERS, json=[]), 400),
        (await directory.get(f"{USERS}?filter=userName%20eq%20%22a%00%22"), 400),
        (await directory.post(USERS, content=b"{" + b" " * 20_000_000), 413),
        (await directory.post(f"{SCIM}/Bulk", json={}), 405),
        (await directory.put(USERS, json={}), 405),
        (await directory.get(f"{SCIM}/nowhere/at/all"), 404),
        (await directory.get(SCIM), 404),
        (await directory.get(f"{SCIM}/"), 404),
        (await tenancy.client.get(f"{SCIM}/nowhere"), 401),
    ]

    for answer, status in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/scim+json"), answer.text
        assert (answer.json()["schemas"], answer.json()["status"]) == ([ERROR], str(status))
        assert answer.json()["detail"]
        assert answer.json().keys() <= {"schemas", "status", "scimType", "detail"}
    assert "www-authenticate" in answers[-1][0].headers
    assert [answer.json()["scimType"] for answer, _ in answers[:4]] == ["invalidSyntax"] * 4


@pytest.mark.one_database
async def test_what_only_the_server_says_is_ignored_whatever_a_directory_sends_there(
    directory: httpx2.AsyncClient,
) -> None:
    odd = {"id": 5, "meta": {"created": "yesterday", "version": 7}, "groups": "all"}

    made = await directory.post(USERS, json=a_user() | odd)
    replaced = await directory.put(f"{USERS}/{made.json()['id']}", json=a_user() | odd | {"meta": 5})
    group = await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": "G"} | odd)

    assert [answer.status_code for answer in (made, replaced, group)] == [201, 200, 201], made.text
    assert made.json()["meta"]["created"] == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({"userName": None}, "userName is missing: send a value"),
        ({"userName": 5}, "userName must be text: correct it and send the request again"),
        ({"emails": "jane"}, "emails must be an array: correct it and send the request again"),
        ({"emails": [{"value": 3}]}, "emails[0].value must be text: correct it and send the request again"),
        ({"name": []}, "name must be an object: correct it and send the request again"),
        ({"active": "perhaps"}, "active must be true or false: correct it and send the request again"),
        ({"schemas": ["x"]}, f"schemas must name {USER}: add it"),
        (
            {"externalId": "x" * 300},
            "externalId must have at most 255 characters. Change it in the directory.",
        ),
        (
            {"name": {"givenName": "a\0"}},
            "name.givenName must not contain the NUL character. Change it in the directory.",
        ),
    ],
)
@pytest.mark.one_database
async def test_what_is_wrong_with_a_body_is_said_in_plain_words(
    directory: httpx2.AsyncClient, members: dict[str, Any], detail: str
) -> None:
    uuid = await provisioned(directory)

    made = await directory.post(USERS, json=a_user("joe") | members)
    replaced = await directory.put(f"{USERS}/{uuid}", json=a_user() | members)

    assert [answer.json()["detail"] for answer in (made, replaced)] == [detail] * 2


async def test_a_directory_ends_owners_but_no_administrator(tenancy: Tenancy, directory: httpx2.AsyncClient) -> None:
    root = tenancy.user("root", admin=True)
    off = patch({"op": "replace", "path": "active", "value": False})

    assert (await directory.patch(f"{USERS}/{root.id}", json=off)).status_code == 403
    assert (await directory.delete(f"{USERS}/{root.id}")).status_code == 403


@pytest.mark.parametrize(
    "members",
    [
        {"name": {"givenName": "a\0b"}},
        {"name": {"familyName": "x" * 256}},
        {"externalId": "a\0"},
        {"externalId": 5},
        {"emails": [{"value": "no address"}]},
        {"emails": "jane"},
        {"userName": ""},
        {"userName": None},
        {"active": "perhaps"},
        {"schemas": 5},
    ],
)
@pytest.mark.one_database
async def test_what_cannot_be_kept_is_refused_before_it_is_written(
    directory: httpx2.AsyncClient, members: dict[str, Any]
) -> None:
    uuid = await provisioned(directory)

    made = await directory.post(USERS, json=a_user("joe") | members)
    replaced = await directory.put(f"{USERS}/{uuid}", json=a_user() | members)

    assert [answer.status_code for answer in (made, replaced)] == [400, 400], (made.text, replaced.text)
    assert made.json()["schemas"] == [ERROR]
    assert (await directory.get(USERS, params={"count": 0})).json()["totalResults"] == 1


async def test_odd_questions_are_refused(directory: httpx2.AsyncClient) -> None:
    uuid = await provisioned(directory)
    odd = [
        await directory.get(USERS, params={"filter": 'userName eq "a\\u0000"'}),
        await directory.get(USERS, params={"startIndex": "first"}),
        await directory.get(USERS, params={"count": "many"}),
        await directory.get(GROUPS, params={"filter": "displayName eq 5"}),
        await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": "\0"}),
        await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": " "}),
        await directory.post(USERS, json=[]),
        await directory.patch(f"{USERS}/{uuid}", json=patch({"op": "jump", "path": "active", "value": True})),
        await directory.patch(f"{USERS}/{uuid}", json=patch({"op": "replace", "path": "][", "value": True})),
        await directory.patch(f"{USERS}/{uuid}", json=patch({"op": "remove"})),
    ]

    assert [answer.status_code for answer in odd] == [400] * len(odd), [answer.text for answer in odd]


async def test_a_directory_may_send_a_fixed_token(tenancy: Tenancy) -> None:
    codes = ["ADM_USER_LIST", "ADM_USER_SAVE", "ADM_USER_DELETE"]
    body = {"metadata": {"ownedByWorkspace": "admin"}, "spec": {"displayName": "directory", "permissions": codes}}
    made = (await tenancy.admin().post("/api/meshobjects/meshapikeys", json=body, headers=API_KEY)).json()["status"]
    fixed = tenancy.client_of(f"{made['clientId']}.{made['clientSecret']}")

    listed = await fixed.get(USERS)
    tenancy.clock.advance(86_400)
    provisioned = await fixed.post(USERS, json=a_user(), headers={"Content-Type": "application/scim+json"})
    elsewhere = await fixed.get("/api/blockyard/v1/users")

    assert (listed.status_code, provisioned.status_code, elsewhere.status_code) == (200, 201, 401)


async def test_fixed_tokens_are_not_guessed(tenancy: Tenancy) -> None:
    wrong = tenancy.client_of("0f0f0f0f-0000-4000-8000-000000000000.guess")

    answers = [(await wrong.get(USERS)).status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]
