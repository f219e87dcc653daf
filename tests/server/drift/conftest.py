"""Fixtures of the tests of drift."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.block_world import BlockWorld
from tests.support.clock import FixedClock


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces, a shared runner and all services."""
    return BlockWorld(database, clock)
