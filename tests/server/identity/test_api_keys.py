"""API keys over HTTP. Source: api.md 3.12."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from blockyard.server.identity.model import KeyLimits
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from tests.support.clock import NOON
from tests.support.tenancy import API_KEY, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/meshobjects/meshapikeys"


def body(workspace: str = "shop", *permissions: str, **spec: Any) -> dict[str, Any]:
    """Return a request for a key."""
    return {
        "apiVersion": "v1-preview",
        "kind": "meshApiKey",
        "metadata": {"ownedByWorkspace": workspace},
        "spec": {"displayName": "ci", "permissions": list(permissions or ["PROJECT_LIST"]), **spec},
    }


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")


async def log_in(tenancy: Tenancy, client_id: str, secret: str) -> int:
    """Return the status of a login."""
    answer = await tenancy.client.post("/api/login", json={"clientId": client_id, "clientSecret": secret})
    return answer.status_code


async def test_a_new_key_shows_its_secret_once_and_works_at_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    created = await admin.post(PATH, json=body(), headers=API_KEY)

    assert created.status_code == 201
    assert created.headers["content-type"] == API_KEY["Accept"]
    document = created.json()
    uuid = document["metadata"]["uuid"]
    assert document == {
        "apiVersion": "v1-preview",
        "kind": "meshApiKey",
        "metadata": {"uuid": uuid, "ownedByWorkspace": "shop"},
        "spec": {"displayName": "ci", "permissions": ["PROJECT_LIST"], "expiresAt": None},
        "status": {"clientId": uuid, "clientSecret": document["status"]["clientSecret"], "lastLoginAt": None},
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/{uuid}"}},
    }
    secret = document["status"]["clientSecret"]
    assert len(secret) == 32
    assert secret.isalnum()
    read = await admin.get(f"{PATH}/{uuid}", headers=API_KEY)
    assert read.json() == {**document, "status": {"clientId": uuid, "clientSecret": None, "lastLoginAt": None}}
    assert await log_in(tenancy, uuid, secret) == 200


async def test_the_secret_is_stored_nowhere(tenancy: Tenancy, database: Database) -> None:
    created = await tenancy.admin().post(PATH, json=body(), headers=API_KEY)
    secret = created.json()["status"]["clientSecret"]

    assert secret not in repr(tenancy.all_events())
    if database.is_sqlite:
        with open(str(database.url.database), "rb") as file:  # noqa: ASYNC230, PTH123  a small file of this test
            assert secret.encode() not in file.read()


async def test_another_last_day_draws_a_new_secret_and_voids_the_old_one(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    uuid, old = created["metadata"]["uuid"], created["status"]["clientSecret"]

    changed = await admin.put(f"{PATH}/{uuid}", json=body(expiresAt="2027-06-30"), headers=API_KEY)

    assert changed.status_code == 200
    new = changed.json()["status"]["clientSecret"]
    assert changed.json()["spec"]["expiresAt"] == "2027-06-30"
    assert new not in {old, None}
    assert await log_in(tenancy, uuid, old) == 401
    assert await log_in(tenancy, uuid, new) == 200
    removed = await admin.put(f"{PATH}/{uuid}", json=body(), headers=API_KEY)
    assert removed.json()["status"]["clientSecret"] not in {old, new, None}
    assert removed.json()["spec"]["expiresAt"] is None


async def test_other_changes_keep_the_secret_and_do_not_show_it(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    uuid, secret = created["metadata"]["uuid"], created["status"]["clientSecret"]
    plan = body("shop", "TENANT_LIST", displayName="renamed") | {"status": created["status"]}

    changed = await admin.put(f"{PATH}/{uuid}", json=plan, headers=API_KEY)
    repeated = await admin.put(f"{PATH}/{uuid}", json=plan, headers=API_KEY)

    assert changed.json()["status"]["clientSecret"] is None
    assert changed.json()["spec"] == {"displayName": "renamed", "permissions": ["TENANT_LIST"], "expiresAt": None}
    assert repeated.json() == changed.json()
    assert await log_in(tenancy, uuid, secret) == 200
    assert tenancy.titles().count("API Key Modified") == 1


async def test_a_deleted_key_and_its_tokens_are_void_at_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    uuid, secret = created["metadata"]["uuid"], created["status"]["clientSecret"]
    answer = await tenancy.client.post("/api/login", json={"clientId": uuid, "clientSecret": secret})
    holder = tenancy.client_of(answer.json()["access_token"])
    assert (await holder.get("/api/blockyard/v1/me")).status_code == 200

    assert (await admin.delete(f"{PATH}/{uuid}", headers=API_KEY)).status_code == 204

    assert (await holder.get("/api/blockyard/v1/me")).status_code == 401
    assert await log_in(tenancy, uuid, secret) == 401
    assert (await admin.get(f"{PATH}/{uuid}", headers=API_KEY)).status_code == 404
    assert (await admin.put(f"{PATH}/{uuid}", json=body(), headers=API_KEY)).status_code == 404
    assert (await admin.delete(f"{PATH}/{uuid}", headers=API_KEY)).status_code == 204


async def test_an_expired_key_is_void_after_its_last_day(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(expiresAt=NOON.date().isoformat()), headers=API_KEY)).json()
    uuid, secret = created["metadata"]["uuid"], created["status"]["clientSecret"]
    answer = await tenancy.client.post("/api/login", json={"clientId": uuid, "clientSecret": secret})
    assert answer.status_code == 200

    tenancy.clock.now = NOON.replace(hour=0) + timedelta(days=1)

    assert await log_in(tenancy, uuid, secret) == 401


async def test_a_key_only_makes_keys_with_a_part_of_its_permissions(tenancy: Tenancy) -> None:
    key = tenancy.key("shop", "APIKEY_SAVE", "APIKEY_LIST", "TENANT_LIST")

    assert (await key.post(PATH, json=body("shop", "TENANT_LIST"), headers=API_KEY)).status_code == 201
    refused = await key.post(PATH, json=body("shop", "TENANT_LIST", "TENANT_SAVE"), headers=API_KEY)

    assert refused.status_code == 403
    assert refused.json()["errorCode"] == "PermissionNotHeld"
    assert refused.json()["field"] == "/spec/permissions/1"


async def test_a_stronger_key_cannot_be_taken_over_by_drawing_its_secret_anew(tenancy: Tenancy) -> None:
    strong = (await tenancy.admin().post(PATH, json=body("shop", "ADM_BUILDINGBLOCK_DELETE"), headers=API_KEY)).json()
    weak = tenancy.key("shop", "APIKEY_SAVE")

    same_rights = body("shop", "ADM_BUILDINGBLOCK_DELETE", expiresAt="2027-06-30")
    refused = await weak.put(f"{PATH}/{strong['metadata']['uuid']}", json=same_rights, headers=API_KEY)

    assert refused.status_code == 403
    assert await log_in(tenancy, strong["metadata"]["uuid"], strong["status"]["clientSecret"]) == 200


async def test_an_administrator_grants_any_code_in_any_workspace(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(
        PATH, json=body("shop", "ADM_BUILDINGBLOCK_DELETE", "MANAGED_BUILDINGBLOCK_SAVE"), headers=API_KEY
    )

    assert answer.status_code == 201


async def test_a_workspace_has_ten_keys_unless_an_administrator_adds_more(tenancy: Tenancy) -> None:
    key = tenancy.key("shop", "APIKEY_SAVE", "PROJECT_LIST")
    for _ in range(9):
        assert (await key.post(PATH, json=body(), headers=API_KEY)).status_code == 201

    refused = await key.post(PATH, json=body(), headers=API_KEY)

    assert refused.status_code == 409
    assert refused.json()["errorCode"] == "TooManyApiKeys"
    assert (await tenancy.admin().post(PATH, json=body(), headers=API_KEY)).status_code == 201


async def test_a_key_of_another_workspace_is_not_found_and_cannot_be_made(tenancy: Tenancy) -> None:
    created = (await tenancy.admin().post(PATH, json=body(), headers=API_KEY)).json()
    one = f"{PATH}/{created['metadata']['uuid']}"
    stranger = tenancy.key("bank", "APIKEY_LIST", "APIKEY_SAVE", "APIKEY_DELETE", "PROJECT_LIST")

    assert (await stranger.get(one, headers=API_KEY)).status_code == 404
    assert (await stranger.put(one, json=body(), headers=API_KEY)).status_code == 404
    assert (await stranger.delete(one, headers=API_KEY)).status_code == 404
    assert (await stranger.post(PATH, json=body("shop"), headers=API_KEY)).status_code == 403
    assert (await stranger.post(PATH, json=body("nowhere"), headers=API_KEY)).status_code == 403
    assert (await stranger.get("/api/blockyard/v1/workspaces/shop/apikeys")).status_code == 404


async def test_without_a_credential_nothing_is_answered(tenancy: Tenancy) -> None:
    answer = await tenancy.client.get(f"{PATH}/{uuid4()}", headers=API_KEY)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {}}, "/metadata/ownedByWorkspace"),
        ({"metadata": None}, "/metadata"),
        ({"metadata": {"ownedByWorkspace": 5}}, "/metadata/ownedByWorkspace"),
        ({"spec": {"displayName": "x", "permissions": ["NO_SUCH_CODE"]}}, "/spec/permissions/0"),
        ({"spec": {"displayName": "x", "permissions": "PROJECT_LIST"}}, "/spec/permissions"),
        ({"spec": {"displayName": "x", "permissions": [None]}}, "/spec/permissions/0"),
        ({"spec": {"displayName": "x"}}, "/spec/permissions"),
        ({"spec": {"displayName": "", "permissions": []}}, "/spec/displayName"),
        ({"spec": {"displayName": "x" * 256, "permissions": []}}, "/spec/displayName"),
        ({"spec": {"displayName": "a\0b", "permissions": []}}, "/spec/displayName"),
        ({"spec": {"displayName": "x", "permissions": [], "expiresAt": "tomorrow"}}, "/spec/expiresAt"),
        ({"spec": {"displayName": "x", "permissions": [], "expiresAt": "2026-02-30"}}, "/spec/expiresAt"),
        ({"spec": {"displayName": "x", "permissions": [], "expiresAt": 20260101}}, "/spec/expiresAt"),
        ({"spec": {"displayName": "x", "permissions": [], "expiresAt": "2026-01-01T00:00:00Z"}}, "/spec/expiresAt"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], field: str
) -> None:
    answer = await tenancy.admin().post(PATH, json=body() | change, headers=API_KEY)

    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["errorCode"]


async def test_a_key_cannot_move_to_another_workspace(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()

    answer = await admin.put(f"{PATH}/{created['metadata']['uuid']}", json=body("bank"), headers=API_KEY)

    assert answer.status_code == 400
    assert answer.json()["field"] == "/metadata/ownedByWorkspace"


async def test_a_key_of_a_workspace_that_is_not_there_cannot_be_made(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(PATH, json=body("nowhere"), headers=API_KEY)

    assert answer.status_code == 404
    assert (await tenancy.admin().get(f"{PATH}/{uuid4()}", headers=API_KEY)).status_code == 404


async def test_a_workspace_lists_its_keys_with_their_last_login(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    await log_in(tenancy, created["metadata"]["uuid"], created["status"]["clientSecret"])

    answer = await tenancy.key("shop", "APIKEY_LIST").get("/api/blockyard/v1/workspaces/shop/apikeys")

    listed = answer.json()["_embedded"]["meshApiKeys"]
    assert [key["spec"]["displayName"] for key in listed] == ["ci", "key of shop"]
    assert listed[0]["status"]["lastLoginAt"] == "2026-01-01T12:00:00Z"
    assert all(key["status"]["clientSecret"] is None for key in listed)


async def test_events_tell_who_changed_which_key_and_how(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    uuid = created["metadata"]["uuid"]
    await admin.put(f"{PATH}/{uuid}", json=body(expiresAt="2027-06-30"), headers=API_KEY)
    await admin.delete(f"{PATH}/{uuid}", headers=API_KEY)

    events = [event for event in tenancy.all_events() if event.subject_id == uuid]

    assert [event.title for event in events] == ["API Key Created", "API Key Modified", "API Key Deleted"]
    assert {event.workspace for event in events} == {"shop"}
    assert events[1].previous == {"displayName": "ci", "permissions": ["PROJECT_LIST"], "expiresAt": None}
    assert events[1].content is not None
    assert events[1].content["expiresAt"] == date(2027, 6, 30).isoformat()
    assert {event.author.type for event in events} == {"ApiKey"}


async def test_a_wrong_secret_is_no_sign_in_and_is_not_noted_as_one(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    created = (await admin.post(PATH, json=body(), headers=API_KEY)).json()
    uuid = created["metadata"]["uuid"]

    await log_in(tenancy, uuid, "wrong")

    assert (await admin.get(f"{PATH}/{uuid}", headers=API_KEY)).json()["status"]["lastLoginAt"] is None


async def test_a_key_that_would_end_in_the_past_is_not_made(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    sent = body()
    sent["spec"]["expiresAt"] = "2025-12-31"

    refused = await admin.post(PATH, json=sent, headers=API_KEY)

    assert refused.status_code == 400
    assert (refused.json()["errorCode"], refused.json()["field"]) == ("PastExpiryDate", "/spec/expiresAt")
    sent["spec"]["expiresAt"] = "2026-01-01"
    assert (await admin.post(PATH, json=sent, headers=API_KEY)).status_code == 201


async def token_of(tenancy: Tenancy, status: dict[str, str]) -> str:
    login = {"clientId": status["clientId"], "clientSecret": status["clientSecret"]}
    return str((await tenancy.client.post("/api/login", json=login)).json()["access_token"])


async def test_a_new_secret_ends_the_tokens_of_the_old_one(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    status = (await admin.post(PATH, json=body(), headers=API_KEY)).json()["status"]
    token = await token_of(tenancy, status)
    old = tenancy.client_of(token)
    assert (await old.get("/api/blockyard/v1/me")).status_code == 200
    sent = body()
    sent["spec"]["expiresAt"] = "2026-02-01"

    redrawn = await admin.put(f"{PATH}/{status['clientId']}", json=sent, headers=API_KEY)

    assert redrawn.json()["status"]["clientSecret"]
    assert (await old.get("/api/blockyard/v1/me")).status_code == 401


async def test_a_key_makes_no_key_that_outlives_it(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    sent = body()
    sent["spec"] |= {"permissions": ["APIKEY_SAVE", "APIKEY_LIST"], "expiresAt": "2026-01-31"}
    status = (await admin.post(PATH, json=sent, headers=API_KEY)).json()["status"]
    token = await token_of(tenancy, status)
    maker = tenancy.client_of(token)

    answers = []
    for last_day in (None, "2026-02-01", "2026-01-31", "2026-01-02"):
        sent["spec"]["expiresAt"] = last_day
        answers.append(await maker.post(PATH, json=sent, headers=API_KEY))

    assert [answer.status_code for answer in answers] == [403, 403, 201, 201]
    assert answers[0].json()["errorCode"] == "OutlivesItsMaker"
    made = answers[3].json()["metadata"]["uuid"]
    sent["spec"]["expiresAt"] = None
    assert (await maker.put(f"{PATH}/{made}", json=sent, headers=API_KEY)).status_code == 403


async def test_the_keys_of_a_deleted_workspace_sign_in_no_more(tenancy: Tenancy) -> None:
    tenancy.workspace("gone")
    created = (await tenancy.admin().post(PATH, json=body("gone"), headers=API_KEY)).json()["status"]
    tenancy.db.write_now(
        lambda tx: tx.execute(text("UPDATE workspaces SET deleted_at = created_at WHERE name = 'gone'"))
    )

    assert await log_in(tenancy, created["clientId"], created["clientSecret"]) == 401


async def test_a_new_secret_voids_the_old_one_and_its_tokens(tenancy: Tenancy) -> None:
    made = (await tenancy.admin().post(PATH, json=body("shop", "PROJECT_LIST"), headers=API_KEY)).json()
    uuid, old = made["metadata"]["uuid"], made["status"]["clientSecret"]
    rotate = f"/api/blockyard/v1/apikeys/{uuid}/rotate"
    weak = tenancy.key("shop", "APIKEY_SAVE")

    assert (await weak.post(rotate)).status_code == 403
    rotated = await tenancy.key("shop", "APIKEY_SAVE", "PROJECT_LIST").post(rotate)

    assert rotated.status_code == 200
    assert await log_in(tenancy, uuid, old) == 401
    assert await log_in(tenancy, uuid, rotated.json()["status"]["clientSecret"]) == 200
    assert tenancy.titles()[-1] == "API Key Rotated"
    assert (await tenancy.admin().post(f"/api/blockyard/v1/apikeys/{uuid4()}/rotate")).status_code == 404


async def test_presets_name_codes_that_exist_and_delete_nothing(tenancy: Tenancy) -> None:
    found = (await tenancy.admin().get("/api/blockyard/v1/permission-presets")).json()["permissionPresets"]
    codes = {preset["name"]: set(preset["permissions"]) for preset in found}

    assert codes.keys() == {"read-only", "plan", "order"}
    assert all(given <= PLAIN | MANAGED for given in codes.values())
    assert not any(code.endswith("_DELETE") for given in codes.values() for code in given)
    assert codes["plan"] - codes["read-only"] == {"TFSTATE_LIST", "MANAGED_TFSTATE_LIST"}
    assert codes["order"] - codes["read-only"] == {"BUILDINGBLOCK_SAVE", "PROJECT_SAVE", "TENANT_SAVE"}
    assert all(code.endswith("_LIST") for code in codes["plan"])


def test_keys_end_within_the_days_that_an_operator_allows() -> None:
    limits, noon = KeyLimits(max_days=30), datetime(2026, 1, 1, 12, tzinfo=UTC)

    limits.check_end(date(2026, 1, 31), noon)
    KeyLimits().check_end(None, noon)
    for too_late in (None, date(2026, 2, 1)):
        with pytest.raises(Invalid) as refused:
            limits.check_end(too_late, noon)
        assert (refused.value.code, refused.value.field) == ("LivesTooLong", "/spec/expiresAt")


async def test_a_key_reads_itself_whatever_it_may_do(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    client = tenancy.key("shop", "PROJECT_LIST")

    own = (await client.get(f"{PATH}/self", headers=API_KEY)).json()

    assert own["metadata"]["ownedByWorkspace"] == "shop"
    assert own["spec"] == {"displayName": "key of shop", "permissions": ["PROJECT_LIST"], "expiresAt": None}
    assert own["status"]["clientSecret"] is None
    assert own["_links"]["self"]["href"].endswith(f"{PATH}/{own['metadata']['uuid']}")


async def test_people_and_nobody_are_no_keys(tenancy: Tenancy) -> None:
    person = await tenancy.person("jane").get(f"{PATH}/self", headers=API_KEY)
    nobody = await tenancy.client.get(f"{PATH}/self", headers=API_KEY)

    assert (person.status_code, person.json()["errorCode"], nobody.status_code) == (404, "NoApiKey", 401)
