"""Fixtures of the server's tests."""

from collections.abc import Callable
from uuid import UUID

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.tenancy import Tenancy, build_tenancy


@pytest.fixture
def tenancy(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Tenancy:
    """All services of identity, workspaces, projects and audit, with the admin workspace."""
    return build_tenancy(database, clock, ids)
