"""What no page lets others do: another site, another person, or whoever may write a name or a tag."""

import re
from uuid import uuid4

import httpx2
import pytest
from fastapi.routing import APIRoute

from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.identity.model import KeySettings
from blockyard.server.identity_providers.api import NewProvider
from blockyard.server.kit.database import Database
from blockyard.server.project_bindings.model import BindingKind, NewBinding
from blockyard.server.projects.model import ProjectKey
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import uuid_of
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, PageWorld, csrf_of
from tests.support.principals import ADMINISTRATOR
from tests.support.screen_fillings import ScreenWorld
from tests.support.tags import declare

pytestmark = pytest.mark.one_database

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7919 * 7907 }}{% raw %}",
    "\x1b[31mred\x1b[0m\x9b2J",
    "safe\u202etxt.exe\u2066\u200f",
)
OWN_TOKEN = frozenset({"/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-in/link"})
"""Forms of those who are not signed in: they have a token of their own, or a secret in their address."""

BY_OTHERS = frozenset({"/sign-in/with/{alias}/back-channel-logout", "/oidc/token", "/oidc/revoke", "/oidc/end-session"})
"""What identity providers send, which is signed, and programs, which show a code or a token."""


@pytest.fixture
def world(database: Database, clock: FixedClock) -> ScreenWorld:
    """A shop with projects, a platform to have tenants on, and people."""
    return ScreenWorld(database, clock)


def form_routes(world: PageWorld) -> list[str]:
    """Return an address for every route of pages that takes a form."""
    found = [
        route.path
        for route in world.app.routes
        if isinstance(route, APIRoute)
        and "POST" in (route.methods or set())
        and not route.include_in_schema
        and not route.path.startswith("/api/")
        and route.path not in OWN_TOKEN | BY_OTHERS
    ]
    known = {"workspace": "shop", "project": "dev", "alias": "corp", "group": "devs"}
    return [re.sub(r"{(\w+)(?::\w+)?}", lambda name: known.get(name[1], str(uuid4())), path) for path in found]


def test_no_form_is_taken_from_another_site(world: ScreenWorld) -> None:
    admin, other = world.person("admin"), world.person("sam")
    foreign = csrf_of(other.get("/account"))
    titles = [event.title for event in world.all_events()]

    taken = [
        (path, answer.status_code)
        for path in form_routes(world)
        for fields in ({}, {"csrf_token": foreign})
        if (answer := admin.post_raw(path, fields)).status_code not in {403, 404}
    ]

    assert taken == []
    assert [event.title for event in world.all_events()] == titles


def test_a_session_that_somebody_brought_along_is_not_the_one_after_the_sign_in(world: ScreenWorld) -> None:
    theirs = str(world.person("olga").cookies.get(SESSION_COOKIE))
    for brought in (theirs, "a-session-of-the-attacker", "x" * 43):
        victim = world.person()
        victim.cookies.set(SESSION_COOKIE, brought, domain="blockyard.test", path="/")
        world.add("sam")

        form = victim.form("/sign-in?ended=again", action="/sign-in")
        answer = victim.submit(form.fill({"username": "sam", "password": PASSWORD}), at="/sign-in")

        assert answer.status_code == 303
        after = victim.cookies.get(SESSION_COOKIE)
        assert after not in {None, brought}
        attacker = world.person()
        attacker.cookies.set(SESSION_COOKIE, brought, domain="blockyard.test", path="/")
        assert attacker.get("/account").headers["location"].startswith("/sign-in")


