"""What pages cost in a browser: scripts that they load, and how soon they paint and answer, which the report of the tests names."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from blockyard.server.kit.database import Database
from tests.support.browser import INTERACTION, PAINTED, SCRIPT_BYTES
from tests.support.clock import FixedClock
from tests.support.page_world import come, serving
from tests.support.screen_fillings import FILLINGS, ScreenWorld
from tests.support.screens import SCREENS

pytestmark = pytest.mark.one_database

WITH_AN_EDITOR = {"order", "order-refused", "order-together", "block-inputs"}
MOST_BYTES = 60_000
"""Of scripts, gzipped, on any page without an editor or a graph."""

MEASURED = (
    "home",
    "marketplace",
    "definition",
    "order",
    "order-together",
    "blocks",
    "block",
    "block-graph",
    "block-inputs",
    "run",
    "run-changes",
    "run-lines",
    "workspace",
)


@pytest.fixture
def site(database: Database, clock: FixedClock) -> Iterator[tuple[ScreenWorld, str]]:
    """A served world."""
    world = ScreenWorld(database, clock)
    with serving(world.app) as url:
        yield world, url


def test_pages_load_few_scripts_and_report_how_soon_they_paint_and_answer(
    site: tuple[ScreenWorld, str], page: Page, record_property: Callable[[str, object], None]
) -> None:
    world, url = site
    known = FILLINGS["full"](world)
    come(page, world, url)
    heavy: list[str] = []
    for screen in (one for one in SCREENS if one.name in MEASURED):
        page.goto(f"{url}{screen.address(known)}")
        page.wait_for_load_state("load")
        painted = page.evaluate(PAINTED)
        if screen.name in WITH_AN_EDITOR:
            page.locator(".code-editor").first.click()
            page.keyboard.type("{")
        else:
            page.keyboard.press("Control+k")
        answered = page.evaluate(INTERACTION)
        loaded = page.evaluate(SCRIPT_BYTES)
        record_property(
            "figure", f"{screen.name}: LCP {painted:.0f} ms, INP {answered:.0f} ms, scripts {loaded / 1000:.1f} kB"
        )
        assert painted > 0
        if screen.name not in WITH_AN_EDITOR and loaded > MOST_BYTES:
            heavy.append(f"{screen.name} loads {loaded} bytes of scripts")

    assert heavy == []
