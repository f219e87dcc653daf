"""Forms in a real browser: nothing untouched is changed, and nothing typed is lost, whatever goes wrong."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.kit.database import Database
from tests.server.ui.pages.test_input_form import CHECKS, FOLLOWING
from tests.server.ui.pages.test_input_form_guard import LINES, TEXTS, differences, everything
from tests.support.block_world import MANUAL, a_secret, an_input, uuid_of
from tests.support.browser import accessibility_violations, fresh_page
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld, come, serving

pytestmark = pytest.mark.one_database


def a_block(world: PageWorld) -> JsonObject:
    """Return a block with a text of three lines, a size and a secret, whose run is over."""
    inputs = {
        "banner": an_input(displayName="Banner", updateableByConsumer=True),
        "size": an_input("INTEGER", displayName="Size", updateableByConsumer=True, defaultValue=1, displayOrder=1),
        "key": an_input(displayName="Key", isSensitive=True, updateableByConsumer=True, displayOrder=2),
    }
    values: JsonObject = {"banner": "first line\nsecond line\n  third", "key": a_secret("old-old-old")}
    block: JsonObject = world.order(world.define(inputs=inputs), values, name="machine")
    world.finish()
    return block


def test_changing_one_field_leaves_the_line_ends_of_another(browser: Browser, site: tuple[PageWorld, str]) -> None:
    world, url = site
    block = a_block(world)
    for javascript in (True, False):
        before = world.stored(block).inputs
        with fresh_page(browser, javascript=javascript) as page:
            come(page, world, url)
            page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
            page.get_by_label("Size").fill(str(2 + javascript))
            page.get_by_role("button", name="Save and run").click()
            expect(page.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
        assert differences(before, world.stored(block).inputs) == {"size"}
        world.finish()


def test_values_of_every_type_are_opened_and_saved_without_a_change(
    browser: Browser, site: tuple[PageWorld, str]
) -> None:
    world, url = site
    inputs, values = everything()
    block = world.order(world.define(implementation=MANUAL, inputs=inputs), values)
    before = world.stored(block)
    for javascript in (True, False):
        with fresh_page(browser, javascript=javascript) as page:
            come(page, world, url, "pat")
            page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
            page.get_by_role("button", name="Save and run").click()
            expect(page.get_by_text("Nothing was changed.")).to_be_visible()
        assert differences(before.inputs, world.stored(block).inputs) == set()
    assert len(before.inputs) > 2 * len(TEXTS)


def test_a_refused_form_keeps_everything_and_going_back_asks_nothing(
    browser: Browser, site: tuple[PageWorld, str]
) -> None:
    world, url = site
    block = a_block(world)
    with fresh_page(browser, failures="status of 400") as page:
        come(page, world, url)
        page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
        page.get_by_label("Banner").fill("")
        page.get_by_label("Size").fill("2.5")
        page.get_by_role("textbox", name="Key").fill(LINES)
        page.get_by_role("button", name="Save and run").click()

        expect(page.get_by_text("Please correct the marked fields.")).to_be_visible()
        expect(page.get_by_label("Size")).to_have_value("2.5")
        expect(page.get_by_role("textbox", name="Key")).to_have_value(LINES)
        assert accessibility_violations(page) == []
        page.get_by_label("Banner").fill("other")
        page.get_by_label("Size").fill("3")
        page.get_by_role("button", name="Save and run").click()
        expect(page.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("Size")).to_have_value("3")
    assert world.key.open(str(world.claimed().inputs["key"]["value"])) == LINES


def test_without_scripts_a_refused_form_survives_another_page_and_back(
    browser: Browser, site: tuple[PageWorld, str]
) -> None:
    world, url = site
    block = a_block(world)
    with fresh_page(browser, javascript=False) as page:
        come(page, world, url)
        page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
        page.get_by_label("Size").fill("2.5")
        page.get_by_role("button", name="Save and run").click()
        expect(page.get_by_text("Please correct the marked field.")).to_be_visible()
        page.goto(f"{url}/blocks")
        page.go_back()
        expect(page.get_by_label("Size")).to_have_value("2.5")
        expect(page.get_by_text("Enter a whole number, such as 3.")).to_be_visible()


def test_fields_follow_each_other_while_inputs_are_changed(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    block = world.order(world.define(inputs=FOLLOWING, inputChecks=CHECKS), {"region": "eu", "zone": "eu-2"})
    world.finish()
    come(page, world, url)
    page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
    days, zone = page.get_by_label("Days"), page.get_by_label("Zone")
    expect(days).to_be_hidden()
    expect(zone).to_have_value("eu-2")

    page.get_by_label("Region").select_option("us")
    expect(zone).to_have_value("")
    zone.select_option("us-1")
    page.get_by_label("Size").fill("9")
    expect(page.get_by_text("More than four needs a large plan.")).to_be_visible()
    page.get_by_label("Size").fill("2.5")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Enter a whole number, such as 3.")).to_be_visible()
    page.get_by_label("Size").fill("4")
    page.locator("[name='input.backup']").check()
    expect(page.get_by_label("Copies")).to_have_value("2")
    days.fill("7")
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Save and run").click()

    expect(page.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
    stored = world.stored(block).inputs
    assert [stored[key] for key in ("zone", "size", "backup", "days", "copies")] == ["us-1", 4, True, 7, 2]


def test_a_session_that_ended_is_told_and_what_was_typed_is_sent_after_signing_in_again(
    site: tuple[PageWorld, str], page: Page
) -> None:
    world, url = site
    block = a_block(world)
    come(page, world, url)
    page.goto(f"{url}/blocks/{uuid_of(block)}/inputs")
    page.get_by_label("Size").fill("5")
    page.context.clear_cookies()

    page.get_by_role("button", name="Save and run").click()
    expect(page.get_by_text("Your session has ended; nothing was sent.")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in in a new tab")).to_be_visible()
    come(page, world, url)
    page.get_by_role("button", name="Save and run").click()

    expect(page.get_by_text("The inputs were saved and a run was requested.")).to_be_visible()
    assert world.stored(block).inputs["size"] == 5


def test_without_scripts_a_session_that_ended_is_told_and_leads_back(
    browser: Browser, site: tuple[PageWorld, str]
) -> None:
    world, url = site
    path = f"/blocks/{uuid_of(a_block(world))}"
    with fresh_page(browser, javascript=False) as page:
        come(page, world, url, "pat")
        page.goto(url + path)
        page.context.clear_cookies()
        page.get_by_role("button", name="Run again").click()

        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        expect(page.get_by_text("What you sent was not saved.")).to_be_visible()
        page.get_by_label("Username").fill("pat")
        page.get_by_label("Password").fill("four random words")
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(url + path)


def test_a_server_that_is_gone_is_told_and_its_return_is_noticed(
    browser: Browser, database: Database, clock: FixedClock
) -> None:
    world = PageWorld(database, clock)
    block = world.order(world.define(transparent=True), name="machine")
    run = world.latest_run(block).id
    with fresh_page(browser, failures="net::ERR_") as page:
        with serving(world.app) as url:
            port = urlsplit(url).port or 0
            come(page, world, url)
            page.goto(f"{url}/runs/{run}")
            page.get_by_role("link", name="Abort").click()
        page.get_by_role("button", name="Abort the run").click()
        expect(page.get_by_text("The server cannot be reached. Nothing was sent")).to_be_visible()
        expect(page.get_by_text("Connection lost. Trying again …")).to_be_visible()
        with serving(world.app, port=port):
            expect(page.get_by_text("Connection lost")).to_be_hidden()
            page.get_by_role("button", name="Abort the run").click()
            expect(page.get_by_text("The abort was requested.")).to_be_visible()
    assert world.latest_run(block).status is RunStatus.ABORTED
