"""The reference of the API: the OpenAPI document as a page, without anything from elsewhere."""

import pytest
from playwright.sync_api import Page, expect

from blockyard.protocol import kinds
from tests.support.browser import troubles_of_layout
from tests.support.page_world import PageWorld

pytestmark = pytest.mark.one_database


def test_everybody_finds_the_reference_at_the_foot_of_each_page(world: PageWorld) -> None:
    stranger, sam = world.person(), world.person("sam")

    assert '<a class="link" href="/docs">' in stranger.get("/sign-in").text
    for person in (stranger, sam):
        page = person.get("/docs")
        assert page.status_code == 200
        assert 'data-document="/api/openapi.json"' in page.text
        assert "inline" not in page.headers["content-security-policy"]
    assert "Sign out" in sam.get("/docs").text


def test_operations_are_read_in_the_browser(site: tuple[PageWorld, str], page: Page) -> None:
    _world, url = site
    page.goto(f"{url}/docs")

    assert page.locator("main").count() == 1
    group = page.locator("#operations-tag-meshpaymentmethods")
    expect(group).to_be_visible(timeout=30_000)  # a large script, on a machine with much to do
    group.click()
    operation = page.locator("[id$='read_payment_method_api_meshobjects_meshpaymentmethods__name__get']")
    expect(operation).to_be_visible()
    operation.locator("button").first.click()

    expect(operation.get_by_role("combobox", name="Media Type").first).to_have_value(kinds.PAYMENT_METHOD.media)
    assert troubles_of_layout(page) == []
