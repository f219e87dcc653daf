"""Installations that do not run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.app.settings import Settings, load_settings
from tests.support.installed import install
from tests.support.postgres import PostgresServer

NewTarget = Callable[[str], Settings]


@pytest.fixture
def new_target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewTarget]:
    """Gives the settings of an empty place, `sqlite` or `postgres`."""
    names: list[str] = []

    def make(kind: str) -> Settings:
        data = tmp_path / f"{kind}-{len(list(tmp_path.iterdir()))}"
        data.mkdir(mode=0o700)
        chosen: dict[str, Json] = {"data_dir": str(data)}
        if kind == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            names.append(server.create_database())
            chosen["database_url"] = server.url(names[-1])
        return load_settings({}, chosen)

    yield make
    for name in names:
        request.getfixturevalue("postgres").drop_database(name)


@pytest.fixture(scope="session")
def first_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of an installation on SQLite, to be copied."""
    data = tmp_path_factory.mktemp("installed") / "data"
    data.mkdir(mode=0o700)
    install(load_settings({}, {"data_dir": str(data)}))
    return data


@pytest.fixture
def installed(new_target: NewTarget, database_kind: str, request: pytest.FixtureRequest) -> Settings:
    """The settings of an installation after its first start."""
    settings = new_target(database_kind)
    if database_kind == "sqlite":
        shutil.copytree(request.getfixturevalue("first_installation"), settings.data_dir, dirs_exist_ok=True)
    else:
        install(settings)
    return settings
