"""The whole application with some content, on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from blockyard.server.app import migrate
from blockyard.server.kit.database import Database, metadata
from tests.support.postgres import PostgresServer
from tests.support.whole_server import Tenancy, WholeServer, furnish


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeServer]:
    """An application that the tests of one module share."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        file = tmp_path_factory.mktemp("whole") / "blockyard.sqlite3"
        shutil.copyfile(template, file)
        with Database.open(f"sqlite:///{file}") as db:
            _note_revision(db)
            yield WholeServer(db)
        return
    machine: PostgresServer = request.getfixturevalue("postgres")
    name = machine.create_database()
    with Database.open(machine.url(name)) as db:
        metadata.create_all(db.engine)
        _note_revision(db)
        yield WholeServer(db)
    machine.drop_database(name)


def _note_revision(db: Database) -> None:
    """Write down that the tables are those of this version, as migrations do."""
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrate.head()})


@pytest.fixture(scope="module")
def tenancy(server: WholeServer) -> Tenancy:
    """A definition, a block of it, and the block's claimed run."""
    return furnish(server)
