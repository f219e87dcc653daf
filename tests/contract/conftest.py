"""The whole application with some content, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from blockyard.server.kit.database import Database
from tests.support.installed import make_tables, say_current
from tests.support.kept_database import KeptDatabase
from tests.support.postgres import PostgresServer
from tests.support.whole_server import Tenancy, WholeServer, furnish


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> WholeServer:
    """An application that the tests of one module share."""
    kept: KeptDatabase = request.getfixturevalue(f"kept_{request.param}")
    database = kept.empty()
    say_current(database)
    return WholeServer(database)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeServer]:
    """An application with a database of its own, for one whose background loops are started; they end with it."""
    machine: PostgresServer | None = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    name = "" if machine is None else machine.create_database()
    file = tmp_path_factory.mktemp("whole") / "blockyard.sqlite3"
    with Database.open(f"sqlite:///{file}" if machine is None else machine.url(name)) as db:
        make_tables(db)
        yield WholeServer(db)
        db.signals.stop()
    if machine is not None:
        machine.drop_database(name)


@pytest.fixture(scope="module")
def tenancy(server: WholeServer) -> Tenancy:
    """A definition, a block of it, and the block's claimed run."""
    return furnish(server)