def test_every_cookie_stays_on_this_site_and_away_from_scripts(world: ScreenWorld) -> None:
    person = world.person()
    world.add("sam")
    answers = [
        person.get("/sign-in"),
        person.sign_in("sam"),
        person.get("/w/shop"),
        person.change("/w/shop/settings", {"name": ""}),
        person.change("/w/shop/settings", {"name": "Shop"}),
        person.post("/account/sessions/end-others", form_at="/account"),
        person.post("/sign-out", form_at="/account"),
    ]

    cookies = [line for answer in answers for line in answer.headers.get_list("set-cookie")]

    assert len({line.partition("=")[0] for line in cookies}) >= 4
    for line in cookies:
        assert re.search(r"; SameSite=(lax|strict)", line, re.IGNORECASE), line
        assert "HttpOnly" in line, line


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "/sign-out",
        "/api/blockyard/v1/me",
        "data:text/html,x",
        " /blocks",
        "/" + "a" * 3000,
    ],
)
def test_no_sign_in_leads_to_another_site(world: ScreenWorld, wanted: str) -> None:
    world.add("sam")
    stranger = world.person()

    page = f"/sign-in?{httpx2.QueryParams({'next': wanted})}"
    shown = stranger.get(page).text
    password = stranger.sign_in("sam", next=wanted)
    signed_in = world.person("sam").get(page)
    passkey = world.person("sam").post("/account/passkeys", {"next": wanted}, form_at="/account")

    assert "evil.test" not in shown
    assert password.headers["location"] == "/"
    assert signed_in.headers["location"] == "/"
    assert passkey.headers["location"] in {"/", "/account"}


def furnish(world: ScreenWorld, text: str) -> list[str]:
    """Give things of a workspace hostile names and tags; return the pages that show them."""
    declare(world.db, world.services.tag_definitions, TargetKind.PROJECT, "note")
    shown = text.replace("\x1b", "").replace("\x9b", "")[:200]
    world.add("sam")
    world.add_project("hostile", displayName=shown[:30], tags={"note": [shown]})
    version = world.define_for_tenants(about={"displayName": shown})
    world.add_zone("standard", mandatory=[version], displayName=shown, description=shown)
    services, workspace = world.services, "shop"
    world.db.write_now(
        lambda tx: services.groups.create(
            tx, ADMINISTRATOR, name="devs", display_name=shown, workspace=workspace, usernames=["sam"]
        )
    )
    key = world.db.write_now(
        lambda tx: services.api_keys.create(
            tx, ADMINISTRATOR, workspace, KeySettings(display_name=shown, permissions=(), expires_at=None)
        )
    )
    new = NewProvider.model_validate(
        {"alias": "corp", "displayName": shown, "issuer": "https://id.example.test", "clientId": shown}
    )
    world.db.write_now(lambda tx: services.identity_providers.create(tx, ADMINISTRATOR, "corp", new.spec(), None))
    return [
        "/w/shop",
        "/w/shop/projects",
        "/w/shop/projects/hostile",
        "/w/shop/projects/new",
        "/w/shop/tenants/new",
        "/w/shop/groups",
        "/w/shop/groups/devs",
        "/w/shop/keys",
        f"/w/shop/keys/{key.api_key.id}",
        "/w/shop/money",
        "/w/shop/events",
        "/account",
        "/admin/identity-providers",
        "/admin/identity-providers/corp",
        "/admin/identity-providers/corp/delete",
        "/sign-in",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_as_what_they_are(world: ScreenWorld, text: str) -> None:
    paths = furnish(world, text)
    admin = world.person("admin")

    for path in paths:
        answer = (world.person() if path == "/sign-in" else admin).get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert not re.search(r"""(?:href|src|action|content)=["']?\s*(?:0; url=)?javascript:""", answer.text), path
        assert str(7919 * 7907) not in answer.text, path
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", answer.text), path


def test_very_long_names_leave_pages_small(world: ScreenWorld) -> None:
    long = "w" * 255
    world.add_project("long", displayName="w" * 30)
    new = NewBinding(
        kind=BindingKind.USER, name="sam-long", role="Project Admin", project=ProjectKey("shop", "long"), subject="sam"
    )
    world.add("sam")
    world.db.write_now(world.services.project_roles.seed)
    world.db.write_now(lambda tx: world.services.project_bindings.create(tx, ADMINISTRATOR, new))
    version = world.define_for_tenants(about={"displayName": "w" * 128})
    world.add_zone("standard", mandatory=[version], displayName=long)

    for path in ("/w/shop", "/w/shop/projects/long/access", "/w/shop/tenants/new", "/account"):
        answer = world.person("sam").get(path)
        assert answer.status_code == 200, path
        assert len(answer.content) < 200_000, path
    assert uuid_of(world.platform) in world.person("sam").get("/w/shop/tenants/new").text
