"""Signing in with an API key or a password, and what tokens are worth. Source: api.md 1.2, runner.md 1.1.2."""

import base64
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import structlog
from joserfc import jwt
from joserfc.jwk import OctKey

from blockyard.server.identity.model import RunGrant
from blockyard.server.identity.service import Subject, SubjectKind
from blockyard.server.identity.service.tokens import KEY_TOKEN_LIFE
from tests.support.tenancy import PASSWORD, Tenancy
from tests.support.world import MASTER_KEY

pytestmark = pytest.mark.anyio
CLIENT_ID = "7b1f0d4e-6f0e-4c43-9a39-2f0b5a1c0001"
SECRET = "Zt0aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def _key(tenancy: Tenancy) -> None:
    tenancy.db.write_now(
        lambda tx: tenancy.keys.seed(
            tx,
            client_id=UUID(CLIENT_ID),
            client_secret=SECRET,
            workspace="admin",
            display_name="runner",
            permissions=["PROJECT_LIST"],
        )
    )


async def log_in(tenancy: Tenancy, secret: str = SECRET, **more: Any) -> httpx2.Response:
    """Sign in with the key."""
    return await tenancy.client.post("/api/login", json={"clientId": CLIENT_ID, "clientSecret": secret} | more)


async def test_a_json_login_answers_a_bearer_token_for_300_seconds(tenancy: Tenancy) -> None:
    answer = await log_in(tenancy)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "expires_in": 300,
        "token_type": "Bearer",
    }
    me = await tenancy.client_of(answer.json()["access_token"]).get("/api/blockyard/v1/me")
    assert me.json() == {
        "type": "ApiKey",
        "identifier": CLIENT_ID,
        "displayName": "runner",
        "username": None,
        "email": None,
        "administrator": False,
        "workspaces": {"admin": ["PROJECT_LIST"]},
        "everywhere": [],
    }


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_a_charset_or_capitals_in_the_content_type_do_not_matter(tenancy: Tenancy, content_type: str) -> None:
    answer = await tenancy.client.post(
        "/api/login",
        content=f'{{"clientId": "{CLIENT_ID}", "clientSecret": "{SECRET}", "other": 1}}\n',
        headers={"Content-Type": content_type},
    )

    assert answer.status_code == 200


async def test_a_form_login_works_without_url_encoding(tenancy: Tenancy) -> None:
    answer = await tenancy.client.post(
        "/api/login",
        content=f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET}",
        headers=FORM,
    )

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 300


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("", {"Content-Type": "application/json"}, 400),
        ("{", {"Content-Type": "application/json"}, 400),
        ("null", {"Content-Type": "application/json"}, 400),
        ("[" * 10_000, {"Content-Type": "application/json"}, 400),
        ("[" * 16_385, {"Content-Type": "application/json"}, 413),
        ("client_secret=" + "%41" * 6000, FORM, 413),
        ('{"clientId": "x"}', {"Content-Type": "application/json"}, 400),
        ('{"clientId": 5, "clientSecret": "x"}', {"Content-Type": "application/json"}, 400),
        ('{"clientId": "x", "clientSecret": "\\u0000"}', {"Content-Type": "application/json"}, 400),
        ('{"clientId": "\\ud800", "clientSecret": "x"}', {"Content-Type": "application/json"}, 400),
        ('{"clientId": "x", "clientSecret": "x"}', {"Content-Type": "text/plain"}, 415),
        ('{"clientId": "x", "clientSecret": "x"}', {}, 415),
        ("client_id=x&client_secret=x", FORM, 400),
        ("grant_type=password&client_id=x&client_secret=x", FORM, 400),
        ("grant_type=client_credentials&client_id=x", FORM, 400),
        (b"grant_type=\xff", FORM, 400),
        ("a=1&" * 1000, FORM, 400),
        ('{"clientId": "x", "clientSecret": "x"}', {"Content-Type": "application/json"}, 401),
        ('{"clientId": "", "clientSecret": ""}', {"Content-Type": "application/json"}, 401),
    ],
)
@pytest.mark.one_database
async def test_a_bad_login_is_refused(
    tenancy: Tenancy, content: str | bytes, headers: dict[str, str], status: int
) -> None:
    answer = await tenancy.client.post("/api/login", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["status"] == status


async def test_an_authorization_header_does_not_disturb_a_login(tenancy: Tenancy) -> None:
    client = tenancy.client_of("an-old-token")

    answer = await client.post("/api/login", json={"clientId": CLIENT_ID, "clientSecret": SECRET})

    assert answer.status_code == 200


async def test_failed_logins_are_slowed_down_but_a_valid_key_never_is(tenancy: Tenancy) -> None:
    for _ in range(10):
        assert (await log_in(tenancy, "wrong")).status_code == 401

    slowed = await log_in(tenancy, "wrong")

    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) == 60
    assert (await log_in(tenancy)).status_code == 200
    other = {"clientId": str(uuid4()), "clientSecret": "wrong"}
    assert (await tenancy.client.post("/api/login", json=other)).status_code == 401
    tenancy.clock.advance(61)
    assert (await log_in(tenancy, "wrong")).status_code == 401


