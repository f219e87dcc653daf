"""Fixtures of the kit's tests."""

import pytest

from blockyard.server.kit.database import Database


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database of this test alone: here tables are added, files are filled and connections are cut."""
    return own_database
