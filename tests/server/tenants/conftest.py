"""Fixtures of the tests of tenants."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.tenant_world import TenantWorld


@pytest.fixture
def world(database: Database, clock: FixedClock) -> TenantWorld:
    """A platform that everybody may use, and two projects of the shop."""
    return TenantWorld(database, clock)
