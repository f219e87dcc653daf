"""Fixtures of the tests of brakes."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.block_world import BlockWorld
from tests.support.clock import FixedClock


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces shop (consumer), platform (provider) and other, a shared runner, and all services up to blocks."""
    return BlockWorld(database, clock)
