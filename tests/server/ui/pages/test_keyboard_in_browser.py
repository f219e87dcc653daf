"""Walks through the pages with Tab, Enter, Space and arrows alone, in a real browser: everything is reached, and seen to be."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.server.kit.database import Database
from tests.support.block_world import a_value, an_input, an_output, definition_of, uuid_of
from tests.support.browser import fresh_page, tab_to
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, come, serving
from tests.support.principals import ADMINISTRATOR
from tests.support.screen_fillings import ScreenWorld
from tests.support.tenant_world import MAKES_TENANT

pytestmark = pytest.mark.one_database

Site = tuple[ScreenWorld, str]


@pytest.fixture
def site(database: Database, clock: FixedClock) -> Iterator[Site]:
    """A served world."""
    world = ScreenWorld(database, clock)
    with serving(world.app) as url:
        yield world, url


def enter(page: Page, label: str, text: str) -> None:
    """Go to a field and type."""
    tab_to(page, page.get_by_label(re.compile(f"^{label}( required| optional)?$")).last)
    page.keyboard.type(text)


def press(page: Page, role: Literal["link", "button"], name: str) -> None:
    """Go to a link or a button and press Enter."""
    tab_to(page, page.get_by_role(role, name=name, exact=True).first)
    page.keyboard.press("Enter")


def test_from_the_link_of_the_first_start_to_the_outputs_of_an_order(site: Site, page: Page) -> None:
    world, url = site
    world.define(
        "Greeting", transparent=True, inputs={"whom": an_input(displayName="Whom")}, outputs={"greeting": an_output()}
    )
    world.add("sam")
    token = world.db.write_now(lambda tx: world.links.make(tx, "sam"))

    page.goto(f"{url}/sign-in/link?token={token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Sam")
    enter(page, "Password", PASSWORD)
    enter(page, "Password again", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What needs you")
    press(page, "link", "Marketplace")
    press(page, "link", "Greeting")
    press(page, "link", "Add")
    expect(page.get_by_role("heading", level=1)).to_have_text("Order Greeting")
    enter(page, "Whom", "ada")
    press(page, "button", "Order")
    page.wait_for_url("**/blocks/*")
    world.report(world.claimed(), outputs={"greeting": a_value("hello ada")})
    expect(page.locator("#block-result")).to_contain_text("hello ada")
    press(page, "button", "Copy greeting")
    expect(page.get_by_text(re.compile("^Copied$|The text is selected"))).to_be_attached()
    page.goto("about:blank")


def test_a_new_tenant_in_a_new_project_with_the_block_it_needs(site: Site, page: Page) -> None:
    world, url = site
    inputs = {**MAKES_TENANT["inputs"], "owner": an_input(displayName="Owner")}
    mandatory = world.define_for_tenants("Account", inputs=inputs, outputs=MAKES_TENANT["outputs"])
    world.add_zone("zone", mandatory=[mandatory])
    world.define_for_tenants("App")
    come(page, world, url)

    page.goto(f"{url}/marketplace")
    press(page, "link", "App")
    press(page, "link", "Add")
    existing = page.get_by_label("One that is there")
    tab_to(page, existing)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("A new project")).to_be_checked()
    enter(page, "Identifier of the new project", "fresh")
    enter(page, "Owner", "sam")
    press(page, "button", "Review first")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review your order of App")
    press(page, "button", "Order")
    page.wait_for_url("**/blocks/*")
    page.goto("about:blank")


def test_access_with_a_last_day_and_an_api_key(site: Site, page: Page) -> None:
    world, url = site
    world.add("nora")
    come(page, world, url)

    page.goto(f"{url}/w/shop")
    press(page, "link", "Access")
    enter(page, "Usernames", "nora")
    tab_to(page, page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    enter(page, "Last day", "10102027")
    press(page, "button", "Give the role")
    expect(page.get_by_role("status").filter(has_text="nora: the role was given.")).to_be_visible()
    given = world.db.read_now(lambda tx: world.services.bindings.of_workspace(tx, ADMINISTRATOR, "shop"))
    assert [one.expires_on for one in given if one.subject == "nora"] == [date(2027, 10, 10)]
    press(page, "link", "API keys")
    press(page, "link", "New API key")
    enter(page, "Name", "ci")
    press(page, "button", "Make the key and show its secret")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep this secret now")
    press(page, "link", "I have kept it")
    expect(page.get_by_role("link", name="ci", exact=True)).to_be_visible()


def test_a_draft_survives_a_sign_out(site: Site, page: Page) -> None:
    world, url = site
    inputs = {"title": an_input(displayName="Title"), "token": an_input(displayName="Token", isSensitive=True)}
    version = world.define("Bucket", inputs=inputs)
    come(page, world, url)

    page.goto(f"{url}/order/{definition_of(version)}")
    enter(page, "Title", "invoices of 2026")
    enter(page, "Token", "hunter2")
    page.wait_for_url(re.compile("/orders/"))
    draft = page.url
    tab_to(page, page.locator("summary[aria-label^='Your account']"))
    page.keyboard.press("Enter")
    press(page, "button", "Sign out")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(draft)
    enter(page, "Username", "sam")
    enter(page, "Password", PASSWORD)
    page.keyboard.press("Enter")

    expect(page).to_have_url(draft)
    expect(page.get_by_label("Title")).to_have_value("invoices of 2026")
    enter(page, "Token", "hunter2")
    press(page, "button", "Order")
    page.wait_for_url("**/blocks/*")
    page.goto("about:blank")


def test_the_later_of_two_people_sees_what_the_other_wrote_and_chooses(site: Site, browser: Browser) -> None:
    world, url = site
    version = world.define("Bucket", inputs={"title": an_input(displayName="Title", updateableByConsumer=True)})
    block = world.order(version, {"title": "old"})
    world.finish()
    address = f"{url}/blocks/{uuid_of(block)}/inputs"
    with fresh_page(browser) as sam, fresh_page(browser, failures="status of 4") as pat:
        for page, name in ((sam, "sam"), (pat, "pat")):
            come(page, world, url, name)
            page.goto(address)
        for page, text in ((sam, "of sam"), (pat, "of pat")):
            tab_to(page, page.get_by_label("Title"))
            page.keyboard.press("Control+a")
            page.keyboard.type(text)
            press(page, "button", "Save and run")
        expect(sam.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
        expect(pat.get_by_text("This was changed after you opened the page.")).to_be_visible()
        expect(pat.locator("[id^=theirs-]")).to_have_text("of sam")
        assert world.stored(block).inputs == {"title": "of sam"}
        world.finish()

        press(pat, "button", "Save and run")

        expect(pat.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
        assert world.stored(block).inputs == {"title": "of pat"}
