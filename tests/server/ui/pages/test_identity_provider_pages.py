"""The pages of identity providers: making, testing, trying, switching and deleting them."""

import html
from collections.abc import Iterator

import pytest

from blockyard.server.kit.database import Database
from tests.server.identity_providers.test_sign_in_with_provider import sign_in
from tests.support.clock import FixedClock
from tests.support.fake_provider import FakeProvider, a_provider
from tests.support.page_world import PageWorld, words_of
from tests.support.principals import ADMINISTRATOR

pytestmark = pytest.mark.one_database

PATH = "/admin/identity-providers"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of people."""
    return PageWorld(database, clock)


@pytest.fixture
def corp(clock: FixedClock) -> Iterator[FakeProvider]:
    """An identity provider that is not known here yet."""
    with a_provider(clock) as provider:
        provider.claims = {"preferred_username": "nora"}
        yield provider


def make(world: PageWorld, corp: FakeProvider, alias: str = "corp", **more: str | list[str]) -> None:
    """Set up a provider by the form."""
    fields = {"alias": alias, "display_name": "Corp", "issuer": corp.url, "client_id": "blockyard", **more}
    answer = world.person("admin").change(f"{PATH}/new", fields)
    assert answer.headers["location"] == f"{PATH}/{alias}", words_of(answer)


def test_a_provider_is_set_up_tested_switched_on_and_used(world: PageWorld, corp: FakeProvider) -> None:
    admin = world.person("admin")
    assert "No identity providers yet" in admin.read(PATH)
    assert PATH in admin.get("/").text

    make(world, corp, client_secret="hunter2-hunter2", groups_claim="groups", group_rules="a=b = devs\n")
    page = admin.read(f"{PATH}/corp")
    before = world.person().get("/sign-in")
    tested = admin.post(f"{PATH}/corp/test", form_at=f"{PATH}/corp")
    switched = admin.post(f"{PATH}/corp/enable", form_at=f"{PATH}/corp")
    after = world.person().get("/sign-in")

    assert "https://blockyard.test/sign-in/with/corp/callback" in page or "/sign-in/with/corp/callback" in page
    assert "hunter2" not in admin.get(f"{PATH}/corp").text
    assert "Sign in with Corp" not in before.text
    assert "Sign in with Corp" in after.text
    assert (tested.status_code, switched.status_code) == (200, 303)
    assert "People can sign in with it, as far as can be seen from here." in words_of(tested)
    _, entered = sign_in(world, corp)
    assert entered.status_code == 303
    assert "1 person" in admin.read(PATH)
    kept = world.db.read_now(lambda tx: world.services.identity_providers.offered_one(tx, "corp"))
    assert [(rule.value, rule.group) for rule in kept.group_rules] == [("a=b", "devs")]
    assert world.services.identity_providers.secret_of(kept) == "hunter2-hunter2"


def test_a_provider_is_changed_and_keeps_its_secret_and_its_state(world: PageWorld, corp: FakeProvider) -> None:
    make(world, corp, client_secret="hunter2-hunter2")

    done = world.person("admin").change(f"{PATH}/corp", {"display_name": "Corporation", "trust": ["link_accounts"]})

    assert done.status_code == 303
    kept = world.db.read_now(lambda tx: world.services.identity_providers.examined(tx, ADMINISTRATOR, "corp"))
    assert (kept.display_name, kept.enabled, kept.create_accounts, kept.link_accounts) == (
        "Corporation",
        False,
        False,
        True,
    )
    assert world.services.identity_providers.secret_of(kept) == "hunter2-hunter2"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"issuer": "http://id.example.test"}, "The issuer must be an https address without query and fragment"),
        ({"scopes": "profile"}, "The scopes must contain 'openid'"),
        ({"group_rules": "a = devs\nnonsense"}, "Line 2 is not a rule"),
        ({"group_rules": "a = No Name"}, "a group"),
        ({"alias": "Not A Name"}, "identity provider"),
        ({"display_name": ""}, "This is needed."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_no_secret_comes_back(
    world: PageWorld, corp: FakeProvider, fields: dict[str, str], sentence: str
) -> None:
    admin = world.person("admin")
    usual = {
        "alias": "corp",
        "display_name": "Corp",
        "issuer": corp.url,
        "client_id": "b",
        "client_secret": "hunter2-x",
    }

    answer = admin.change(f"{PATH}/new", {**usual, **fields})

    assert answer.headers["location"] == f"{PATH}/new"
    page = admin.get(f"{PATH}/new").text
    assert "field-error" in page
    assert sentence in html.unescape(page)
    assert "hunter2" not in page
    assert "No identity providers yet" in admin.read(PATH)


def test_a_test_that_fails_says_why(world: PageWorld, corp: FakeProvider) -> None:
    make(world, corp)
    corp.away = True

    words = words_of(world.person("admin").post(f"{PATH}/corp/test", form_at=f"{PATH}/corp"))

    assert "Nobody can sign in with it." in words
    assert "127.0.0.1 answers 503 in place of its discovery document." in words


def test_claims_are_tried_and_change_nothing(world: PageWorld, corp: FakeProvider) -> None:
    make(world, corp, groups_claim="groups", group_rules="a = devs")
    admin, at = world.person("admin"), f"{PATH}/corp"

    shown = admin.post(
        f"{at}/preview", {"claims": '{"sub": "1", "preferred_username": "n", "groups": ["a"]}'}, form_at=at
    )
    absent = admin.post(f"{at}/preview", {"claims": '{"sub": "1"}'}, form_at=at)
    wrong = admin.post(f"{at}/preview", {"claims": "no <b>json</b>"}, form_at=at)
    nobody = admin.post(f"{at}/preview", {"claims": "{}"}, form_at=at)

    assert "Username n " in words_of(shown)
    assert "devs" in words_of(shown)
    assert "stay as they are: the identity provider does not tell the groups" in words_of(absent)
    assert "These are not claims" in words_of(wrong)
    assert "<b>json" not in wrong.text
    assert "does not say who you are" in words_of(nobody)
    assert world.db.read_now(lambda tx: world.services.users.by_username(tx, "n")) is None


def test_deleting_says_what_follows_and_several_providers_stand_side_by_side(
    world: PageWorld, corp: FakeProvider
) -> None:
    admin = world.person("admin")
    for alias in ("corp", "guests"):
        make(world, corp, alias=alias)
        admin.post(f"{PATH}/{alias}/enable", form_at=f"{PATH}/{alias}")
    sign_in(world, corp)
    assert world.person().get("/sign-in").text.count("Sign in with Corp") == 2

    asked = admin.read(f"{PATH}/corp/delete")
    done = admin.post(f"{PATH}/corp/delete", form_at=f"{PATH}/corp")

    assert "1 person has signed in with it" in asked
    assert "cannot sign in any more" in asked
    assert done.headers["location"] == PATH
    assert world.person().get("/sign-in").text.count("Sign in with Corp") == 1
    assert admin.get(f"{PATH}/corp").status_code == 404


def test_nobody_else_sees_or_changes_providers(world: PageWorld, corp: FakeProvider) -> None:
    make(world, corp)
    sam = world.person("sam")
    token = {"csrf_token": "guess"}

    seen = [sam.get(path).status_code for path in (PATH, f"{PATH}/new", f"{PATH}/corp", f"{PATH}/corp/delete")]
    sent = [
        sam.post(f"{PATH}/corp/{act}", form_at="/account").status_code
        for act in ("test", "preview", "enable", "disable", "delete")
    ]
    forged = [
        world.person("admin").post_raw(f"{PATH}/corp/{act}", token).status_code
        for act in ("test", "preview", "enable", "disable", "delete")
    ]

    assert set(seen) <= {403, 404}
    assert all(status in {303, 403, 404} for status in sent)
    assert forged == [403] * 5
    assert PATH not in sam.get("/").text
    assert "Corp" in world.person("admin").read(PATH)
    assert corp.asked == []
