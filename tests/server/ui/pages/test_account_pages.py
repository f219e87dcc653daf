"""The pages of one's own account, and the ways to sign in beside a password."""

import json
import re
from html import unescape

import httpx2
import pyotp
import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity.model import FRESH, KeySettings
from blockyard.server.tags.model import TargetKind
from blockyard.server.ui.pages.account.overview import device_words
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, PageWorld, Person, csrf_of, words_of
from tests.support.passkey_device import Device
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare

ORIGIN, HOST = "http://blockyard.test", "blockyard.test"


def test_the_account_shows_roles_with_their_ends_and_keys_of_ones_workspaces(world: PageWorld) -> None:
    sam = world.person("sam")
    settings = KeySettings(display_name="ci", permissions=(), expires_at=None)
    owner = world.db.read_now(lambda tx: world.sessions.of_cookie(tx, str(sam.cookies.get(SESSION_COOKIE)))).principal
    world.db.write_now(lambda tx: world.services.api_keys.create(tx, owner, "shop", settings))

    page, member = sam.read("/account"), world.person("mia").read("/account")

    assert "Your roles" in page
    assert "Owner" in page.partition("Your roles")[2]
    assert "ci shop · never used" in page
    assert "Member" in member.partition("Your roles")[2]
    assert "never used" not in member.partition("API keys of your workspaces")[2]
    assert "Your rights are those of the installation." in world.person("admin").read("/account")


def test_the_account_shows_ones_own_tags(world: PageWorld) -> None:
    declare(world.db, world.services.tag_definitions, TargetKind.PRINCIPAL, "clearance")
    sam, user = world.person("sam"), world.add("sam")
    give = world.services.principal_tags.tag_user
    world.db.write_now(lambda tx: give(tx, ADMINISTRATOR, user.id, {"clearance": ["secret"]}))

    assert "clearance secret" in sam.read("/account")
    assert "Your tags" not in world.person("mia").read("/account")


def asked(answer: httpx2.Response, action: str) -> tuple[JsonObject, str]:
    """Return what the form of a page asks a device, and its ticket."""
    form = answer.text.partition(f'action="{action}"')[2].partition("</form>")[0]
    options = re.search(r'data-options="([^"]+)"', form)
    ticket = re.search(r'name="ticket" value="([^"]+)"', form)
    assert options is not None
    assert ticket is not None
    return json.loads(unescape(options[1])), ticket[1]


def add_passkey(person: Person, device: Device, at: str = "/account") -> httpx2.Response:
    """Add the passkey of a device on a page."""
    page = person.get(at)
    options, ticket = asked(page, "/account/passkeys")
    fields = {"name": "laptop", "ticket": ticket, "credential": json.dumps(device.make(options)), "next": "/account"}
    return person.post_raw("/account/passkeys", {"csrf_token": csrf_of(page), **fields})


def show_passkey(person: Person, device: Device) -> httpx2.Response:
    """Sign in with the passkey of a device."""
    page = person.get("/sign-in?next=/blocks")
    options, ticket = asked(page, "/sign-in/passkey")
    fields = {"ticket": ticket, "credential": json.dumps(device.show(options)), "next": "/blocks"}
    return person.post_raw("/sign-in/passkey", {"csrf_token": csrf_of(page), **fields})


def add_app(person: Person, clock: FixedClock) -> tuple[pyotp.TOTP, list[str]]:
    """Add an authenticator app on its page; return it and the recovery codes."""
    page = person.get("/account/authenticator")
    shown = re.search(r'id="app-secret">([^<]+)<', page.text)
    assert shown is not None
    app = pyotp.TOTP(shown[1].replace(" ", ""))
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None
    fields = {"csrf_token": csrf_of(page), "ticket": ticket[1], "code": app.at(clock())}
    answer = person.post_raw("/account/authenticator", fields)
    codes = re.findall(
        r"[a-z0-9]{5}-[a-z0-9]{5}", answer.text.partition('id="recovery-codes"')[2].partition("</pre>")[0]
    )
    assert len(codes) == 10
    return app, codes


def test_a_passkey_signs_in(world: PageWorld) -> None:
    device = Device(ORIGIN, HOST)

    added = add_passkey(world.person("sam"), device)
    stranger = world.person()
    answer = show_passkey(stranger, device)

    assert (added.status_code, added.headers["location"]) == (303, "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/blocks")
    page = stranger.read("/account")
    assert "laptop" in page
    assert "Passkey, second factor" in page


