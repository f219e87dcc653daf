"""Signing in and out by forms: whom it lets in, where it leads, what it refuses."""

import pytest

from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity.store import UserStore
from blockyard.server.kit.database import Database
from blockyard.server.ui.pages.account.entering import local_path
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, PageWorld, csrf_of, words_of


@pytest.fixture(autouse=True)
def _sam(request: pytest.FixtureRequest) -> None:
    if "world" in request.fixturenames:
        request.getfixturevalue("world").add("sam")


def test_a_person_signs_in_and_sees_the_blocks(world: PageWorld) -> None:
    person = world.person()

    answer = person.sign_in("sam")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Building blocks" in person.read("/blocks")


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(world: PageWorld) -> None:
    cookie = world.person().sign_in("sam").headers["set-cookie"]

    assert f"{SESSION_COOKIE}=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_sent_over_https_only(database: Database, clock: FixedClock) -> None:
    world = PageWorld(database, clock, secure=True)
    world.add("sam")

    assert "; Secure" in world.person().sign_in("sam").headers["set-cookie"]


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_back(world: PageWorld) -> None:
    person = world.person()

    there = person.get("/blocks?status=FAILED")
    back = person.sign_in("sam", next="/blocks")

    assert there.headers["location"] == "/sign-in?next=%2Fblocks%3Fstatus%3DFAILED"
    assert 'name="next" value="/blocks?status=FAILED"' in world.person().get(there.headers["location"]).text
    assert back.headers["location"] == "/blocks"


def test_whose_session_has_ended_is_told_and_comes_back_to_the_page_of_the_form(world: PageWorld) -> None:
    person = world.person("sam")
    person.get("/blocks")
    token = csrf_of(person.get("/blocks"))
    world.db.write_now(lambda tx: world.users.reset_password(tx, "sam", "other random words"))

    looked = person.get("/blocks?page=2").headers["location"]
    sent = person.post_raw("/sign-out", {"csrf_token": token}, referer="https://blockyard.test/blocks?search=x")
    foreign = person.post_raw("/sign-out", {"csrf_token": token}, referer="https://elsewhere.test/blocks")

    assert looked == "/sign-in?next=%2Fblocks%3Fpage%3D2&ended=session"
    assert "Your session has ended. Sign in again to go on." in person.read(looked)
    assert sent.headers["location"] == "/sign-in?next=%2Fblocks%3Fsearch%3Dx&ended=form"
    assert "What you sent was not saved." in person.read(sent.headers["location"])
    assert foreign.headers["location"] == "/sign-in?ended=form"


