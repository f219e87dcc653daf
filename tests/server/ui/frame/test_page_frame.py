"""What all pages share: headers, errors in the frame, files that browsers keep, and that nobody gets in unknown."""

import re
from collections import defaultdict
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid
from blockyard.server.ui.frame.bundle import Bundle
from blockyard.server.ui.frame.layout import Frame
from blockyard.server.ui.frame.refusals import Refusals
from blockyard.server.ui.frame.tabs import tab_icon
from blockyard.server.ui.frame.visitor import Visitors
from tests.support.block_world import MANUAL, uuid_of
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld, words_of

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
OPEN_TO_ALL = {
    "/.well-known/openid-configuration",
    "/docs",
    "/oidc/.well-known/openid-configuration",
    "/oidc/authorize",
    "/oidc/code",
    "/oidc/end-session",
    "/oidc/jwks",
    "/oidc/revoke",
    "/oidc/token",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/link",
    "/sign-in/passkey",
    "/sign-in/with/{alias}",
    "/sign-in/with/{alias}/back-channel-logout",
    "/sign-in/with/{alias}/callback",
}


def page_routes(world: PageWorld) -> list[Route]:
    """Return the routes of pages."""
    return [
        route
        for route in world.app.routes
        if isinstance(route, APIRoute) and not route.include_in_schema and not route.path.startswith("/api/")
    ]


def paths_of(world: PageWorld) -> dict[str, str]:
    """Return an address for every page, by the path of its route."""
    block = world.order(world.define(implementation=MANUAL))
    ids: dict[str, str] = defaultdict(lambda: str(UUID(int=0)))  # nothing is there
    ids |= {"block_id": uuid_of(block), "run_id": str(world.latest_run(block).id), "workspace": "shop", "alias": "corp"}
    return {route.path: route.path.format_map(ids) for route in page_routes(world)}


@pytest.mark.one_database
def test_every_page_forbids_what_is_inline_or_foreign_and_is_not_kept(world: PageWorld) -> None:
    paths = paths_of(world)
    person = world.person("admin")

    for path in (*paths.values(), "/nowhere"):
        answer = person.get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert INLINE.search(answer.text) is None, path


@pytest.mark.one_database
def test_no_page_shows_anything_to_whoever_is_not_signed_in(world: PageWorld) -> None:
    stranger = world.person()
    paths = paths_of(world)

    for route in page_routes(world):
        path = paths[route.path]
        for method in (route.methods or set()) - {"HEAD"}:
            if route.path in OPEN_TO_ALL:
                continue
            answer = stranger.get(path) if method == "GET" else stranger.post_raw(path, {"csrf_token": "x"})
            assert answer.status_code == 303, f"{method} {path}"
            assert answer.headers["location"].startswith("/sign-in"), f"{method} {path}"


def test_an_unknown_address_is_a_page_for_browsers_and_json_for_programs(world: PageWorld) -> None:
    person = world.person("sam")

    page = person.get("/nowhere", Accept="text/html")
    program = person.get("/nowhere", Accept="application/json")
    api = person.get("/api/nowhere", Accept="text/html")

    assert (page.status_code, program.status_code, api.status_code) == (404, 404, 404)
    assert "There is nothing here" in words_of(page)
    assert "Signed in as" in page.text
    assert program.json()["errorCode"] == api.json()["errorCode"] == "NotFound"


@pytest.mark.parametrize("path", ["/blocks/not-an-id", "/runs/not-an-id"])
@pytest.mark.one_database
def test_what_cannot_be_an_id_is_not_there(world: PageWorld, path: str) -> None:
    assert world.person("sam").get(path, Accept="text/html").status_code == 404


@pytest.mark.parametrize("path", ["/blocks/%00", "/blocks?status=%00", "/sign-in/link?token=%00"])
@pytest.mark.one_database
def test_an_address_that_no_text_can_be_is_refused(world: PageWorld, path: str) -> None:
    assert world.person("sam").get(path, Accept="text/html").status_code == 400


