"""Every screen of `tests.support.screens` in a real browser: accessible in both themes, and no wider than a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.database import Database
from tests.support.block_world import definition_of, uuid_of
from tests.support.browser import SIZES, accessibility_violations, fresh_page, tab_to, troubles_of_layout
from tests.support.clock import FixedClock
from tests.support.page_world import come, serving
from tests.support.screen_fillings import FILLINGS, ScreenWorld
from tests.support.screens import SCREENS

pytestmark = pytest.mark.one_database


@pytest.fixture
def site(database: Database, clock: FixedClock) -> Iterator[tuple[ScreenWorld, str]]:
    """A served world."""
    world = ScreenWorld(database, clock)
    with serving(world.app) as url:
        yield world, url


ELSEWHERE = {
    "sign-in",
    "password",
    "style",
    "blocks",
    "blocks-none-match",
    "block",
    "block-failed",
    "block-inputs",
    "run",
    "run-failed",
    "not-found",
}
"""Screens that other tests look at."""


def test_every_screen_is_accessible_and_fits(site: tuple[ScreenWorld, str], browser: Browser) -> None:
    world, url = site
    known = FILLINGS["long"](world)
    troubles: list[str] = []
    who = ""
    with fresh_page(browser, failures="status of 400") as page:  # of the screen that refuses
        for screen in SCREENS:
            address = screen.address(known)
            if address is None or screen.name in ELSEWHERE or screen.act:
                continue
            if screen.who is not None and screen.who != who:
                who = screen.who
                come(page, world, url, who)
            page.goto(url + address)
            troubles += [f"{screen.name}, {trouble}" for trouble in troubles_of_layout(page)]

    assert troubles == []


def test_the_palette_finds_by_keyboard_and_leads_there(site: tuple[ScreenWorld, str], page: Page) -> None:
    world, url = site
    world.order(world.define("Queue"), name="orders queue")
    come(page, world, url)
    page.goto(f"{url}/blocks")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search")
    expect(box).to_be_focused()
    options = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(options.first).to_contain_text("Home")
    box.press_sequentially("ordres que")
    expect(options).to_have_count(1)
    assert accessibility_violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("orders queue")

    page.wait_for_load_state("load")

    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shop")
    page.wait_for_load_state("load")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert accessibility_violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Pin Shop").click()
    expect(page.get_by_role("button", name="Pin Shop")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{url}/")
    expect(page.get_by_role("region", name="Pinned")).to_contain_text("Shop")


def test_a_list_is_walked_through_and_a_form_that_was_changed_asks(site: tuple[ScreenWorld, str], page: Page) -> None:
    world, url = site
    come(page, world, url)
    page.goto(f"{url}/w/shop/projects")
    for key in "jjk":
        page.keyboard.press(key)
    first = page.locator("a.row-link").first
    expect(first).to_be_focused()
    name = first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    page.goto(f"{url}/w/shop/projects/new")
    page.get_by_label("Name").fill("Test")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("alert")).to_contain_text("Please correct the marked field")
    expect(page.get_by_label("Name")).to_have_value("Test")
    page.get_by_label("Identifier").fill("test")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("status").filter(has_text="The project was made.")).to_be_visible()


def test_the_tab_that_is_open_is_seen_on_a_phone(site: tuple[ScreenWorld, str], page: Page) -> None:
    world, url = site
    come(page, world, url)
    page.set_viewport_size(SIZES["phone"])

    page.goto(f"{url}/w/shop/settings")

    expect(page.locator(".tabs-bar [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_what_is_called_very_long_leaves_room_on_a_phone(site: tuple[ScreenWorld, str], page: Page) -> None:
    world, url = site
    name = "an unusually long name that somebody chose without thinking of those who read it " * 2
    network = world.define("Network")
    needs: JsonObject = {"kind": "meshBuildingBlockDefinition", "uuid": definition_of(network)}
    parents = [world.order(network, name=name)]
    world.finish()
    block = world.order(world.define("Cluster", dependencyDefinitionRefs=[needs]), name=name, parents=parents)
    come(page, world, url)
    page.set_viewport_size(SIZES["phone"])

    page.goto(f"{url}/blocks/{uuid_of(block)}/runs")
    crumbs = page.locator(".breadcrumb")
    expect(crumbs.get_by_text("Runs")).to_be_in_viewport(ratio=1)
    assert crumbs.evaluate("all => all.clientHeight < 2 * parseFloat(getComputedStyle(all).lineHeight)")
    page.goto(f"{url}/blocks/{uuid_of(block)}/graph")
    page.locator(".drawing").scroll_into_view_if_needed()
    expect(page.locator(".drawing [aria-current] rect")).to_be_in_viewport(ratio=0.9)
    page.goto(f"{url}/blocks")
    link = page.locator("a.row-link").first
    assert link.evaluate("link => link.clientHeight < 4 * parseFloat(getComputedStyle(link).lineHeight)")
    page.keyboard.press("Control+k")
    where = page.locator(".palette-where", has_text="Building block").first
    assert where.evaluate("where => where.clientWidth >= Math.min(where.scrollWidth, 100)")


def test_a_block_is_found_followed_and_its_plan_applied_by_keyboard_alone(
    site: tuple[ScreenWorld, str], page: Page
) -> None:
    world, url = site
    known = FILLINGS["full"](world)
    come(page, world, url)
    page.goto(f"{url}/blocks/{known['cluster']}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the content
    tab_to(page, page.get_by_role("link", name="See the changes"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dry run")
    tab_to(page, page.get_by_role("link", name="1 delete"))
    page.keyboard.press("Enter")
    expect(page.locator(".changes > li")).to_have_count(1)
    tab_to(page, page.locator(".changes summary").first)
    page.keyboard.press("Enter")
    expect(page.locator(".changes details[open]")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    page.goto(f"{url}/runs/{known['dry_run']}/changes")
    tab_to(page, page.get_by_role("button", name="Apply this plan"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="A run was requested.")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Abort"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Abort the run"))
    page.keyboard.press("Enter")
    expect(page.locator("#run-status")).to_contain_text("Aborted")
