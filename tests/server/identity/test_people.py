"""Accounts, passwords and sessions."""

from functools import partial
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI, Request, Response

from blockyard.server.identity.api import (
    CSRF_HEADER,
    SESSION_COOKIE,
    CurrentPrincipal,
    clear_session_cookie,
    set_session_cookie,
)
from blockyard.server.kit.errors import Unauthenticated
from tests.support.tenancy import PASSWORD, Tenancy

pytestmark = pytest.mark.anyio
USERS = "/api/blockyard/v1/users"
NEW_PASSWORD = "another horse battery staple"


def account(**more: Any) -> dict[str, Any]:
    """Return a request for an account."""
    return {
        "username": "jane",
        "password": PASSWORD,
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane@x.test",
    } | more


async def log_in(tenancy: Tenancy, username: str, password: str) -> httpx2.Response:
    """Sign in with a password."""
    return await tenancy.client.post("/api/blockyard/v1/login", json={"username": username, "password": password})


async def test_an_administrator_makes_accounts_and_lists_them(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    created = await admin.post(USERS, json=account(euid="E-1"))

    assert created.status_code == 201
    assert created.json() == {
        "uuid": created.json()["uuid"],
        "username": "jane",
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane@x.test",
        "euid": "E-1",
        "admin": False,
        "adminRoles": [],
        "disabled": False,
        "createdOn": "2026-01-01T12:00:00Z",
    }
    listed = (await admin.get(f"{USERS}?size=1")).json()
    assert listed["_embedded"]["users"] == [created.json()]
    assert listed["page"] == {"size": 1, "totalElements": 1, "totalPages": 1, "number": 0}
    assert (await log_in(tenancy, "jane", PASSWORD)).status_code == 200


async def test_only_administrators_see_and_make_accounts(tenancy: Tenancy) -> None:
    user = tenancy.user("jane")
    for client in (
        tenancy.key("admin", "ADM_WORKSPACE_SAVE"),
        tenancy.person("joe"),
    ):
        assert (await client.get(USERS)).status_code == 403
        assert (await client.post(USERS, json=account(username="new"))).status_code == 403
        assert (await client.put(f"{USERS}/{user.id}/password", json={"password": NEW_PASSWORD})).status_code == 404
        assert (await client.put(f"{USERS}/{user.id}/lock", json={"disabled": True})).status_code == 404


async def test_only_a_full_administrator_makes_or_changes_an_administrator(tenancy: Tenancy) -> None:
    root = tenancy.user("root", admin=True)
    helper = tenancy.key("admin", "ADM_USER_SAVE", "ADM_USER_LIST")

    assert (await helper.post(USERS, json=account(admin=True))).status_code == 403
    assert (await helper.put(f"{USERS}/{root.id}/password", json={"password": NEW_PASSWORD})).status_code == 403
    assert (await helper.put(f"{USERS}/{root.id}/lock", json={"disabled": True})).status_code == 403
    assert (await helper.post(USERS, json=account())).status_code == 201
    assert (
        await tenancy.admin().post(USERS, json=account(username="boss", email="boss@x.test", admin=True))
    ).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"username": ""}, 400, "/username"),
        ({"username": "a b"}, 400, "/username"),
        ({"username": "a\0"}, 400, "/username"),
        ({"username": "x" * 256}, 400, "/username"),
        ({"username": None}, 400, "/username"),
        ({"password": "short"}, 400, "/password"),
        ({"password": "x" * 257}, 400, "/password"),
        ({"admin": "yes"}, 400, "/admin"),
        ({"email": 5}, 400, "/email"),
        ({"email": "jane"}, 400, "/email"),
        ({"email": "@x.test"}, 400, "/email"),
        ({"email": "jane@"}, 400, "/email"),
        ({"email": "jane doe@x.test"}, 400, "/email"),
        ({"email": "jane@@x.test"}, 400, "/email"),
        ({"username": "taken"}, 409, "/username"),
        ({"username": "TAKEN"}, 409, "/username"),
        ({"username": "\uff34\uff21\uff2b\uff25\uff2e"}, 409, "/username"),
        ({"username": "ta\u200bken"}, 400, "/username"),
        ({"email": "Taken@X.test"}, 409, "/email"),
        ({"password": "password1234"}, 400, "/password"),
        ({"password": "aaaaaaaaaaaa"}, 400, "/password"),
        ({"password": "jane@x.test1"}, 400, "/password"),
        ({"password": "four\u00a0random\u00a0long\u00a0words"}, 400, "/password"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_account_is_refused(tenancy: Tenancy, change: dict[str, Any], status: int, field: str) -> None:
    tenancy.user("taken")

    answer = await tenancy.admin().post(USERS, json=account(**change))

    assert answer.status_code == status
    assert answer.json()["field"] == field
    assert PASSWORD not in answer.text


async def test_a_new_password_ends_all_tokens_and_sessions(tenancy: Tenancy) -> None:
    person = tenancy.person("jane")
    user = tenancy.user("jane")
    cookie = tenancy.db.write_now(lambda tx: tenancy.sessions.begin(tx, user))

    wrong = {"currentPassword": "wrong", "password": NEW_PASSWORD}
    assert (await person.put("/api/blockyard/v1/me/password", json=wrong)).status_code == 401
    weak = {"currentPassword": PASSWORD, "password": "short"}
    assert (await person.put("/api/blockyard/v1/me/password", json=weak)).status_code == 400
    change = {"currentPassword": PASSWORD, "password": NEW_PASSWORD}
    assert (await person.put("/api/blockyard/v1/me/password", json=change)).status_code == 204

    assert (await person.get("/api/blockyard/v1/me")).status_code == 401
    assert (await log_in(tenancy, "jane", PASSWORD)).status_code == 401
    assert (await log_in(tenancy, "jane", NEW_PASSWORD)).status_code == 200
    with pytest.raises(Unauthenticated):
        tenancy.db.read_now(lambda tx: tenancy.sessions.of_cookie(tx, cookie))


async def test_a_machine_has_no_password(tenancy: Tenancy) -> None:
    change = {"currentPassword": PASSWORD, "password": NEW_PASSWORD}

    assert (await tenancy.admin().put("/api/blockyard/v1/me/password", json=change)).status_code == 404


async def test_an_administrator_resets_a_password_and_locks_an_account(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    user = tenancy.user("jane")

    assert (await admin.put(f"{USERS}/{user.id}/password", json={"password": NEW_PASSWORD})).status_code == 204
    answer = await log_in(tenancy, "jane", NEW_PASSWORD)
    person = tenancy.client_of(answer.json()["access_token"])

    locked = await admin.put(f"{USERS}/{user.id}/lock", json={"disabled": True})

    assert locked.json()["disabled"] is True
    assert (await person.get("/api/blockyard/v1/me")).status_code == 401
    assert (await log_in(tenancy, "jane", NEW_PASSWORD)).status_code == 401
    assert (await admin.put(f"{USERS}/{user.id}/lock", json={"disabled": False})).json()["disabled"] is False
    assert (await log_in(tenancy, "jane", NEW_PASSWORD)).status_code == 200
    assert (await person.get("/api/blockyard/v1/me")).status_code == 401
    assert (await admin.put(f"{USERS}/{uuid4()}/lock", json={"disabled": True})).status_code == 404


async def test_nobody_locks_their_own_account(tenancy: Tenancy) -> None:
    root = tenancy.user("root", admin=True)
    answer = await log_in(tenancy, "root", PASSWORD)
    client = tenancy.client_of(answer.json()["access_token"])

    assert (await client.get("/api/blockyard/v1/me")).json()["administrator"] is True
    assert (await client.put(f"{USERS}/{root.id}/lock", json={"disabled": True})).status_code == 409


def test_the_administrator_is_seeded_once(tenancy: Tenancy) -> None:
    seed = tenancy.users.seed_admin

    assert tenancy.db.write_now(lambda tx: seed(tx, "admin", PASSWORD)) is True
    assert tenancy.db.write_now(lambda tx: seed(tx, "admin", NEW_PASSWORD)) is False

    user = tenancy.db.read_now(lambda tx: tenancy.users.by_username(tx, "admin"))
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in repr(tenancy.all_events())
    assert tenancy.titles()[-2:] == ["User Created", "Admin Binding Created"]


def test_a_seeded_key_is_left_alone_at_the_next_start(tenancy: Tenancy) -> None:
    client_id = uuid4()
    for secret in ("one", "one", "two"):
        seed = partial(
            tenancy.keys.seed,
            client_id=client_id,
            client_secret=secret,
            workspace="admin",
            display_name="runner",
            permissions=["PROJECT_LIST", "PROJECT_SAVE"],
        )
        tenancy.db.write_now(seed)

    assert [title for title in tenancy.titles() if "Key" in title] == ["API Key Created", "API Key Modified"]
    assert tenancy.db.write_now(lambda tx: tenancy.keys.sign_in(tx, str(client_id), "two")) is not None
    assert tenancy.db.write_now(lambda tx: tenancy.keys.sign_in(tx, str(client_id), "one")) is None


def with_pages(tenancy: Tenancy) -> FastAPI:
    """Add two routes as web pages have them."""

    @tenancy.app.get("/page/sign-in/{username}")
    async def sign_in(username: str, response: Response) -> dict[str, str]:
        user = tenancy.user(username)
        cookie = await tenancy.db.write(lambda tx: tenancy.sessions.begin(tx, user))
        set_session_cookie(response, cookie, secure=False)
        return {"csrf": tenancy.sessions.csrf_token(cookie)}

    @tenancy.app.post("/page/sign-out")
    async def sign_out(request: Request, response: Response, principal: CurrentPrincipal) -> dict[str, str]:
        await tenancy.db.write(lambda tx: tenancy.sessions.end(tx, request.cookies[SESSION_COOKIE]))
        clear_session_cookie(response, secure=False)
        return {"bye": principal.author.identifier}

    return tenancy.app


async def test_a_session_cookie_signs_a_browser_in_and_forms_need_its_token(tenancy: Tenancy) -> None:
    with_pages(tenancy)
    browser, other = tenancy.client, tenancy.client
    answer = await browser.get("/page/sign-in/jane")
    stolen = (await other.get("/page/sign-in/joe")).json()["csrf"]

    set_cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert (await browser.get("/api/blockyard/v1/me")).json()["identifier"] == "jane"
    for token in (b"", b"wrong", b"\xc3\xa9", stolen.encode()):
        assert (await browser.post("/page/sign-out", headers={CSRF_HEADER.encode(): token})).status_code == 403

    csrf = answer.json()["csrf"]
    assert (await browser.post("/page/sign-out", headers={CSRF_HEADER: csrf})).json() == {"bye": "jane"}
    assert (await browser.get("/api/blockyard/v1/me")).status_code == 401
    assert (await other.get("/api/blockyard/v1/me")).json()["identifier"] == "joe"


async def test_a_session_lives_twelve_hours_after_its_last_use(tenancy: Tenancy) -> None:
    with_pages(tenancy)
    browser = tenancy.client
    await browser.get("/page/sign-in/jane")
    for _ in range(3):
        tenancy.clock.advance(11 * 3600)
        assert (await browser.get("/api/blockyard/v1/me")).status_code == 200

    tenancy.clock.advance(12 * 3600)

    answer = await browser.get("/api/blockyard/v1/me")
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "SessionEnded"


async def test_a_session_is_not_written_at_every_request(tenancy: Tenancy) -> None:
    user = tenancy.user("jane")
    cookie = tenancy.db.write_now(lambda tx: tenancy.sessions.begin(tx, user))

    assert not tenancy.db.read_now(lambda tx: tenancy.sessions.of_cookie(tx, cookie)).extension_due
    tenancy.clock.advance(301)
    assert tenancy.db.read_now(lambda tx: tenancy.sessions.of_cookie(tx, cookie)).extension_due


async def test_a_locked_account_ends_its_sessions(tenancy: Tenancy) -> None:
    with_pages(tenancy)
    browser = tenancy.client
    await browser.get("/page/sign-in/jane")
    user = tenancy.user("jane")

    await tenancy.admin().put(f"{USERS}/{user.id}/lock", json={"disabled": True})

    assert (await browser.get("/api/blockyard/v1/me")).status_code == 401


async def test_an_unknown_cookie_is_refused(tenancy: Tenancy) -> None:
    answer = await tenancy.client.get("/api/blockyard/v1/me", headers={"Cookie": f"{SESSION_COOKIE}=made-up"})

    assert answer.status_code == 401


async def test_a_session_ends_after_seven_days_however_much_it_is_used(tenancy: Tenancy) -> None:
    with_pages(tenancy)
    browser = tenancy.client
    await browser.get("/page/sign-in/jane")
    for _ in range(7 * 3 - 1):
        tenancy.clock.advance(8 * 3600)
        assert (await browser.get("/api/blockyard/v1/me")).status_code == 200

    tenancy.clock.advance(8 * 3600)

    answer = await browser.get("/api/blockyard/v1/me")
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "SessionEnded")


async def test_one_token_is_signed_out_and_the_others_stay(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    first, second = [
        tenancy.client_of((await log_in(tenancy, "jane", PASSWORD)).json()["access_token"]) for _ in range(2)
    ]

    assert (await first.post("/api/blockyard/v1/logout")).status_code == 204

    assert (await first.get("/api/blockyard/v1/me")).status_code == 401
    assert (await first.post("/api/blockyard/v1/logout")).status_code == 401
    assert (await second.get("/api/blockyard/v1/me")).status_code == 200
    assert (await tenancy.key("admin").post("/api/blockyard/v1/logout")).status_code == 404


async def test_a_password_that_an_administrator_chose_has_to_be_changed_first(tenancy: Tenancy) -> None:
    assert (await tenancy.admin().post(USERS, json=account(admin=True))).status_code == 201
    jane = tenancy.client_of((await log_in(tenancy, "jane", PASSWORD)).json()["access_token"])

    refused = await jane.get(USERS)

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "PasswordChangeNeeded")
    assert (await jane.get("/api/blockyard/v1/me")).status_code == 200
    change = {"currentPassword": PASSWORD, "password": NEW_PASSWORD}
    assert (await jane.put("/api/blockyard/v1/me/password", json=change)).status_code == 204
    jane = tenancy.client_of((await log_in(tenancy, "jane", NEW_PASSWORD)).json()["access_token"])
    listed = (await jane.get(USERS)).json()
    uuid = listed["_embedded"]["users"][0]["uuid"]
    assert (await tenancy.admin().put(f"{USERS}/{uuid}/password", json={"password": PASSWORD})).status_code == 204
    jane = tenancy.client_of((await log_in(tenancy, "jane", PASSWORD)).json()["access_token"])
    assert (await jane.get(USERS)).status_code == 403


async def test_the_case_of_a_username_does_not_matter_when_signing_in(tenancy: Tenancy) -> None:
    tenancy.user("jane")

    answer = await log_in(tenancy, "JANE", PASSWORD)

    assert answer.status_code == 200
    me = await tenancy.client_of(answer.json()["access_token"]).get("/api/blockyard/v1/me")
    assert me.json()["username"] == "jane"


@pytest.mark.parametrize(
    ("username", "words"),
    [
        ("a b", "must have no white space and no characters that cannot be seen"),
        ("\ufdfa" * 60, "must have at most 255 characters, also as it is compared with other usernames"),
    ],
)
async def test_what_is_wrong_with_a_username_is_one_sentence(tenancy: Tenancy, username: str, words: str) -> None:
    answer = await tenancy.admin().post(USERS, json=account(username=username))

    assert (answer.status_code, answer.json()["message"]) == (400, f"/username {words}")