@pytest.mark.one_database
def test_a_page_that_only_takes_forms_says_so(world: PageWorld) -> None:
    answer = world.person("sam").get("/sign-out", Accept="text/html")

    assert answer.status_code == 405
    assert "This page cannot be opened directly" in words_of(answer)


def test_refusals_and_bugs_come_in_the_frame_and_bugs_tell_nothing(world: PageWorld) -> None:
    frame, visitors = Frame(secure_cookies=False), Visitors(world.db, world.sessions, world.services.workspaces)
    router = APIRouter(route_class=Refusals(frame, visitors).route_class())

    @router.get("/bug")
    async def fail() -> None:
        raise ZeroDivisionError("the secret is hunter2")

    @router.get("/refusal")
    async def refuse() -> None:
        raise Invalid("the name is too long", remedy="Choose a shorter one.")

    world.app.include_router(router)
    bug, refusal = world.person().get("/bug"), world.person().get("/refusal")

    assert bug.status_code == 500
    assert "Something went wrong on our side" in words_of(bug)
    assert "hunter2" not in bug.text
    assert refusal.status_code == 400
    assert "The name is too long. Choose a shorter one." in words_of(refusal)


@pytest.mark.one_database
def test_browsers_keep_bundled_files_for_ever_and_get_them_small(world: PageWorld) -> None:
    answer = world.person().get(Bundle.load().url("app.css"), **{"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.one_database
def test_a_file_that_is_not_bundled_is_not_kept(world: PageWorld) -> None:
    answer = world.person().get("/static/dist/../bundle.py")

    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.one_database
def test_the_first_paint_has_the_chosen_theme(world: PageWorld, theme: str) -> None:
    person = world.person()
    person.cookies.set("theme", theme, domain="blockyard.test")

    assert f'<html lang="en" data-theme="{theme}">' in person.get("/sign-in").text


@pytest.mark.one_database
def test_a_theme_that_does_not_exist_is_not_put_into_the_page(world: PageWorld) -> None:
    person = world.person()
    person.cookies.set("theme", '"><script>', domain="blockyard.test")

    assert '<html lang="en">' in person.get("/sign-in").text


def test_the_frame_says_where_one_is_and_leads_to_the_areas_that_there_are(world: PageWorld) -> None:
    page = world.person("sam").get("/blocks").text
    main = page.partition('<nav aria-label="Main"')[2].partition("</nav>")[0]
    places = page.partition('aria-label="Workspace, project and tenant"')[2].partition("</nav>")[0]

    assert re.search(r'href="/blocks" data-key="b" aria-current="page"', main)
    assert "/builder" not in main
    assert 'href="/w/shop"' in places
    assert "Shop" in places


def test_a_workspace_that_a_cookie_names_is_shown_to_those_alone_who_may_see_it(world: PageWorld) -> None:
    for name, shown in (("other", False), ("shop", True), ("nowhere", False), ("%00", False)):
        person = world.person("mia")
        person.cookies.set("workspace", name, domain="blockyard.test")
        places = person.get("/blocks").text.partition('aria-label="Workspace, project and tenant"')[2]

        assert ('href="/w/shop"' in places, f'href="/w/{name}"' in places) == (True, shown)


@pytest.mark.parametrize("tone", ["success", "error", "warning", "info", "neutral", None])
def test_the_tab_shows_how_the_object_of_a_page_is(tone: str | None) -> None:
    assert ("circle" in tab_icon(tone)) == (tone is not None)
    assert '"' not in tab_icon(tone)


@pytest.mark.one_database
def test_pages_are_not_part_of_the_documented_api(database: Database, clock: FixedClock) -> None:
    world = PageWorld(database, clock)

    others = {path for path in world.app.openapi()["paths"] if not path.startswith("/api/")}

    assert others == {"/mesh/info", "/healthz", "/readyz", "/metrics"}
