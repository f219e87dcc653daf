"""Orders in a real browser: what is missing is ordered with it, nothing typed is lost, and two tabs know of each other."""

import re
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.server.blocks.store import BlockStore
from blockyard.server.identity.api import SESSION_COOKIE
from blockyard.server.kit.database import Database
from tests.support.block_world import an_input
from tests.support.browser import fresh_page
from tests.support.clock import FixedClock
from tests.support.page_world import PASSWORD, PageWorld, come, serving
from tests.support.tenant_world import MAKES_TENANT, TenantWorld

pytestmark = pytest.mark.one_database


class PlacesWorld(TenantWorld, PageWorld):
    """A platform, projects, pages and people."""


Site = tuple[PageWorld, str]
KEPT = re.compile(r"/orders/[0-9a-f-]{36}$")


def id_of(version: Any) -> str:
    """Return the id of a version's definition."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def test_a_missing_dependency_is_ordered_with_it_by_keyboard_alone(site: Site, page: Page) -> None:
    world, url = site
    network = world.define("Network", inputs={"range": an_input(displayName="Range")})
    refs = [{"kind": "meshBuildingBlockDefinition", "uuid": id_of(network)}]
    database = world.define("Database", inputs={"size": an_input("INTEGER")}, dependencyDefinitionRefs=refs)
    come(page, world, url)
    page.goto(f"{url}/order/{id_of(database)}")

    page.get_by_label("Size").focus()
    page.keyboard.type("9223372036854775807")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Range")).to_be_focused()
    page.keyboard.type("10.0.0.0/16")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url("**/blocks/*")
    assert (
        world.db.read_now(lambda tx: BlockStore(tx).count_live(definition_id=UUID(id_of(network)), workspace="shop"))
        == 1
    )


def test_what_was_typed_survives_a_sign_out_but_secrets(site: Site, page: Page) -> None:
    world, url = site
    inputs = {"title": an_input(displayName="Title"), "token": an_input(displayName="Token", isSensitive=True)}
    version = world.define("Bucket", inputs=inputs)
    come(page, world, url)
    page.goto(f"{url}/order/{id_of(version)}")
    page.get_by_label("Token").fill("hunter2")
    page.get_by_label("Title").fill("invoices of 2026")
    page.keyboard.press("Tab")
    page.wait_for_url(KEPT)
    draft = page.url

    page.context.clear_cookies(name=SESSION_COOKIE)
    page.goto(draft)
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_url(draft)
    expect(page.get_by_label("Title")).to_have_value("invoices of 2026")
    expect(page.get_by_label("Token")).to_have_value("")
    expect(page.get_by_text("Please enter again: Token.")).to_be_visible()


def test_a_field_says_what_is_wrong_once_it_was_left_and_is_hidden_by_its_condition(site: Site, page: Page) -> None:
    world, url = site
    words = "Use lower-case letters"
    inputs = {
        "title": an_input(displayName="Title", valueValidationRegex="[a-z]+", validationRegexErrorMessage=words),
        "backup": an_input("BOOLEAN", displayName="Backup", defaultValue=False, displayOrder=1),
        "days": an_input("INTEGER", displayName="Days", condition="input.backup", displayOrder=2),
    }
    version = world.define("Bucket", inputs=inputs)
    come(page, world, url)
    page.goto(f"{url}/order/{id_of(version)}")
    title, days = page.get_by_label("Title"), page.locator("[data-key=days]")

    expect(days).to_be_hidden()
    title.fill("BIG")
    page.keyboard.press("Tab")
    expect(page.get_by_text(f"{words}.")).to_be_visible()
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill("small")
    page.keyboard.press("Tab")
    expect(page.get_by_text(f"{words}.")).to_be_hidden()
    page.locator("[name='input.backup']").check()
    expect(days).to_be_visible()


def test_options_defaults_and_checks_follow_what_is_chosen_at_once(site: Site, page: Page) -> None:
    world, url = site
    message = "More than four only in eu-1"
    inputs = {
        "region": an_input("SINGLE_SELECT", displayName="Region", selectableValues=["eu", "us"], defaultValue="eu"),
        "zone": an_input(
            "SINGLE_SELECT",
            displayName="Zone",
            displayOrder=1,
            optionSources=[
                {"condition": "input.region == 'eu'", "values": ["eu-1", "eu-2"]},
                {"condition": "input.region == 'us'", "values": ["us-1"]},
            ],
        ),
        "size": an_input(
            "INTEGER",
            displayName="Size",
            displayOrder=2,
            defaultValue=1,
            dependentDefaults=[{"condition": "input.region == 'us'", "value": 3}],
        ),
    }
    checks = [{"condition": "input.size < 5 || input.zone == 'eu-1'", "message": message}]
    version = world.define("Bucket", inputs=inputs, inputChecks=checks)
    come(page, world, url)
    page.goto(f"{url}/order/{id_of(version)}")
    region, zone, size = (page.get_by_label(name) for name in ("Region", "Zone", "Size"))

    zone.select_option("eu-2")
    region.select_option("us")
    expect(zone).to_have_value("")
    expect(size).to_have_value("3")
    size.fill("9")
    zone.select_option("us-1")
    expect(page.get_by_text(f"{message}.")).to_be_visible()
    region.select_option("eu")
    expect(size).to_have_value("9")
    zone.select_option("eu-1")
    expect(page.get_by_text(f"{message}.")).to_be_hidden()
    page.get_by_role("button", name="Order", exact=True).click()

    page.wait_for_url("**/blocks/*")
    found = world.db.read_now(lambda tx: BlockStore(tx).find(UUID(page.url.rpartition("/")[2])))
    assert found is not None
    assert found.inputs == {"region": "eu", "zone": "eu-1", "size": 9}


def test_a_new_tenant_with_its_mandatory_block_is_ordered_in_one_form(
    database: Database, clock: FixedClock, page: Page
) -> None:
    world = PlacesWorld(database, clock)
    inputs = {**MAKES_TENANT["inputs"], "owner": an_input(displayName="Owner")}
    mandatory = world.define_for_tenants("Account", inputs=inputs, outputs=MAKES_TENANT["outputs"])
    world.add_zone("zone", mandatory=[mandatory])
    version = world.define_for_tenants("App")
    with serving(world.app) as url:
        come(page, world, url)
        page.goto(f"{url}/order/{id_of(version)}")
        page.get_by_label("A new project").check()
        page.get_by_label("Identifier of the new project").fill("fresh")
        page.get_by_label("Owner").fill("sam")
        page.get_by_role("button", name="Order", exact=True).click()
        page.wait_for_url("**/blocks/*")
        page.goto("about:blank")  # which ends its stream before the server is gone

    made = world.db.read_now(lambda tx: BlockStore(tx).active_anywhere_in("shop"))
    assert sorted((block.name, block.tenant is not None and block.tenant.project) for block in made) == [
        ("Account", "fresh"),
        ("App", "fresh"),
    ]


def test_the_later_of_two_tabs_sees_the_difference_and_chooses(site: Site, browser: Browser) -> None:
    world, url = site
    version = world.define("Bucket", inputs={"title": an_input(displayName="Title")})
    with fresh_page(browser, failures="409") as first:
        come(first, world, url)
        first.goto(f"{url}/order/{id_of(version)}")
        first.get_by_label("Title").fill("one")
        first.keyboard.press("Tab")
        first.wait_for_url(KEPT)
        second = first.context.new_page()
        second.goto(first.url)
        first.get_by_label("Title").fill("first")
        with first.expect_response(re.compile("/save$")):
            first.keyboard.press("Tab")
        second.get_by_label("Title").fill("second")
        second.keyboard.press("Tab")

        expect(second.get_by_text("Title: here “second”, there “first”")).to_be_visible()
        expect(second.locator("#order-kept")).to_have_text("Not kept: this draft was changed in another tab.")
        with second.expect_response(re.compile("/save$")) as kept:
            second.get_by_role("button", name="Keep what is here").click()
        assert kept.value.status == 200
        second.reload()
        expect(second.get_by_label("Title")).to_have_value("second")
