"""Fixtures of the server's tests."""

from collections.abc import Callable
from uuid import UUID

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.tenancy import Tenancy


@pytest.fixture
def tenancy(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Tenancy:
    """The server with its admin workspace."""
    return Tenancy(database, clock, ids)