def test_a_passkey_of_another_person_or_site_does_not_sign_in(world: PageWorld) -> None:
    add_passkey(world.person("sam"), Device(ORIGIN, HOST))
    other = world.person()

    strange = show_passkey(other, Device(ORIGIN, HOST, credential=b"never seen"))
    forged = show_passkey(other, Device(ORIGIN, HOST))  # it has the name, not the key
    guesses = [show_passkey(other, Device(ORIGIN, HOST)).status_code for _ in range(9)]

    for answer in (strange, forged):
        assert answer.status_code == 401
        assert "This passkey is not known here." in words_of(answer)
    assert guesses == [401] * 8 + [429]
    assert SESSION_COOKIE not in other.cookies


def test_what_a_device_showed_one_browser_is_worth_nothing_in_another(world: PageWorld) -> None:
    device = Device(ORIGIN, HOST)
    add_passkey(world.person("sam"), device)
    first, second = world.person(), world.person()
    options, ticket = asked(first.get("/sign-in"), "/sign-in/passkey")

    fields = {"ticket": ticket, "credential": json.dumps(device.show(options))}
    answer = second.post_raw("/sign-in/passkey", {"csrf_token": csrf_of(second.get("/sign-in")), **fields})

    assert answer.status_code == 400
    assert "This took too long." in words_of(answer)


@pytest.mark.one_database
@pytest.mark.parametrize("credential", ["", "x", "[]", "{}", '{"id": "\\u0000"}', "[" * 3000, '{"id": 1}'])
def test_a_malformed_passkey_is_refused_on_the_sign_in(world: PageWorld, credential: str) -> None:
    person = world.person()
    page = person.get("/sign-in")
    _, ticket = asked(page, "/sign-in/passkey")

    answer = person.post_raw(
        "/sign-in/passkey", {"csrf_token": csrf_of(page), "ticket": ticket, "credential": credential}
    )

    assert answer.status_code in {400, 401}
    assert "Sign in" in words_of(answer)


def test_with_an_app_a_code_is_asked_for_after_the_password(world: PageWorld, clock: FixedClock) -> None:
    app, codes = add_app(world.person("sam"), clock)
    clock.advance(60)
    person = world.person()

    asked_for = person.sign_in("sam", next="/blocks")
    ticket = asked_for.text.partition('name="ticket" value="')[2].partition('"')[0]
    form = {"csrf_token": csrf_of(asked_for), "ticket": ticket, "next": "/blocks"}
    wrong = person.post_raw("/sign-in/code", {**form, "code": "000000"})
    had_session = SESSION_COOKIE in person.cookies
    right = person.post_raw("/sign-in/code", {**form, "code": f" {app.at(clock())} "})
    other = world.person()
    ticket = other.sign_in("sam").text.partition('name="ticket" value="')[2].partition('"')[0]
    form = {"csrf_token": csrf_of(other.get("/sign-in")), "ticket": ticket}

    assert "Enter a code" in words_of(asked_for)
    assert wrong.status_code == 401
    assert "The code is wrong" in words_of(wrong)
    assert not had_session
    assert (right.status_code, right.headers["location"]) == (303, "/blocks")
    assert other.post_raw("/sign-in/code", {**form, "code": codes[3]}).headers["location"] == "/"


def test_whoever_gave_the_password_five_minutes_ago_gives_it_again(world: PageWorld, clock: FixedClock) -> None:
    app, _ = add_app(world.person("sam"), clock)
    person = world.person()
    asked_for = person.sign_in("sam")
    ticket = asked_for.text.partition('name="ticket" value="')[2].partition('"')[0]
    clock.advance(301)

    answer = person.post_raw(
        "/sign-in/code", {"csrf_token": csrf_of(asked_for), "ticket": ticket, "code": app.at(clock())}
    )

    assert answer.status_code == 400
    assert "This took too long." in words_of(answer)
    assert "Password" in words_of(answer)


def test_a_link_leads_to_a_password_of_ones_own(world: PageWorld) -> None:
    world.add("sam")
    token = world.db.write_now(lambda tx: world.links.make(tx, "sam"))
    person = world.person()
    assert token is not None

    went = person.post_raw("/sign-in/link", {"token": token}).headers["location"]
    unlike = person.post("/account/start", {"new": "four other words", "repeated": "five"})
    weak = person.post("/account/start", {"new": "password1234", "repeated": "password1234"})
    saved = person.post("/account/start", {"new": "wander lime cobalt fig", "repeated": "wander lime cobalt fig"})
    again = world.db.write_now(lambda tx: world.links.make(tx, "sam"))
    assert again is not None

    assert went == "/account/start"
    assert (unlike.status_code, weak.status_code) == (400, 400)
    assert "too easily guessed" in words_of(weak)
    assert saved.headers["location"] == "/"
    assert world.person().sign_in("sam", "wander lime cobalt fig").status_code == 303
    assert world.person().sign_in("sam", PASSWORD).status_code == 401
    assert world.person().post_raw("/sign-in/link", {"token": again}).headers["location"] == "/", (
        "nothing is left to choose"
    )


