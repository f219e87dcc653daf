"""Fixtures of the tests of pages."""

from collections.abc import Iterator

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld, serving


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of blocks with pages and people."""
    return PageWorld(database, clock)


@pytest.fixture
def site(database: Database, clock: FixedClock) -> Iterator[tuple[PageWorld, str]]:
    """A served world."""
    world = PageWorld(database, clock)
    with serving(world.app) as url:
        yield world, url