async def test_a_hundred_valid_logins_in_a_row_are_answered(tenancy: Tenancy) -> None:
    assert {(await log_in(tenancy)).status_code for _ in range(100)} == {200}


async def test_a_token_expires(tenancy: Tenancy) -> None:
    client = tenancy.client_of((await log_in(tenancy)).json()["access_token"])
    tenancy.clock.advance(299)
    assert (await client.get("/api/blockyard/v1/me")).status_code == 200

    tenancy.clock.advance(1)

    answer = await client.get("/api/blockyard/v1/me")
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "TokenExpired"


def forged(claims: dict[str, Any], key: bytes = b"x" * 32, algorithm: str = "HS256") -> str:
    """Return a token made by somebody else."""
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(key), algorithms=[algorithm])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "eyJ..",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "eyJ" + "a" * 10_000 + ".b.c",
        base64.urlsafe_b64encode(b'{"alg":' + b"[" * 60_000).decode() + ".b.c",
        forged({"sub": f"api-key:{CLIENT_ID}", "epoch": 0, "exp": 9_999_999_999}),
    ],
)
@pytest.mark.one_database
async def test_a_token_that_is_not_ours_is_worth_nothing(tenancy: Tenancy, token: str) -> None:
    assert (await tenancy.client_of(token).get("/api/blockyard/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "robot:1", "epoch": 0, "exp": 9_999_999_999},
        {"sub": "user:not-a-uuid", "epoch": 0, "exp": 9_999_999_999},
        {"sub": f"user:{uuid4()}", "epoch": 0, "exp": 9_999_999_999},
        {"sub": f"api-key:{uuid4()}", "epoch": 0, "exp": 9_999_999_999},
        {"sub": f"api-key:{CLIENT_ID}", "exp": 9_999_999_999},
        {"sub": f"api-key:{CLIENT_ID}", "epoch": "x", "exp": 9_999_999_999},
        {"sub": f"api-key:{CLIENT_ID}", "epoch": 0},
        {"sub": f"api-key:{CLIENT_ID}", "epoch": 0, "exp": None},
    ],
)
@pytest.mark.one_database
async def test_a_signed_token_that_names_nobody_is_worth_nothing(tenancy: Tenancy, claims: dict[str, Any]) -> None:
    token = forged(claims, MASTER_KEY.derive(b"tokens"))

    assert (await tenancy.client_of(token).get("/api/blockyard/v1/me")).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Basic eDp5", "Digest x", "Bearer  ", "x"])
@pytest.mark.one_database
async def test_other_authorization_headers_are_refused(tenancy: Tenancy, header: str) -> None:
    answer = await tenancy.client.get("/api/blockyard/v1/me", headers={"Authorization": header})

    assert answer.status_code == 401