def test_a_link_leads_to_a_passkey(world: PageWorld) -> None:
    world.add("sam")
    token = world.db.write_now(lambda tx: world.links.make(tx, "sam"))
    person, device = world.person(), Device(ORIGIN, HOST)
    assert token is not None
    person.post_raw("/sign-in/link", {"token": token})

    added = add_passkey(person, device, at="/account/start")

    assert added.status_code == 303
    assert show_passkey(world.person(), device).status_code == 303


def test_nobody_but_who_came_by_a_link_chooses_a_password_without_the_old_one(world: PageWorld) -> None:
    person = world.person("sam")
    token = csrf_of(person.get("/account"))
    new = "wander lime cobalt fig"

    shown = person.get("/account/start")
    sent = person.post_raw("/account/start", {"csrf_token": token, "new": new, "repeated": new})

    assert shown.headers["location"] == "/sign-in?next=%2Faccount%2Fstart&ended=again"
    assert sent.headers["location"].startswith("/sign-in?")
    assert world.person().sign_in("sam").status_code == 303


def test_who_signed_in_long_ago_is_asked_again_and_comes_back(world: PageWorld, clock: FixedClock) -> None:
    person = world.person("sam")
    before = person.cookies[SESSION_COOKIE]
    clock.advance(FRESH.total_seconds())

    went = person.get("/account/authenticator").headers["location"]
    page = person.read(went)
    form = person.form(went, action="/sign-in").fill({"username": "sam", "password": PASSWORD})
    back = person.submit(form, at=went)

    assert went == "/sign-in?next=%2Faccount%2Fauthenticator&ended=again"
    assert "Please confirm that it is you." in page
    assert back.headers["location"] == "/account/authenticator"
    assert person.get("/account/authenticator").status_code == 200
    assert person.cookies[SESSION_COOKIE] != before


def test_a_sign_in_never_goes_on_with_the_session_that_was_there(world: PageWorld) -> None:
    world.add("mia")
    person, victim = world.person("sam"), world.person("sam")
    planted = person.cookies[SESSION_COOKIE]
    victim.cookies = httpx2.Cookies(person.cookies)
    form = victim.form("/sign-in?ended=again", action="/sign-in").fill({"username": "mia", "password": PASSWORD})

    victim.submit(form, at="/sign-in")

    assert victim.cookies[SESSION_COOKIE] != planted
    assert "mia" in victim.read("/account")
    assert person.get("/account").status_code == 303, "the session that was there has ended"


def test_sessions_are_shown_and_ended(world: PageWorld) -> None:
    first, second = world.person("sam"), world.person("sam")
    page = second.get("/account")
    [other] = re.findall(r'action="/account/sessions/([0-9a-f-]{36})/end"', page.text)

    ended = second.post(f"/account/sessions/{other}/end", form_at="/account")
    third = world.person("sam")
    rest = second.post("/account/sessions/end-others", form_at="/account")

    assert "This browser" in words_of(page)
    assert ended.headers["location"] == rest.headers["location"] == "/account"
    assert first.get("/account").headers["location"].startswith("/sign-in")
    assert third.get("/account").headers["location"].startswith("/sign-in")
    assert second.get("/account").status_code == 200


def test_passkey_and_app_are_removed_after_a_question(world: PageWorld, clock: FixedClock) -> None:
    person = world.person("sam")
    add_passkey(person, Device(ORIGIN, HOST))
    add_app(person, clock)
    [passkey] = re.findall(r"/account/passkeys/([0-9a-f-]{36})/remove", person.get("/account").text)[:1]

    question = person.read(f"/account/passkeys/{passkey}/remove")
    person.post(f"/account/passkeys/{passkey}/remove")
    person.post("/account/authenticator/remove")
    page = person.read("/account")

    assert "Remove 'laptop'?" in question
    assert "laptop" not in page
    assert "Add an authenticator app" in page
    assert person.get(f"/account/passkeys/{passkey}/remove").status_code == 404


def test_new_recovery_codes_are_shown_once(world: PageWorld, clock: FixedClock) -> None:
    person = world.person("sam")
    _, old = add_app(person, clock)

    answer = person.post("/account/recovery-codes", form_at="/account")

    assert "They are shown only now." in words_of(answer)
    assert not set(old) & set(re.findall(r"[a-z0-9]{5}-[a-z0-9]{5}", words_of(answer)))


def test_at_an_ip_address_the_page_says_where_passkeys_work(world: PageWorld) -> None:
    local = world.services.passkeys

    assert local.place("blockyard.test") is not None
    assert local.place("localhost:8500") == local.place("blockyard.test"), (
        "only this machine's own server is also localhost"
    )
    assert local.named_place("127.0.0.1:8500") is None


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Safari/604",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Edge on Windows"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_called_as_people_call_them(text: str, words: str) -> None:
    assert device_words(text) == words
