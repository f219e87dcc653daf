"""Connecting an identity provider with one's account, and taking it away again."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from blockyard.server.identity.model import FRESH
from blockyard.server.kit.database import Database
from blockyard.server.ui.frame.layout import FORM_HEADER, GO_HEADER
from tests.server.identity_providers.test_sign_in_with_provider import come_back, set_up, sign_in
from tests.support.clock import FixedClock
from tests.support.fake_provider import FakeProvider, a_provider
from tests.support.page_world import PageWorld, Person, csrf_of, words_of

CONNECT, DISCONNECT = "/account/providers/corp/connect", "/account/providers/corp/disconnect"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def corp(world: PageWorld, clock: FixedClock) -> Iterator[FakeProvider]:
    """An identity provider, set up here as `corp`."""
    with a_provider(clock) as provider:
        provider.claims = {"preferred_username": "sam.at.corp"}
        set_up(world, provider)
        yield provider


def titles(world: PageWorld) -> list[str]:
    """Return the titles of all events, oldest first."""
    return [event.title for event in world.all_events()]


def go(person: Person, provider: FakeProvider) -> dict[str, str]:
    """Go to the provider from the account page, as scripts do; return what it is asked."""
    token = csrf_of(person.get("/account"))
    answer = person.post_raw(CONNECT, {"csrf_token": token}, None, **{FORM_HEADER: "1"})
    assert answer.status_code == 200, words_of(answer)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers[GO_HEADER]).query).items()}
    provider.nonce = asked["nonce"]
    return asked


def connect(person: Person, provider: FakeProvider) -> httpx2.Response:
    """Connect the provider with one's account."""
    return come_back(person, go(person, provider))


def test_who_connects_a_provider_signs_in_with_it_from_then_on(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")
    assert "Corp Not connected" in sam.read("/account")

    back = connect(sam, corp)

    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert "known there as 42" in sam.read("/account")
    somebody, _ = sign_in(world, corp)
    assert "sam" in somebody.read("/account")
    assert "Identity Provider Connected" in titles(world)


def test_without_scripts_a_page_leads_to_the_provider(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")

    page = sam.post(CONNECT, form_at="/account")

    assert page.status_code == 200
    assert f'href="{corp.url}/authorize?' in page.text
    assert "Go on to Corp" in words_of(page)


def test_who_somebody_is_elsewhere_opens_one_account(world: PageWorld, corp: FakeProvider) -> None:
    sam, mia = world.person("sam"), world.person("mia")
    connect(sam, corp)

    refused = connect(mia, corp)

    assert refused.headers["location"] == "/account"
    assert "Who you are at Corp opens another account here" in mia.read("/account")
    mias = world.add("mia").id
    assert not world.db.read_now(lambda tx: world.services.identity_providers.of_user(tx, mias))


def test_an_answer_counts_for_the_session_that_asked(world: PageWorld, corp: FakeProvider) -> None:
    sam, mia = world.person("sam"), world.person("mia")
    asked = go(sam, corp)
    mia.cookies.set("blockyard_provider", str(sam.cookies.get("blockyard_provider")), domain="blockyard.test", path="/")

    stolen = come_back(mia, asked)

    assert "another session" in words_of(stolen)
    assert "Not connected" in mia.read("/account")


def test_connecting_takes_a_form_of_ones_own_and_a_fresh_session(
    world: PageWorld, corp: FakeProvider, clock: FixedClock
) -> None:
    sam = world.person("sam")

    forged = sam.post_raw(CONNECT, {"csrf_token": "guess"})
    unknown = sam.post("/account/providers/nowhere/connect", form_at="/account")
    clock.advance(FRESH.total_seconds())
    late = sam.post(CONNECT, form_at="/account/password")

    assert (forged.status_code, unknown.status_code) == (403, 404)
    assert late.headers["location"].startswith("/sign-in?")
    assert "Sign in again to connect" in sam.read("/account")
    assert corp.asked == []


def test_the_only_way_to_sign_in_stays(world: PageWorld, corp: FakeProvider) -> None:
    nora, _ = sign_in(world, corp)

    refused = nora.post(DISCONNECT, form_at="/account")

    assert refused.headers["location"] == "/account"
    assert "This is the only way you can sign in" in nora.read("/account")


def test_who_disconnects_signs_in_otherwise(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")
    connect(sam, corp)
    assert "Disconnect 'Corp'?" in sam.read(DISCONNECT)

    done = sam.post(DISCONNECT, form_at="/account")
    again = sam.post(DISCONNECT, form_at="/account")

    assert [answer.headers["location"] for answer in (done, again)] == ["/account"] * 2
    assert "Not connected" in sam.read("/account")
    assert sam.get(DISCONNECT).status_code == 404
    assert titles(world).count("Identity Provider Disconnected") == 1


def test_programs_read_and_end_connections(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")
    connect(sam, corp)
    path = "/api/blockyard/v1/me/identities"

    listed = sam.get(path, accept="application/json").json()["identities"]

    assert [(one["provider"], one["subject"]) for one in listed] == [("corp", "42")]
    headers = {"X-CSRF-Token": csrf_of(sam.get("/account"))}
    assert sam._send("DELETE", f"{path}/corp", headers=headers).status_code == 204
    assert sam.get(path, accept="application/json").json()["identities"] == []


def test_a_provider_that_is_away_is_said_on_the_account_page(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")
    corp.away = True

    answer = sam.post(CONNECT, form_at="/account")

    assert answer.headers["location"] == "/account"
    assert "Corp cannot be reached now" in sam.read("/account")


def test_somebody_who_does_not_agree_there_is_not_connected(world: PageWorld, corp: FakeProvider) -> None:
    sam = world.person("sam")

    back = come_back(sam, go(sam, corp), error="access_denied")

    assert back.headers["location"] == "/account"
    assert "you did not let it" in sam.read("/account")


def test_whatever_becomes_of_providers_the_local_administrator_signs_in(world: PageWorld, corp: FakeProvider) -> None:
    world.add("admin")
    corp.claims["preferred_username"] = "admin"
    corp.away = True
    _, refused = sign_in_or_not(world)
    by_password = world.person().sign_in("admin")
    corp.away = False
    _, taken = sign_in(world, corp)
    token = world.db.write_now(lambda tx: world.links.make(tx, "admin"))
    by_link = world.person().post_raw("/sign-in/link", {"token": str(token)})

    assert "Corp cannot be reached now" in words_of(refused)
    assert "there is an account with your username already" in words_of(taken).lower()
    assert [answer.status_code for answer in (by_password, by_link)] == [303, 303]


def sign_in_or_not(world: PageWorld) -> tuple[Person, httpx2.Response]:
    """Try to go to the provider."""
    person = world.person()
    return person, person.get("/sign-in/with/corp")
