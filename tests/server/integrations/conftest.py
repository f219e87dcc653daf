"""Fixtures of integrations."""

from collections.abc import Callable
from uuid import UUID

import pytest

from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.definitions import Catalogue


@pytest.fixture
def catalogue(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Catalogue:
    """Integrations and definitions of the workspace `team`, over HTTP."""
    return Catalogue(database, clock, ids)
