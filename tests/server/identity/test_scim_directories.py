"""What the directories in use send, word by word, and what must follow.

Sources: learn.microsoft.com "Develop and plan provisioning for a SCIM endpoint", developer.okta.com "SCIM protocol".
"""

from typing import Any, NamedTuple

import httpx2
import pytest

from tests.server.identity.test_scim import GROUP, GROUPS, PATCH, USERS, a_user, directory, provisioned
from tests.support.tenancy import Tenancy

__all__ = ["directory"]

pytestmark = pytest.mark.anyio

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = 'emails[type eq "work"].value'


class Change(NamedTuple):
    """What a directory sends about Jane, and the members of the answer that this changes."""

    words: str
    operations: list[dict[str, Any]]
    follows: dict[str, Any]


NAMED = {"givenName": "Ada", "familyName": "Doe"}
MAILED = [{"value": "ada@corp.local", "type": "work", "primary": True}]

CHANGES = [
    Change("entra replaces a name", [{"op": "Replace", "path": "name.givenName", "value": "Ada"}], {"name": NAMED}),
    Change("entra adds a name", [{"op": "Add", "path": "name.givenName", "value": "Ada"}], {"name": NAMED}),
    Change(
        "entra replaces an address", [{"op": "Replace", "path": WORK, "value": "ada@corp.local"}], {"emails": MAILED}
    ),
    Change(
        "entra replaces several members without a path",
        [{"op": "Replace", "value": {"name.givenName": "Ada", WORK: "ada@corp.local", "active": "False"}}],
        {"name": NAMED, "emails": MAILED, "active": False},
    ),
    Change("entra ends access by a text", [{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
    Change(
        "entra ends access by a list",
        [{"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "False"}]}],
        {"active": False},
    ),
    Change("entra gives access by a text", [{"op": "Add", "path": "active", "value": "True"}], {"active": True}),
    Change("entra repeats the username", [{"op": "Replace", "path": "userName", "value": "jane"}], {}),
    Change(
        "entra names the display name", [{"op": "Replace", "path": "displayName", "value": "Ada Doe"}], {"name": NAMED}
    ),
    Change(
        "entra gives a department",
        [{"op": "Add", "path": f"{ENTERPRISE}:department", "value": "R&D"}],
        {},
    ),
    Change(
        "entra gives a manager",
        [{"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"value": "7"}]}],
        {},
    ),
    Change("entra gives a phone", [{"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"}], {}),
    Change("entra gives a role", [{"op": "Add", "path": 'roles[primary eq "True"].value', "value": "dev"}], {}),
    Change("entra takes a title", [{"op": "Remove", "path": "title"}], {}),
    Change("entra changes its id", [{"op": "Replace", "path": "externalId", "value": "y"}], {"externalId": "y"}),
    Change("entra takes its id", [{"op": "Remove", "path": "externalId"}], {"externalId": None}),
    Change("entra takes the address", [{"op": "Remove", "path": WORK}], {"emails": None}),
    Change("okta ends access", [{"op": "replace", "value": {"active": False}}], {"active": False}),
    Change(
        "okta replaces names and more",
        [{"op": "replace", "value": {"name": {"givenName": "Ada", "familyName": "Doe"}, "locale": "de", "id": "x"}}],
        {"name": NAMED},
    ),
    Change(
        "okta replaces all addresses",
        [{"op": "replace", "path": "emails", "value": MAILED}],
        {"emails": MAILED},
    ),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.words)
@pytest.mark.parametrize("media", ["application/scim+json; charset=utf-8"])
async def test_a_change_of_a_person_is_taken_as_it_is_sent(
    directory: httpx2.AsyncClient, change: Change, media: str
) -> None:
    path = f"{USERS}/{await provisioned(directory)}"
    before = (await directory.get(path)).json()

    answer = await directory.patch(
        path, json={"schemas": [PATCH], "Operations": change.operations}, headers={"Content-Type": media}
    )

    assert answer.status_code == 200, answer.text
    expected = {**before, **change.follows}
    if "name" in change.follows:
        expected["displayName"] = "Ada Doe"
    assert answer.json() == {name: value for name, value in expected.items() if value is not None}
    assert (await directory.get(path)).json() == answer.json()


class Members(NamedTuple):
    """What a directory sends about a group of Jane and Joe, and who is in it then; `{ann}` and others are ids."""

    words: str
    operations: list[dict[str, Any]]
    follows: set[str]


GROUP_CHANGES = [
    Members(
        "entra adds",
        [{"op": "Add", "path": "members", "value": [{"$ref": None, "value": "{ann}"}]}],
        {"ann", "jane", "joe"},
    ),
    Members(
        "a member is added again", [{"op": "add", "path": "members", "value": [{"value": "{joe}"}]}], {"jane", "joe"}
    ),
    Members(
        "entra removes by a list",
        [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "{joe}"}]}],
        {"jane"},
    ),
    Members("okta removes by a filter", [{"op": "remove", "path": 'members[value eq "{joe}"]'}], {"jane"}),
    Members("nobody like that is removed", [{"op": "remove", "path": 'members[value eq "{ann}"]'}], {"jane", "joe"}),
    Members("all are removed", [{"op": "remove", "path": "members"}], set()),
    Members(
        "okta replaces",
        [{"op": "replace", "path": "members", "value": [{"value": "{ann}", "display": "ann"}]}],
        {"ann"},
    ),
    Members(
        "okta pushes name and id",
        [{"op": "replace", "value": {"id": "{group}", "displayName": "Crew"}}],
        {"jane", "joe"},
    ),
    Members(
        "one request does several things",
        [
            {"op": "Add", "path": "members", "value": [{"value": "{ann}"}]},
            {"op": "Remove", "path": "members", "value": [{"value": "{jane}"}, {"value": "{joe}"}]},
        ],
        {"ann"},
    ),
]


def filled(part: Any, ids: dict[str, str]) -> Any:
    """Return a part of a request with the ids of people in place of their names."""
    match part:
        case str():
            for name, uuid in ids.items():
                part = part.replace("{" + name + "}", uuid)
            return part
        case list():
            return [filled(item, ids) for item in part]
        case dict():
            return {name: filled(item, ids) for name, item in part.items()}
        case _:
            return part


@pytest.mark.parametrize("change", GROUP_CHANGES, ids=lambda change: change.words)
async def test_a_change_of_a_group_is_taken_as_it_is_sent(directory: httpx2.AsyncClient, change: Members) -> None:
    ids = {name: await provisioned(directory, name) for name in ("ann", "jane", "joe")}
    sent = {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": ids["jane"]}, {"value": ids["joe"]}]}
    ids["group"] = (await directory.post(GROUPS, json=sent)).json()["id"]
    body = {"schemas": [PATCH], "Operations": filled(change.operations, ids)}

    answer = await directory.patch(f"{GROUPS}/{ids['group']}", json=body)

    assert answer.status_code == 200, answer.text
    names = {uuid: name for name, uuid in ids.items()}
    assert {names[one["value"]] for one in answer.json().get("members", [])} == change.follows
    assert answer.json()["displayName"] == "Crew"


async def test_okta_replaces_a_person_without_an_id_and_keeps_what_it_does_not_say(
    directory: httpx2.AsyncClient,
) -> None:
    path = f"{USERS}/{await provisioned(directory)}"
    sent = a_user(password="hunter2-hunter2", groups=[], locale="en-US", name={"givenName": "Ada", "familyName": "Doe"})
    del sent["externalId"], sent["active"]

    answer = await directory.put(path, json=sent)

    assert (answer.status_code, answer.json()["name"]) == (200, NAMED), answer.text
    assert (answer.json()["externalId"], answer.json()["active"]) == ("x-jane", True)
    assert "hunter2" not in answer.text


async def test_entra_makes_somebody_who_may_not_sign_in_yet_and_keeps_how_addresses_are_called(
    directory: httpx2.AsyncClient,
) -> None:
    home = [{"value": "jane@home.test", "type": "home", "primary": False}]
    sent = a_user(active="False", emails=home, meta={"resourceType": "User"}, roles=[])

    answer = await directory.post(USERS, json=sent)

    assert (answer.status_code, answer.json()["active"], answer.json()["emails"]) == (201, False, home), answer.text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('userName eq "JANE"', ["jane"]),
        ('USERNAME EQ "jane"', ["jane"]),
        ('externalId eq "x-jane"', ["jane"]),
        ('externalId eq "X-JANE"', []),
        ('emails[type eq "work"].value eq "x"', None),
        ('emails.value eq "JANE@corp.local"', ["jane"]),
        ('id eq "{jane}"', ["jane"]),
        ('id eq "nobody"', []),
        ('id eq "{jane}" and userName eq "jane"', ["jane"]),
        ('id eq "{joe}" and userName eq "jane"', []),
        ('userName eq "jane" or userName eq "joe"', None),
    ],
)
async def test_people_are_found_as_the_standard_compares(
    directory: httpx2.AsyncClient, wanted: str, found: list[str] | None
) -> None:
    ids = {name: await provisioned(directory, name) for name in ("jane", "joe")}

    answer = await directory.get(USERS, params={"filter": filled(wanted, ids)})

    if found is None:
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
    else:
        assert [one["userName"] for one in answer.json()["Resources"]] == found


async def test_groups_are_found_without_regard_to_case_also_after_a_new_name(directory: httpx2.AsyncClient) -> None:
    made = (await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": "Straße", "externalId": "g"})).json()

    async def found(name: str) -> list[str]:
        query = {"filter": f'displayName eq "{name}"', "excludedAttributes": "members"}
        return [one["id"] for one in (await directory.get(GROUPS, params=query)).json()["Resources"]]

    assert await found("STRASSE") == [made["id"]]
    renamed = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "displayName", "value": "Crew"}]}
    assert (await directory.patch(f"{GROUPS}/{made['id']}", json=renamed)).status_code == 200
    assert (await found("straße"), await found("CREW")) == ([], [made["id"]])


async def test_what_is_searched_for_by_post_is_found_in_people_and_groups(directory: httpx2.AsyncClient) -> None:
    for name in ("ann", "joe"):
        await provisioned(directory, name)
    await directory.post(GROUPS, json={"schemas": [GROUP], "displayName": "Crew"})
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    scim = USERS.removesuffix("/Users")

    async def names(path: str, **more: Any) -> list[str]:
        answer = await directory.post(f"{path}/.search", json={**search, **more})
        assert answer.status_code == 200, answer.text
        return [one.get("userName") or one["displayName"] for one in answer.json()["Resources"]]

    assert await names(scim) == ["ann", "joe", "Crew"]
    assert await names(scim, startIndex=2, count=2) == ["joe", "Crew"]
    assert await names(scim, startIndex=3, count=5) == ["Crew"]
    assert await names(scim, filter='userName eq "JOE"') == ["joe"]
    assert await names(USERS, count=1) == ["ann"]
    assert await names(GROUPS, filter='displayName eq "crew"') == ["Crew"]
    odd = await directory.post(f"{scim}/.search", json={**search, "filter": "title pr"})
    assert (odd.status_code, odd.json()["scimType"]) == (400, "invalidFilter")


async def test_access_can_be_ended_but_not_left_open(directory: httpx2.AsyncClient, tenancy: Tenancy) -> None:
    path = f"{USERS}/{await provisioned(directory)}"

    answer = await directory.patch(path, json={"schemas": [PATCH], "Operations": [{"op": "remove", "path": "active"}]})

    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    assert answer.json()["detail"] == "whether somebody may sign in cannot be removed. Send true or false."
    assert tenancy.titles()[-1] == "User Created"
