"""Identity providers over the API: setting them up, trying what they tell."""

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.support.tenancy import GROUP_BINDING, Tenancy

pytestmark = pytest.mark.anyio

PATH = "/api/blockyard/v1/identity-providers"
CORP: JsonObject = {
    "displayName": "Corp",
    "issuer": "https://id.example.test",
    "clientId": "blockyard",
    "groupsClaim": "groups",
    "groupRules": [{"value": "1234", "group": "devs"}],
}


async def test_a_provider_is_made_read_changed_and_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    made = await admin.post(PATH, json={"alias": "corp", "clientSecret": "hunter2-hunter2", **CORP})
    again = await admin.post(PATH, json={"alias": "corp", **CORP})
    kept = await admin.put(f"{PATH}/corp", json={**CORP, "displayName": "Corporation"})
    listed = (await admin.get(PATH)).json()["identityProviders"]
    deleted = [(await admin.delete(f"{PATH}/corp")).status_code for _ in range(2)]

    assert (made.status_code, again.status_code, kept.status_code, deleted) == (201, 409, 200, [204, 204])
    assert made.json()["redirectUri"] == "http://blockyard.test/sign-in/with/corp/callback"
    assert made.json()["scopes"] == ["openid", "profile", "email"]
    assert [(one["displayName"], one["hasClientSecret"]) for one in listed] == [("Corporation", True)]
    assert "hunter2" not in made.text + kept.text + str(tenancy.all_events())
    assert (await admin.get(f"{PATH}/corp")).status_code == 404
    assert tenancy.titles()[-3:] == [
        "Identity Provider Created",
        "Identity Provider Modified",
        "Identity Provider Deleted",
    ]


async def test_who_does_not_hold_everything_sets_up_no_provider(tenancy: Tenancy) -> None:
    some = tenancy.key("admin", "ADM_APIKEY_LIST", "ADM_APIKEY_SAVE", "ADM_APIKEY_DELETE")

    answer = await some.post(PATH, json={"alias": "corp", **CORP})

    assert (answer.status_code, answer.json()["errorCode"]) == (403, "PermissionNotHeld")
    assert (await some.get(PATH)).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"issuer": "http://id.example.test"}, "/issuer"),
        ({"issuer": "https://id.example.test?x"}, "/issuer"),
        ({"issuer": "https://user@id.example.test"}, "/issuer"),
        ({"issuer": "nonsense"}, "/issuer"),
        ({"scopes": ["profile"]}, "/scopes"),
        ({"groupRules": [{"value": "x", "group": "No Name"}]}, "/groupRules/0/group"),
        ({"alias": "Not A Name"}, "/alias"),
        ({"displayName": " "}, "/displayName"),
        ({"usernameClaim": ""}, "/usernameClaim"),
        ({"enabled": "yes"}, "/enabled"),
    ],
)
async def test_malformed_providers_are_refused(tenancy: Tenancy, change: JsonObject, field: str) -> None:
    answer = await tenancy.admin().post(PATH, json={"alias": "corp", **CORP, **change})

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_preview_tells_groups_and_roles_and_changes_nothing(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    admin = tenancy.admin()
    await admin.post(PATH, json={"alias": "corp", **CORP})
    await admin.post("/api/blockyard/v1/groups", json={"name": "devs", "displayName": "Devs"})
    binding = {
        "metadata": {"name": "devs-in-shop"},
        "roleRef": {"name": "Workspace Manager"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "devs"},
    }
    bound = await admin.post(
        "/api/meshobjects/meshworkspacebindings/groupbindings", json=binding, headers=GROUP_BINDING
    )
    role = {"role": "Auditor", "subject": {"kind": "group", "name": "devs"}}
    auditor = await admin.post("/api/blockyard/v1/admin-bindings", json=role)

    shown = await admin.post(
        f"{PATH}/corp/preview", json={"claims": {"sub": "1", "preferred_username": "nora", "groups": ["1234", "9"]}}
    )
    absent = await admin.post(f"{PATH}/corp/preview", json={"claims": {"sub": "1"}})
    nobody = await admin.post(f"{PATH}/corp/preview", json={"claims": {}})

    assert bound.status_code in {200, 201}, bound.text
    assert auditor.status_code == 201, auditor.text
    assert shown.json() == {
        "subject": "1",
        "username": "nora",
        "firstName": "",
        "lastName": "",
        "email": "",
        "groups": ["devs"],
        "warning": None,
        "adminRoles": ["Auditor"],
        "workspaces": {"shop": ["Workspace Manager"]},
    }
    assert absent.json()["groups"] is None
    assert "the claim 'groups' is absent" in absent.json()["warning"]
    assert nobody.status_code == 403
    assert tenancy.db.read_now(lambda tx: tenancy.users.by_username(tx, "nora")) is None
