"""Fixtures of the tests of states."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.run_world import RunWorld


@pytest.fixture
def world(database: Database, clock: FixedClock) -> RunWorld:
    """A control plane with runs and state."""
    return RunWorld(database, clock)