@pytest.mark.parametrize("referer", ["http://[bad", "http://host:99999/", "https://blockyard.test:abc/"])
@pytest.mark.one_database
def test_a_malformed_page_before_leads_to_the_start_page(world: PageWorld, referer: str) -> None:
    stranger = world.person()

    sent = stranger.post_raw("/sign-out", {}, referer=referer)
    looked = stranger.get("/blocks", **{"HX-Request": "true", "Referer": referer})

    assert sent.headers["location"].startswith("/sign-in")
    assert looked.status_code < 500


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "blocks",
        "",
        "/sign-out",
        "/" + "x" * 3000,
    ],
)
def test_the_sign_in_leads_to_pages_of_this_server_only(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_a_wrong_password_is_told_without_saying_what_was_wrong(world: PageWorld) -> None:
    person = world.person()

    wrong, unknown = person.sign_in("sam", "not the password"), person.sign_in("nobody", "not the password")

    assert wrong.status_code == unknown.status_code == 401
    assert "The username or the password is wrong." in words_of(wrong)
    assert words_of(wrong) == words_of(unknown)
    assert 'value="sam"' in wrong.text
    assert "not the password" not in wrong.text


def test_many_failures_are_slowed_down(world: PageWorld) -> None:
    person = world.person()
    answers = [person.sign_in("sam", f"guess number {n}").status_code for n in range(11)]

    assert answers[:10] == [401] * 10
    assert answers[10] == 429
    assert person.sign_in("sam").status_code == 429


@pytest.mark.parametrize("username", ["sam\0", "x" * 5000, "ünïcode", "'; --"])
def test_odd_usernames_are_just_wrong(world: PageWorld, username: str) -> None:
    assert world.person().sign_in(username).status_code == 401


def test_a_form_of_another_browser_is_refused(world: PageWorld) -> None:
    other, person = world.person(), world.person()
    token = other.get("/sign-in").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    person.get("/sign-in")

    answer = person.post_raw("/sign-in", {"csrf_token": token, "username": "sam", "password": PASSWORD})

    assert answer.status_code == 403
    assert "The form was too old." in words_of(answer)
    assert SESSION_COOKIE not in person.cookies


def test_whoever_is_signed_in_does_not_see_the_sign_in_again(world: PageWorld) -> None:
    answer = world.person("sam").get("/sign-in?next=/blocks")

    assert (answer.status_code, answer.headers["location"]) == (303, "/blocks")


def test_signing_out_ends_the_session(world: PageWorld) -> None:
    person = world.person("sam")
    cookie = person.cookies[SESSION_COOKIE]

    answer = person.post("/sign-out", form_at="/blocks")
    person.cookies.set(SESSION_COOKIE, cookie, domain="blockyard.test")

    assert answer.headers["location"] == "/sign-in"
    assert person.get("/blocks").headers["location"].startswith("/sign-in")


def test_signing_out_by_another_site_is_refused(world: PageWorld) -> None:
    person = world.person("sam")

    answer = person.post_raw("/sign-out", {"csrf_token": "guessed"})

    assert answer.status_code == 403
    assert person.get("/blocks").status_code == 200


def test_a_session_in_use_lives_on_and_an_unused_one_ends(world: PageWorld) -> None:
    person = world.person("sam")

    world.clock.advance(11 * 3600)
    prolonged = person.get("/blocks")
    world.clock.advance(11 * 3600)
    still = person.get("/blocks")
    world.clock.advance(13 * 3600)
    ended = person.get("/blocks")

    assert prolonged.status_code == still.status_code == 200
    assert SESSION_COOKIE in prolonged.headers["set-cookie"]
    assert ended.status_code == 303


def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(world: PageWorld) -> None:
    person, elsewhere = world.person("sam"), world.person("sam")

    answer = person.post("/account/password", passwords(PASSWORD, "another good password", "another good password"))

    assert answer.headers["location"] == "/"
    assert "Your password was changed." in person.read("/blocks")
    assert elsewhere.get("/blocks").status_code == 303
    assert world.person().sign_in("sam").status_code == 401
    assert world.person().sign_in("sam", "another good password").status_code == 303


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        (("wrong", "another good password", "another good password"), 403, "The current password is wrong."),
        ((PASSWORD, "another good password", "another bad password"), 400, "differ"),
        ((PASSWORD, "short", "short"), 400, "A password has 12 to 255 characters."),
    ],
)
@pytest.mark.one_database
def test_a_password_is_not_changed_by_mistake(
    world: PageWorld, sent: tuple[str, str, str], status: int, message: str
) -> None:
    person = world.person("sam")

    answer = person.post("/account/password", passwords(*sent))

    assert answer.status_code == status
    assert message in words_of(answer)
    assert world.person().sign_in("sam").status_code == 303


def passwords(current: str, new: str, repeated: str) -> dict[str, str]:
    """Return the fields of the form."""
    return {"current": current, "new": new, "repeated": repeated}


def test_who_has_a_password_of_an_administrator_chooses_one_before_anything_else(world: PageWorld) -> None:
    sam = world.db.read_now(lambda tx: world.users.by_username(tx, "sam"))
    assert sam is not None
    given = sam.with_password(sam.password_hash, must_change=True)
    world.db.write_now(lambda tx: UserStore(tx).save(given))
    person = world.person()
    assert person.sign_in("sam").status_code == 303

    answer = person.get("/blocks")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
    assert "An administrator chose your password." in person.read("/account/password")
    fields = {"current": PASSWORD, "new": "another good password", "repeated": "another good password"}
    assert person.post("/account/password", fields).headers["location"] == "/"
    assert "Building blocks" in person.read("/blocks")


def test_the_browser_of_somebody_who_signed_in_is_not_locked_out_by_others(world: PageWorld) -> None:
    person, other = world.person(), world.person()
    assert person.sign_in("sam").status_code == 303
    for _ in range(11):
        other.sign_in("sam", "wrong")

    assert other.sign_in("sam").status_code == 429
    assert person.post("/sign-out", form_at="/blocks").status_code == 303
    assert person.sign_in("sam").status_code == 303
