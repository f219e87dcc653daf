"""Fixtures of the tests of pages."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld


@pytest.fixture
def world(database: Database, clock: FixedClock) -> PageWorld:
    """A world of blocks with pages and people."""
    return PageWorld(database, clock)
