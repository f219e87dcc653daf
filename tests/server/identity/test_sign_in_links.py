"""Links that sign somebody in once."""

from urllib.parse import quote

import pytest

from blockyard.server.identity.model import LINK_LIFE
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Unauthenticated
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld
from tests.support.principals import ADMINISTRATOR


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """The pages, and an administrator."""
    world = PageWorld(database, clock)
    world.db.write_now(lambda tx: world.users.seed_admin(tx, "admin", "four random words"))
    return world


def _make(world: PageWorld) -> str:
    token = world.db.write_now(lambda tx: world.links.make(tx, "admin"))
    assert token is not None
    return token


def _use(world: PageWorld, token: str) -> str:
    return world.db.write_now(lambda tx: world.links.sign_in(tx, token))


def test_a_link_signs_in_once(world: PageWorld) -> None:
    token = _make(world)

    cookie = _use(world, token)

    assert world.db.read_now(lambda tx: world.sessions.of_cookie(tx, cookie)).principal.author.identifier == "admin"
    with pytest.raises(Unauthenticated, match="used already"):
        _use(world, token)


def test_a_link_lives_for_fifteen_minutes(world: PageWorld, clock: FixedClock) -> None:
    life = LINK_LIFE.total_seconds()
    early = _make(world)
    clock.advance(life - 1)
    _use(world, early)
    late = _make(world)
    clock.advance(life)

    with pytest.raises(Unauthenticated):
        _use(world, late)


def test_a_new_link_ends_the_one_before(world: PageWorld) -> None:
    first, second = _make(world), _make(world)

    with pytest.raises(Unauthenticated):
        _use(world, first)
    _use(world, second)


def test_a_link_made_before_the_password_changed_is_void(world: PageWorld) -> None:
    token = _make(world)
    world.db.write_now(lambda tx: world.users.reset_password(tx, "admin", "four other words"))

    with pytest.raises(Unauthenticated):
        _use(world, token)


def test_nobody_gets_a_link_for_a_locked_or_unknown_account(world: PageWorld) -> None:
    user = world.db.read_now(lambda tx: world.users.by_username(tx, "admin"))
    assert user is not None
    world.db.write_now(lambda tx: world.users.lock(tx, ADMINISTRATOR, user.id, disabled=True))

    assert world.db.write_now(lambda tx: world.links.make(tx, "admin")) is None
    assert world.db.write_now(lambda tx: world.links.make(tx, "nobody")) is None


def test_the_page_of_a_link_signs_in_by_its_form_only(world: PageWorld) -> None:
    token = _make(world)
    person = world.person()

    first, second = person.get(f"/sign-in/link?token={token}"), person.get(f"/sign-in/link?token={token}")
    sent = person.post_raw("/sign-in/link", {"token": token})

    assert (first.status_code, second.status_code) == (200, 200)
    assert "Welcome, admin" in second.text
    assert (sent.status_code, sent.headers["location"]) == (303, "/account/start")
    assert "Building blocks" in person.read("/blocks")


@pytest.mark.parametrize("token", ["", "x", "é\x01" * 400])
def test_a_wrong_link_says_what_to_do(world: PageWorld, token: str) -> None:
    person = world.person()

    shown = person.get(f"/sign-in/link?token={quote(token)}")
    sent = person.post_raw("/sign-in/link", {"token": token})

    for answer in (shown, sent):
        assert answer.status_code == 401
        assert "This link has ended" in answer.text
        assert "blockyard sign-in-link" in answer.text
