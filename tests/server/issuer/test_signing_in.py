"""Programs that people let act for them: how they get tokens, what these are good for, and when they end."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from blockyard.server.issuer.model import ACCESS_LIFE, AGAIN, LONGEST_LIFE, UNUSED_LIFE
from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, PageWorld, words_of
from tests.support.principals import ADMINISTRATOR
from tests.support.program import BACK, CLIENT, SCOPES, Program, returned

ISSUER = "http://blockyard.test/oidc"
OWN = "/api/blockyard/v1/me/client-sessions"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def program(world: PageWorld) -> Program:
    """The command line of sam, who owns the workspace `shop`."""
    return Program(world)


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, as a program reads it."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def refused(answer: Any) -> str:
    """Return the error of the protocol."""
    assert answer.status_code == 400, f"{answer.status_code} {answer.text}"
    return str(answer.json()["error"])


def test_the_installation_says_where_to_sign_in(program: Program) -> None:
    info = program.machine.get("/mesh/info").json()
    discovery = program.machine.get("/oidc/.well-known/openid-configuration").json()

    assert (info["issuer"], info["cliClientId"]) == (ISSUER, CLIENT)
    assert discovery["issuer"] == ISSUER
    assert discovery["code_challenge_methods_supported"] == ["S256"]
    assert set(SCOPES.split()) | {"cli-access-read"} <= set(discovery["scopes_supported"])
    for name in ("authorization", "token", "revocation", "end_session"):
        assert discovery[f"{name}_endpoint"].startswith(f"{ISSUER}/")


def test_a_person_lets_a_program_in_that_then_acts_for_them(program: Program, world: PageWorld) -> None:
    back = program.consent("full")
    answer = program.redeem(back["code"])
    tokens = answer.json()
    me = program.call(tokens["access_token"]).json()

    assert (back["state"], back["iss"]) == ("the state", ISSUER)
    assert answer.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert tokens["scope"] == f"{SCOPES} cli-access-full"
    assert (me["identifier"], me["type"]) == ("sam", "User")
    assert "Program Let In" in [event.title for event in world.all_events()]


def test_tokens_are_signed_with_a_key_that_everybody_can_see(program: Program) -> None:
    tokens = program.sign_in()
    keys = program.machine.get("/oidc/jwks").json()
    read = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["RS256"])

    assert read.claims["iss"] == ISSUER
    assert (read.claims["aud"], read.claims["nonce"]) == (CLIENT, "the nonce")
    assert read.claims["preferred_username"] == "sam"
    assert all(not {"d", "p", "q"} & set(key) for key in keys["keys"])
    assert "access_token" in tokens
    assert program.call(tokens["id_token"]).status_code == 401, "it tells who somebody is, and opens nothing"


def test_the_page_asks_for_what_the_program_asks_and_no_more_can_be_given(program: Program) -> None:
    page = program.person.read(program.address("write"))

    assert "Read and change" in page
    assert "Only read" in page
    assert "Full access" not in page
    assert "It asks to act as Sam (sam)" in page
    answer = program.person.post(
        "/oidc/authorize",
        {"asked": program.address("write").partition("?")[2], "answer": "allow", "level": "full", "workspace": ""},
        form_at=program.address("write"),
    )
    assert answer.status_code == 404
    assert "did not ask for the access level" in words_of(answer)


def test_a_person_gives_less_than_was_asked_for(program: Program) -> None:
    tokens = program.sign_in("full", chooses="read", workspace="shop")

    assert "cli-access-read" in tokens["scope"].split()
    assert claims_of(tokens["access_token"])["MC_CUSTOMER"] == "shop"


def test_a_person_who_does_not_agree_is_told_to_the_program(program: Program) -> None:
    assert program.consent("full", answer="decline") == {
        "error": "access_denied",
        "state": "the state",
        "iss": ISSUER,
    }


def test_the_sign_in_comes_first_and_leads_back(world: PageWorld) -> None:
    world.add("sam")
    program = Program(world, None)

    there = program.person.get(program.address())
    sign_in = program.person.form(there.headers["location"], action="/sign-in")
    back = program.person.submit(sign_in.fill({"username": "sam", "password": PASSWORD}), at="/sign-in")

    assert there.headers["location"].startswith("/sign-in?next=%2Foidc%2Fauthorize")
    assert back.headers["location"] == program.address()
    assert "Let a command line act for you?" in program.person.read(back.headers["location"])


def test_a_program_may_ask_for_no_page_or_for_a_new_sign_in(
    program: Program, world: PageWorld, clock: FixedClock
) -> None:
    quiet = returned(program.person.get(program.address(prompt="none")))
    nobody = returned(Program(world, None).person.get(program.address(prompt="none")))
    clock.advance(120)
    again = program.person.get(program.address(prompt="login")).headers["location"]
    old = program.person.get(program.address(max_age="60")).headers["location"]

    assert (quiet["error"], nobody["error"]) == ("consent_required", "login_required")
    assert again.startswith("/sign-in?ended=again&next=%2Foidc%2Fauthorize")
    assert "prompt" not in again
    assert old == again
    assert program.person.get(program.address(max_age="600", prompt="consent")).status_code == 200


# What programs may not ask


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example:1/callback",
        "http://127.0.0.1:1@evil.example/callback",
        "http://evil.example:1/callback",
        "http://127.0.0.1:43215/callback/../elsewhere",
        "http://127.0.0.1:43215/callback?next=https://evil.example",
        "http://127.0.0.1:43215/callback#x",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:99999/callback",
        "http://localhost:43215/callback",
        "https://127.0.0.1:43215/callback",
        "javascript:alert(1)",
        "http://blockyard.test/oidc/code/../../evil",
        "\\\\evil.example",
        'http://127.0.0.1:1/callback"><script>',
        "",
    ],
)
@pytest.mark.one_database
def test_a_code_goes_to_this_machine_only(program: Program, back: str) -> None:
    answer = program.person.get(program.address(redirect_uri=back))

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "This sign-in cannot go on" in words_of(answer)
    assert "<script>" not in answer.text.partition("<main")[2]


@pytest.mark.one_database
@pytest.mark.parametrize("port", [1, 8080, 65535])
def test_the_port_of_a_program_is_its_own_choice(program: Program, port: int) -> None:
    for host in ("127.0.0.1", "[::1]"):
        address = program.address(redirect_uri=f"http://{host}:{port}/callback")
        assert program.person.get(address).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid cli-access-read cli-access-full"}, "invalid_scope"),
        ({"scope": "openid c:shop c:platform"}, "invalid_scope"),
        ({"nonce": "n" * 300}, "invalid_scope"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_the_program(
    program: Program, more: dict[str, str | None], error: str
) -> None:
    back = returned(program.person.get(program.address(**more)))

    assert (back["error"], back["state"]) == (error, "the state")


@pytest.mark.one_database
def test_an_unknown_program_and_repeated_parameters_get_a_page(program: Program) -> None:
    unknown = program.person.get(program.address(client_id="another"))
    twice = program.person.get(f"{program.address()}&redirect_uri=http://127.0.0.1:2/callback")

    assert (unknown.status_code, twice.status_code) == (400, 400)
    assert "location" not in twice.headers


def test_consent_needs_the_form_of_this_very_session(program: Program, world: PageWorld) -> None:
    asked = program.address().partition("?")[2]
    fields = {"asked": asked, "answer": "allow", "level": "full", "workspace": ""}
    foreign = world.person("pat").form(program.address(), action="/oidc/authorize")
    stolen = dict(pair.split("=", 1) for pair in foreign.encoded()[1].decode().split("&"))["csrf_token"]

    without = program.person.post_raw("/oidc/authorize", fields)
    with_foreign = program.person.post_raw("/oidc/authorize", {**fields, "csrf_token": stolen})

    assert (without.status_code, with_foreign.status_code) == (403, 403)
    assert program.call(program.sign_in()["access_token"], OWN).json()["clientSessions"][1:] == []


@pytest.mark.one_database
def test_no_page_of_a_consent_is_shown_in_a_frame(program: Program) -> None:
    for path in (program.address(), "/oidc/code?code=abc", program.address(redirect_uri="https://evil.example/")):
        answer = program.person.get(path)
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


# Codes


def test_another_verifier_or_address_gets_nothing(program: Program) -> None:
    code = program.consent()["code"]

    assert refused(program.redeem(code, verifier="another-verifier-that-has-at-least-43-characters")) == "invalid_grant"
    assert refused(program.redeem(code, verifier="short")) == "invalid_request"
    assert refused(program.redeem(code, back="http://127.0.0.1:43216/callback")) == "invalid_grant"
    assert refused(program.token(grant_type="authorization_code", code=code, redirect_uri=BACK)) == "invalid_request"
    assert refused(program.token(grant_type="authorization_code", code=code, client_id="other")) == "invalid_client"
    assert program.redeem(code).status_code == 200, "who knows the verifier is not harmed"


def test_a_code_that_is_used_again_ends_what_it_gave(program: Program, world: PageWorld) -> None:
    code = program.consent()["code"]
    tokens = program.redeem(code).json()

    again = refused(program.redeem(code))

    assert again == "invalid_grant"
    assert program.call(tokens["access_token"]).status_code == 401
    assert refused(program.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert "Code Used Again" in [event.title for event in world.all_events()]


def test_a_code_waits_for_a_minute(program: Program, clock: FixedClock) -> None:
    code = program.consent()["code"]
    clock.advance(60)

    assert refused(program.redeem(code)) == "invalid_grant"


def test_a_code_can_be_carried_by_hand(program: Program, clock: FixedClock) -> None:
    back = "http://blockyard.test/oidc/code"
    code = program.consent(redirect_uri=back)["code"]
    shown = program.person.read(f"/oidc/code?code={code}")
    clock.advance(240)

    assert code in shown
    assert program.redeem(code, back=back).status_code == 200


# Refresh tokens


def test_a_refresh_token_counts_once_and_its_second_use_ends_the_session(
    program: Program, world: PageWorld, clock: FixedClock
) -> None:
    first = program.sign_in()
    second = program.refresh(first["refresh_token"]).json()
    clock.advance(AGAIN.total_seconds() + 1)

    assert second["refresh_token"] != first["refresh_token"]
    assert program.call(second["access_token"]).status_code == 200
    assert refused(program.refresh(first["refresh_token"])) == "invalid_grant"
    assert program.call(second["access_token"]).status_code == 401
    assert refused(program.refresh(second["refresh_token"])) == "invalid_grant"
    assert "Refresh Token Used Again" in [event.title for event in world.all_events()]


def test_two_at_once_with_one_refresh_token_get_the_same_next_one(program: Program) -> None:
    tokens = program.sign_in()

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(lambda token: program.refresh(token).json(), [tokens["refresh_token"]] * 2)

    assert one["refresh_token"] == two["refresh_token"]
    assert program.refresh(one["refresh_token"]).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_refresh_token_that_was_changed_is_none(program: Program, part: int) -> None:
    token = program.sign_in()["refresh_token"]
    parts = token.split(".")
    parts[part] = {0: "0" * 32, 1: "7", 2: "0" * 64}[part]

    assert refused(program.refresh(".".join(parts))) == "invalid_grant"
    assert program.refresh(token).status_code == 200, "who guesses ends nobody's session"


def test_a_session_ends_when_it_is_not_used(program: Program, clock: FixedClock) -> None:
    token = program.sign_in()["refresh_token"]
    clock.advance((UNUSED_LIFE / 2).total_seconds())
    token = program.refresh(token).json()["refresh_token"]
    clock.advance((UNUSED_LIFE / 2).total_seconds())
    token = program.refresh(token).json()["refresh_token"]
    clock.advance(UNUSED_LIFE.total_seconds())

    assert refused(program.refresh(token)) == "invalid_grant"


def test_a_session_ends_however_much_it_is_used(program: Program, clock: FixedClock) -> None:
    token = program.sign_in()["refresh_token"]
    for _ in range(4):
        clock.advance((LONGEST_LIFE / 4).total_seconds())
        answer = program.refresh(token)
        token = answer.json().get("refresh_token", token)

    assert refused(answer) == "invalid_grant"


def test_without_offline_access_there_is_nothing_to_refresh(program: Program, clock: FixedClock) -> None:
    tokens = program.sign_in(scope="openid cli-access-read")

    assert "refresh_token" not in tokens
    assert program.call(tokens["access_token"]).status_code == 200
    clock.advance(ACCESS_LIFE.total_seconds())
    assert program.call(tokens["access_token"]).json()["errorCode"] == "TokenExpired"


# What is asked of the token endpoint otherwise


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "sam", "password": PASSWORD}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "ä\u0000.1.x"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "ä", "redirect_uri": BACK}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "a", "client_secret": "x"}, "invalid_client"),
    ],
)
def test_bad_requests_for_tokens_are_refused_as_the_protocol_says(
    program: Program, sent: dict[str, str], error: str
) -> None:
    assert refused(program.token(**sent)) == error


@pytest.mark.one_database
def test_bodies_that_are_no_forms_or_too_large_are_refused(program: Program) -> None:
    as_json = program.machine._send("POST", "/oidc/token", json={"grant_type": "refresh_token"})
    large = program.machine._send("POST", "/oidc/token", data={"code": "a" * 20_000})
    repeated = program.machine._send("POST", "/oidc/token", data={"code": ["a", "b"], "client_id": CLIENT})

    assert refused(as_json) == "unsupported_grant_type"
    assert large.status_code == 413
    assert refused(repeated) == "invalid_request"


# The end


def test_a_program_signs_itself_out(program: Program) -> None:
    for path, name in (("/oidc/revoke", "token"), ("/oidc/end-session", "refresh_token")):
        tokens = program.sign_in()
        answer = program.machine.post_raw(path, {"client_id": CLIENT, name: tokens["refresh_token"]})

        assert answer.status_code == 200
        assert program.call(tokens["access_token"]).json()["errorCode"] == "SessionEnded"
        assert refused(program.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_an_access_token_ends_its_session_too(program: Program) -> None:
    one, two = program.sign_in("read"), program.sign_in()

    program.machine.post_raw("/oidc/revoke", {"client_id": CLIENT, "token": two["access_token"]})
    out = program.call(one["access_token"], "/api/blockyard/v1/logout", "POST")

    assert out.status_code == 204, "signing itself out is no change of anything else"
    assert program.call(one["access_token"]).status_code == 401
    assert program.call(two["access_token"]).status_code == 401


@pytest.mark.one_database
def test_revoking_what_is_no_token_changes_nothing(program: Program) -> None:
    tokens = program.sign_in()
    answers = [
        program.machine.post_raw("/oidc/revoke", {"client_id": CLIENT, "token": text})
        for text in ("", "x", "eyJhbGciOiJSUzI1NiJ9.e30.x", "a.1.b")
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert program.machine.post_raw("/oidc/revoke", {"token": tokens["refresh_token"]}).status_code == 400
    assert program.call(tokens["access_token"]).status_code == 200


def test_nothing_of_a_program_outlives_the_account_or_the_password(program: Program, world: PageWorld) -> None:
    def user_id() -> Any:
        return world.add("sam").id

    def lock(*, disabled: bool) -> None:
        world.db.write_now(lambda tx: world.users.lock(tx, ADMINISTRATOR, user_id(), disabled=disabled))

    tokens = program.sign_in()
    code = program.consent()["code"]
    lock(disabled=True)
    locked = program.call(tokens["access_token"]).status_code, refused(program.refresh(tokens["refresh_token"]))
    with_code = refused(program.redeem(code))
    lock(disabled=False)

    assert locked == (401, "invalid_grant")
    assert with_code == "invalid_grant"
    assert program.call(tokens["access_token"]).status_code == 401, "it does not come back with the account"


def test_own_programs_are_listed_and_ended(program: Program, world: PageWorld) -> None:
    one, two = program.sign_in("read", workspace="shop"), program.sign_in()
    other = Program(world, "pat").sign_in()

    listed = program.call(two["access_token"], OWN).json()["clientSessions"]
    first = next(item for item in listed if item["accessLevel"] == "read")
    foreign = program.call(other["access_token"], f"{OWN}/{first['uuid']}", "DELETE")
    ended = program.call(two["access_token"], f"{OWN}/{first['uuid']}", "DELETE")

    assert len(listed) == 2
    assert (first["workspace"], first["program"]) == ("shop", "meshstack/1.0")
    assert (foreign.status_code, ended.status_code) == (404, 204)
    assert program.call(one["access_token"]).status_code == 401
    assert program.call(two["access_token"], OWN, "DELETE").status_code == 204
    assert program.call(two["access_token"]).status_code == 401
    assert program.call(other["access_token"]).status_code == 200


def test_the_account_page_shows_programs_and_ends_them(program: Program) -> None:
    tokens = program.sign_in("read", workspace="shop")
    page = program.person.read("/account")
    form = next(
        path for path in program.person.get("/account").text.split('"') if path.startswith("/account/programs/")
    )
    ended = program.person.post(form, form_at="/account")

    assert "meshstack/1.0" in page
    assert "only reads, in workspace shop" in page
    assert ended.headers["location"] == "/account"
    assert program.call(tokens["access_token"]).status_code == 401


def test_signing_out_everywhere_else_ends_programs(program: Program) -> None:
    tokens = program.sign_in()

    program.person.post("/account/sessions/end-others", form_at="/account")

    assert program.call(tokens["access_token"]).status_code == 401
