"""A whole installation for end-to-end tests, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.git_repositories import Repository, create_repository
from tests.support.installation import Installation, installation
from tests.support.postgres import PostgresServer

SETTINGS = {"BLOCKYARD_RUNNER_INTERRUPT_GRACE_SECONDS": "5"}


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def blockyard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running Blockyard that the tests of this process share."""
    folder = tmp_path_factory.mktemp("blockyard")
    if request.param == "sqlite":
        with installation(folder / "data", SETTINGS) as running:
            yield running
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    with installation(folder / "data", SETTINGS, database_url=server.url(name)) as running:
        yield running


@pytest.fixture
def module(tmp_path: Path) -> Callable[..., Repository]:
    """Makes a repository with one module: file names without their dots are keyword arguments (`main_tf`)."""

    def make(**files: str) -> Repository:
        repository = create_repository(tmp_path / f"module-{len(list(tmp_path.iterdir()))}.git")
        repository.commit({name.replace("_tf", ".tf"): text for name, text in files.items()})
        return repository

    return make
