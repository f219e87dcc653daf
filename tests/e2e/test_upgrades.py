"""What an earlier release stored is there after the upgrade, and goes on."""

from pathlib import Path

import pytest

from tests.support.installation import installation
from tests.support.postgres import PostgresServer
from tests.support.release_contents import check
from tests.support.release_dumps import RELEASES, load_postgres, load_sqlite, with_keys

VERSIONS = sorted({path.name.removesuffix(".sqlite.sql") for path in RELEASES.glob("*.sqlite.sql")})


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_of_an_earlier_release_is_there_after_the_upgrade(
    version: str, database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data = with_keys(tmp_path / "data")
    dump = (RELEASES / f"{version}.{database_kind}.sql").read_text(encoding="utf-8")
    url = None
    if database_kind == "sqlite":
        load_sqlite(dump, data / "blockyard.sqlite3")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.create_database())
        load_postgres(dump, url)

    with installation(data, database_url=url) as installed:
        check(installed)


def test_there_is_a_dump_of_each_database_of_each_release() -> None:
    assert VERSIONS
    assert sorted(path.name for path in RELEASES.glob("*.sql")) == sorted(
        f"{version}.{kind}.sql" for version in VERSIONS for kind in ("sqlite", "postgres")
    )
