"""The page that shows every part of the pages: only where it is asked for, and then whole."""

import re

import pytest

from blockyard.server.app.settings import load_settings
from blockyard.server.kit.database import Database
from blockyard.server.ui.frame.controls import CONTROLS
from blockyard.server.ui.pages.style.style import block_badges
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld

pytestmark = pytest.mark.one_database


def test_there_is_no_style_page_unless_it_is_asked_for(database: Database, clock: FixedClock) -> None:
    asked_for = load_settings({"BLOCKYARD_STYLE_PAGE": "true"}).style_page
    world = PageWorld(database, clock, style=load_settings({}).style_page)

    assert asked_for
    assert world.person("admin").get("/style", Accept="text/html").status_code == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_status_control_and_kind_of_value_is_shown_in_both_themes(world: PageWorld, theme: str) -> None:
    page = world.person("sam").get("/style").text
    half = re.split(r'<div data-theme="', page)[1 + ["light", "dark"].index(theme)]

    assert half.startswith(f'{theme}"')
    for badge in block_badges(world.clock):
        assert badge.text in half
    shown = {
        "lines": 'rows="1"',
        "number": 'inputmode="numeric"',
        "select": "<select",
        "switch": 'class="toggle"',
        "checkboxes": 'class="checkbox',
        "code": "font-mono",
        "file": 'type="file"',
    }
    assert {*shown} == {*CONTROLS.values()}
    for part in (
        *shown.values(),
        'class="radio',
        "masked",
        "notice-error",
        "<dialog",
        "<table",
        "Secret, not shown",
        "Download all of it",
    ):
        assert part in half
