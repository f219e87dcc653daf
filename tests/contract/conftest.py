"""The whole application with some content, on SQLite and on PostgreSQL."""

import pytest

from tests.support.installed import say_current
from tests.support.kept_database import KeptDatabase
from tests.support.whole_server import Tenancy, WholeServer, furnish


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> WholeServer:
    """An application that the tests of one module share."""
    kept: KeptDatabase = request.getfixturevalue(f"kept_{request.param}")
    database = kept.empty()
    say_current(database)
    return WholeServer(database)


@pytest.fixture(scope="module")
def tenancy(server: WholeServer) -> Tenancy:
    """A definition, a block of it, and the block's claimed run."""
    return furnish(server)