async def test_a_run_token_stands_for_its_run(tenancy: Tenancy) -> None:
    grant = RunGrant(run_id=uuid4(), block_id=uuid4(), runner_id=uuid4(), workspace="shop", attempt=1)
    tenancy.run_tokens.grants["opaque"] = grant

    me = await tenancy.client_of("opaque").get("/api/blockyard/v1/me")

    assert me.status_code == 200
    assert me.json()["identifier"] == f"run-{grant.run_id}"
    assert me.json()["workspaces"] == {}


async def test_a_person_signs_in_for_eight_hours(tenancy: Tenancy) -> None:
    tenancy.user("jane")

    answer = await tenancy.client.post("/api/blockyard/v1/login", json={"username": "jane", "password": PASSWORD})

    assert answer.json()["expires_in"] == 8 * 3600
    client = tenancy.client_of(answer.json()["access_token"])
    tenancy.clock.advance(8 * 3600 - 1)
    me = await client.get("/api/blockyard/v1/me")
    assert me.json()["type"] == "User"
    assert me.json()["displayName"] == "Jane Doe"
    tenancy.clock.advance(1)
    assert (await client.get("/api/blockyard/v1/me")).status_code == 401


async def test_a_wrong_password_is_slowed_down_even_before_it_is_checked(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    wrong = {"username": "jane", "password": "wrong"}
    for _ in range(10):
        assert (await tenancy.client.post("/api/blockyard/v1/login", json=wrong)).status_code == 401

    right = await tenancy.client.post("/api/blockyard/v1/login", json={"username": "jane", "password": PASSWORD})

    assert right.status_code == 429
    tenancy.clock.advance(61)
    right = await tenancy.client.post("/api/blockyard/v1/login", json={"username": "jane", "password": PASSWORD})
    assert right.status_code == 200


async def test_an_unknown_person_gets_the_same_answer_as_a_wrong_password(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    known, unknown = [
        (await tenancy.client.post("/api/blockyard/v1/login", json={"username": name, "password": "x"})).json()
        for name in ("jane", "nobody")
    ]

    del known["timestamp"], unknown["timestamp"]
    assert known == unknown


async def test_no_secret_and_no_token_is_logged(tenancy: Tenancy) -> None:
    with structlog.testing.capture_logs() as lines:
        token = (await log_in(tenancy)).json()["access_token"]
        await log_in(tenancy, "wrong-secret-of-somebody")
        await tenancy.client_of(token).get("/api/blockyard/v1/me?access_token=in-the-query")

    text = repr(lines)
    assert "request" in text
    assert f"ApiKey:{CLIENT_ID}" in text
    assert SECRET not in text
    assert token not in text
    assert "wrong-secret-of-somebody" not in text
    assert "in-the-query" not in text


async def test_info_needs_no_credential_and_no_accept_header(tenancy: Tenancy) -> None:
    client = tenancy.client
    del client.headers["accept"]

    answer = await client.get("/mesh/info")

    assert answer.json() == {
        "version": "2026.38.0",
        "is4EPEnabled": False,
        "metadata": {},
        "adminWorkspaceIdentifier": "admin",
        "issuer": "http://blockyard.test/oidc",
        "cliClientId": "blockyard-cli",
    }


def test_a_token_can_only_be_read_with_its_own_master_key(tenancy: Tenancy) -> None:
    token = tenancy.tokens.issue(Subject(SubjectKind.API_KEY, uuid4()), KEY_TOKEN_LIFE)

    assert CLIENT_ID not in token
    assert tenancy.tokens.read(token).kind is SubjectKind.API_KEY


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"client_id": "a", "client_secret": "b"}, "/grant_type is missing"),
        (
            {"grant_type": "password", "client_id": "a", "client_secret": "b"},
            "/grant_type must be 'client_credentials'",
        ),
        (
            {"grant_type": "client_credentials", "client_id": "\0", "client_secret": "b"},
            "/client_id must not contain the NUL character",
        ),
    ],
)
@pytest.mark.one_database
async def test_a_form_that_is_refused_is_refused_in_our_words(
    tenancy: Tenancy, form: dict[str, str], message: str
) -> None:
    answer = await tenancy.client.post("/api/login", data=form)

    assert (answer.status_code, answer.json()["message"]) == (400, message)
