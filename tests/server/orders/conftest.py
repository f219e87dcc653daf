"""A world with platforms and people for whole orders."""

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.tenant_world import TenantWorld


@pytest.fixture
def world(database: Database, clock: FixedClock) -> TenantWorld:
    """A world where the shop is asked for blocks and tenants."""
    return TenantWorld(database, clock)
