"""Signing in and out with an identity provider: whom it lets in, which groups it brings, and what is not believed."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity_providers.api import NewProvider
from blockyard.server.kit.database import Database
from blockyard.server.kit.paging import PageRequest
from tests.support.clock import FixedClock
from tests.support.fake_provider import CLIENT, FakeProvider, a_provider
from tests.support.page_world import PASSWORD, PageWorld, Person, words_of
from tests.support.principals import ADMINISTRATOR
from tests.support.program import Program

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def corp(world: PageWorld, clock: FixedClock) -> Iterator[FakeProvider]:
    """An identity provider, set up here as `corp`."""
    with a_provider(clock) as provider:
        provider.claims = {"preferred_username": "nora", "given_name": "Nora", "family_name": "Berg", "sid": "there"}
        set_up(world, provider)
        yield provider


def set_up(world: PageWorld, provider: FakeProvider, alias: str = "corp", **more: Any) -> None:
    """Let people sign in with a provider."""
    body = {"alias": alias, "displayName": "Corp", "issuer": provider.url, "clientId": CLIENT, "clientSecret": "s3cret"}
    new = NewProvider.model_validate({**body, **more})
    world.db.write_now(
        lambda tx: world.services.identity_providers.create(tx, ADMINISTRATOR, alias, new.spec(), new.client_secret)
    )


def change(world: PageWorld, provider: FakeProvider, **more: Any) -> None:
    """Change what an administrator says about the provider."""
    body = {"alias": "corp", "displayName": "Corp", "issuer": provider.url, "clientId": CLIENT}
    new = NewProvider.model_validate({**body, **more})
    world.db.write_now(lambda tx: world.services.identity_providers.update(tx, ADMINISTRATOR, "corp", new.spec(), None))


def go(person: Person, provider: FakeProvider, next_: str = "/blocks") -> dict[str, str]:
    """Go to the provider; return what it is asked."""
    there = person.get(f"/sign-in/with/corp?next={next_}")
    assert there.status_code == 303, words_of(there)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there.headers["location"]).query).items()}
    provider.nonce = asked["nonce"]
    return asked


def come_back(person: Person, asked: dict[str, str], **more: str) -> httpx2.Response:
    """Come back from the provider."""
    query = httpx2.QueryParams({"code": "abc", "state": asked["state"], **more})
    return person.get(f"/sign-in/with/corp/callback?{query}")


def sign_in(world: PageWorld, provider: FakeProvider) -> tuple[Person, httpx2.Response]:
    """Sign in with the provider."""
    person = world.person()
    return person, come_back(person, go(person, provider))


def groups_of(world: PageWorld, username: str = "nora") -> list[str]:
    """Return the groups that somebody is in."""
    return sorted(world.db.read_now(lambda tx: world.services.groups.of_user(tx, username)))


def test_somebody_new_gets_an_account_and_comes_where_they_wanted(world: PageWorld, corp: FakeProvider) -> None:
    person = world.person()
    offered = person.read("/sign-in?next=/blocks")
    asked = go(person, corp)

    answer = come_back(person, asked)
    sent = next(form for path, form in corp.asked if path == "/token")

    assert "Sign in with Corp" in offered
    assert asked["scope"].split() == ["openid", "profile", "email"]
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://blockyard.test/sign-in/with/corp/callback"
    assert (answer.status_code, answer.headers["location"]) == (303, "/blocks")
    assert (sent["code"], sent["redirect_uri"]) == ("abc", asked["redirect_uri"])
    assert sent["code_verifier"]
    page = person.read("/account")
    assert "nora" in page
    assert "Identity provider corp" in page
    assert "You have no password." in page


def test_a_program_that_sends_somebody_to_sign_in_gets_them_back(world: PageWorld, corp: FakeProvider) -> None:
    program = Program(world, None)

    answer = come_back(program.person, go(program.person, corp, quote(program.address(), safe="")))

    assert answer.headers["location"] == program.address()
    assert "It asks to act as Nora Berg (nora)" in program.person.read(program.address())


def test_the_same_person_comes_to_the_same_account_whatever_they_are_called(
    world: PageWorld, corp: FakeProvider
) -> None:
    sign_in(world, corp)
    corp.claims["preferred_username"] = "nora.berg"
    person, _ = sign_in(world, corp)
    corp.claims |= {"sub": "43", "preferred_username": "nora"}
    _, other = sign_in(world, corp)

    assert "nora.berg" not in person.get("/account").text
    users = world.db.read_now(lambda tx: world.users.page(tx, ADMINISTRATOR, PageRequest()))
    assert [one.user.username for one in users.items if one.user.username.startswith("nora")] == ["nora"]
    assert other.status_code == 403, "a username that was given again opens nothing"


def test_an_account_with_a_password_is_not_taken_over(world: PageWorld, corp: FakeProvider) -> None:
    world.add("sam")
    corp.claims["preferred_username"] = "Sam"

    _, refused = sign_in(world, corp)
    change(world, corp, linkAccounts=True)
    person, linked = sign_in(world, corp)

    assert refused.status_code == 403
    assert "There is an account with your username already" in words_of(refused)
    assert linked.status_code == 303
    assert "sam" in person.read("/account")


def test_where_no_accounts_are_made_one_is_needed(world: PageWorld, corp: FakeProvider) -> None:
    change(world, corp, createAccounts=False)

    _, answer = sign_in(world, corp)

    assert answer.status_code == 403
    assert "You have no account here." in words_of(answer)


def test_a_locked_account_stays_locked(world: PageWorld, corp: FakeProvider) -> None:
    sign_in(world, corp)
    user = world.db.read_now(lambda tx: world.users.by_username(tx, "nora"))
    assert user is not None
    world.db.write_now(lambda tx: world.users.lock(tx, ADMINISTRATOR, user.id, disabled=True))

    person, answer = sign_in(world, corp)

    assert answer.status_code == 403
    assert "Your account is locked." in words_of(answer)
    assert SESSION_COOKIE not in person.cookies


RULES: list[JsonObject] = [{"value": "id-of-devs", "group": "devs"}, {"value": "id-of-ops", "group": "ops"}]


def test_groups_follow_the_provider_and_others_stay(world: PageWorld, corp: FakeProvider) -> None:
    change(world, corp, groupsClaim="groups", groupRules=RULES)
    sign_in(world, corp)
    world.db.write_now(lambda tx: world.services.groups.seed(tx, "book-club", "Book club", ["nora"]))

    corp.claims["groups"] = ["id-of-devs", "unknown"]
    sign_in(world, corp)
    first = groups_of(world)
    corp.claims["groups"] = ["id-of-ops"]
    sign_in(world, corp)
    second = groups_of(world)
    corp.claims["groups"] = []
    sign_in(world, corp)

    assert first == ["book-club", "devs"]
    assert second == ["book-club", "ops"]
    assert groups_of(world) == ["book-club"]


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({}, "the claim 'groups' is absent"),
        ({"hasgroups": True}, "too many for a token"),
        ({"_claim_names": {"groups": "src1"}}, "too many for a token"),
        ({"groups": {"not": "a list"}}, "absent"),
    ],
)
def test_absent_groups_keep_what_was_granted_and_warn_once(
    world: PageWorld, corp: FakeProvider, claims: dict[str, object], why: str
) -> None:
    change(world, corp, groupsClaim="groups", groupRules=RULES)
    corp.claims["groups"] = ["id-of-devs"]
    sign_in(world, corp)
    del corp.claims["groups"]
    corp.claims |= claims

    answers = [sign_in(world, corp)[1].status_code for _ in range(2)]
    warnings = [event for event in world.all_events() if event.title == "Groups Not Told"]

    assert answers == [303, 303]
    assert groups_of(world) == ["devs"]
    assert len(warnings) == 1
    assert why in (warnings[0].description or "")


def test_groups_may_come_from_the_userinfo_and_from_inside_a_claim(world: PageWorld, corp: FakeProvider) -> None:
    change(world, corp, groupsClaim="realm.roles", groupRules=RULES)
    corp.userinfo = {"sub": "42", "realm": {"roles": ["id-of-ops"]}}

    sign_in(world, corp)
    own = groups_of(world)
    corp.userinfo = {"sub": "somebody else", "realm": {"roles": ["id-of-devs"]}}
    sign_in(world, corp)

    assert own == ["ops"]
    assert groups_of(world) == ["ops"], "what is told about somebody else counts for nobody"


def test_a_group_of_a_workspace_is_not_the_matter_of_a_provider(world: PageWorld, corp: FakeProvider) -> None:
    groups = world.services.groups
    world.db.write_now(lambda tx: groups.create(tx, ADMINISTRATOR, name="devs", display_name="Devs", workspace="shop"))
    change(world, corp, groupsClaim="groups", groupRules=RULES)
    corp.claims["groups"] = ["id-of-devs"]

    sign_in(world, corp)

    assert groups_of(world) == []


WRONG: dict[str, dict[str, Any]] = {
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ("nonce",)},
    "wrong audience": {"claims": {"aud": "another client"}},
    "another client's": {"claims": {"aud": [CLIENT, "other"], "azp": "other"}},
    "wrong issuer": {"claims": {"iss": "https://evil.test"}},
    "no subject": {"without": ("sub",)},
    "no end": {"without": ("exp",)},
    "odd end": {"claims": {"exp": "tomorrow"}},
    "not signed": {"algorithm": "none"},
    "signed with what is public": {"algorithm": "HS256"},
    "signed with another key": {"signer": "second"},
    "refused code": {"token_status": 400},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.one_database
def test_what_cannot_be_believed_leads_to_the_sign_in_page(
    world: PageWorld, corp: FakeProvider, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(corp, name, {**corp.claims, **value} if name == "claims" else value)

    person, answer = sign_in(world, corp)

    assert answer.status_code == 401
    assert "What Corp answered cannot be believed." in words_of(answer)
    assert 'name="password"' in answer.text
    assert SESSION_COOKIE not in person.cookies


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({"exp": -100}, 303),
        ({"exp": -140}, 401),
        ({"nbf": 100}, 303),
        ({"nbf": 140}, 401),
        ({"iat": 100}, 303),
        ({"iat": 140}, 401),
    ],
)
@pytest.mark.one_database
def test_clocks_may_differ_by_two_minutes(
    world: PageWorld, corp: FakeProvider, clock: FixedClock, times: dict[str, int], status: int
) -> None:
    corp.claims |= {name: int(clock().timestamp()) + seconds for name, seconds in times.items()}

    assert sign_in(world, corp)[1].status_code == status


def test_new_keys_of_the_provider_are_found(world: PageWorld, corp: FakeProvider, clock: FixedClock) -> None:
    before = sign_in(world, corp)[1].status_code
    corp.signer, corp.published = "second", ("second", "first")
    clock.advance(60)
    rotated = sign_in(world, corp)[1].status_code
    corp.published, corp.signer = ("second",), "first"
    clock.advance(7200)

    assert (before, rotated) == (303, 303)
    assert sign_in(world, corp)[1].status_code == 401, "the old key is not trusted any more"


def test_keys_are_not_asked_for_at_every_forged_token(world: PageWorld, corp: FakeProvider, clock: FixedClock) -> None:
    sign_in(world, corp)
    clock.advance(60)
    corp.asked.clear()
    corp.signer = "second"

    for _ in range(5):
        sign_in(world, corp)

    assert [path for path, _ in corp.asked].count("/keys") == 1


@pytest.mark.parametrize("change_of_state", ["", "another", None])
@pytest.mark.one_database
def test_an_answer_to_another_sign_in_is_refused(
    world: PageWorld, corp: FakeProvider, change_of_state: str | None
) -> None:
    person, other = world.person(), world.person()
    asked = go(person, corp)
    browser = other if change_of_state is None else person  # another one: somebody was made to follow a link
    answer = come_back(browser, {**asked, "state": asked["state"] if change_of_state is None else change_of_state})

    assert answer.status_code in {400, 403}
    assert 'name="password"' in answer.text
    assert SESSION_COOKIE not in other.cookies
    assert not [path for path, _ in corp.asked if path == "/token"]


def test_an_answer_of_another_provider_is_refused(world: PageWorld, corp: FakeProvider) -> None:
    person = world.person()
    asked = go(person, corp)

    answer = come_back(person, asked, iss="https://evil.test")

    assert answer.status_code == 403


@pytest.mark.parametrize(("error", "words"), [("access_denied", "you did not let it"), ("server_error", "it refused")])
def test_what_the_provider_refuses_is_said(world: PageWorld, corp: FakeProvider, error: str, words: str) -> None:
    person = world.person()
    asked = go(person, corp)

    answer = person.get(f"/sign-in/with/corp/callback?state={asked['state']}&error={error}&error_description=<b>x")

    assert words in words_of(answer)
    assert "<b>x" not in answer.text


def test_a_sign_in_lasts_ten_minutes_and_counts_once(world: PageWorld, corp: FakeProvider, clock: FixedClock) -> None:
    person = world.person()
    asked = go(person, corp)
    clock.advance(601)
    late = come_back(person, asked)
    again = go(person, corp)
    first, second = come_back(person, again), come_back(person, again)

    assert (late.status_code, first.status_code, second.status_code) == (400, 303, 400)


def test_while_the_provider_is_away_people_sign_in_with_their_password(world: PageWorld, corp: FakeProvider) -> None:
    world.add("admin")
    corp.away = True

    person = world.person()
    answer = person.get("/sign-in/with/corp")
    inside = person.sign_in("admin", PASSWORD)

    assert answer.status_code == 503
    assert "Corp cannot be reached now." in words_of(answer)
    assert inside.status_code == 303


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.test"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": 5, "token_endpoint": []},
        {"jwks_uri": "ftp://x"},
        {"token_endpoint": "http://127.0.0.1:1/closed"},
    ],
)
@pytest.mark.one_database
def test_an_odd_discovery_document_is_no_bug(world: PageWorld, corp: FakeProvider, metadata: dict[str, object]) -> None:
    corp.metadata = metadata
    person = world.person()

    there = person.get("/sign-in/with/corp")
    if there.status_code == 303 and "state=" in there.headers["location"]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(there.headers["location"]).query).items()}
        there = come_back(person, asked)

    assert there.status_code in {401, 503}
    assert 'name="password"' in there.text


def test_a_provider_that_is_not_there_or_switched_off_leads_back(world: PageWorld, corp: FakeProvider) -> None:
    person = world.person()
    unknown = person.get("/sign-in/with/nobody")
    change(world, corp, enabled=False)

    assert "There is no identity provider 'nobody'." in words_of(unknown)
    assert "There is no identity provider 'corp'." in words_of(person.get("/sign-in/with/corp"))
    assert "Corp" not in person.read("/sign-in")


@pytest.mark.parametrize("wanted", ["https://evil.test", "//evil.test", "/\\evil.test"])
@pytest.mark.one_database
def test_a_sign_in_with_a_provider_leads_to_pages_of_this_server_only(
    world: PageWorld, corp: FakeProvider, wanted: str
) -> None:
    person = world.person()

    assert come_back(person, go(person, corp, wanted)).headers["location"] == "/"


def test_signing_out_leads_to_the_provider(world: PageWorld, corp: FakeProvider) -> None:
    person, _ = sign_in(world, corp)

    answer = person.post("/sign-out", form_at="/account")

    assert answer.status_code == 200
    assert f"{corp.url}/end?id_token_hint=" in answer.text
    assert "post_logout_redirect_uri=http" in answer.text
    assert person.get("/account").headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("what", ["away", "without an end"])
def test_where_the_provider_has_no_end_or_is_away_one_is_signed_out_here(
    world: PageWorld, corp: FakeProvider, clock: FixedClock, what: str
) -> None:
    person, _ = sign_in(world, corp)
    clock.advance(3700)
    corp.away, corp.metadata = what == "away", {"end_session_endpoint": None}

    answer = person.post("/sign-out", form_at="/account")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def log_out(world: PageWorld, token: str) -> httpx2.Response:
    """Tell, as the provider does by itself, that somebody signed out there."""
    return world.person().post_raw("/sign-in/with/corp/back-channel-logout", {"logout_token": token})


def test_who_signs_out_at_the_provider_is_signed_out_here(world: PageWorld, corp: FakeProvider) -> None:
    here, _ = sign_in(world, corp)
    corp.claims["sid"] = "elsewhere"
    elsewhere, _ = sign_in(world, corp)
    corp.claims = {}

    by_session = log_out(world, _logout(corp, sid="there"))
    left = elsewhere.get("/account").status_code
    by_subject = log_out(world, _logout(corp))

    assert (by_session.status_code, by_subject.status_code) == (200, 200)
    assert here.get("/account").status_code == 303
    assert left == 200
    assert elsewhere.get("/account").status_code == 303


def _logout(corp: FakeProvider, **more: Any) -> str:
    corp.without = ("nonce",)
    return corp.token(events={EVENT: {}}, jti="1", **more)


@pytest.mark.parametrize(
    "wrong",
    [
        {"without": ("nonce", "events")},
        {"without": ()},
        {"without": ("nonce", "sub")},
        {"claims": {"aud": "other"}},
        {"claims": {"iss": "https://evil.test"}},
        {"signer": "second"},
        {"algorithm": "none"},
        {"claims": {"exp": 1}},
    ],
)
@pytest.mark.one_database
def test_a_forged_sign_out_ends_nothing(world: PageWorld, corp: FakeProvider, wrong: dict[str, Any]) -> None:
    person, _ = sign_in(world, corp)
    corp.claims, corp.without = {}, ("nonce",)
    for name, value in wrong.items():
        setattr(corp, name, value)

    answer = log_out(world, corp.token(events={EVENT: {}}))

    assert answer.status_code == 400
    assert person.get("/account").status_code == 200


def test_a_provider_that_asks_for_a_second_factor_is_trusted_only_if_that_is_said(
    world: PageWorld, corp: FakeProvider
) -> None:
    weak = sign_in(world, corp)[0].read("/account")
    change(world, corp, trustsSecondFactor=True)
    strong = sign_in(world, corp)[0].read("/account")

    assert "Identity provider corp, second factor" not in weak
    assert "Identity provider corp, second factor" in strong
