"""What an earlier release stored is there after the upgrade, and goes on."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from blockyard.server.app.tables import metadata
from tests.support.installation import installation
from tests.support.postgres import PostgresServer
from tests.support.release_contents import check, fill
from tests.support.release_dumps import RELEASES, load_postgres, load_sqlite, with_keys
from tests.support.release_own_kinds import SETTINGS

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


EMPTY = {
    "block_cascade_stops": "they last for seconds, and only where a stopped cascade wants a hundred blocks",
    "block_cascade_turns": "they last for seconds, and only where a block has a hundred children",
    "block_cascades": "nothing has followed a run",
    "client_sessions": "a command line signs in with a browser",
    "definition_version_accesses": "no definition signs in to a cloud",
    "drift_rules": "no definition has a schedule",
    "drift_watches": "no definition has a schedule",
    "ended_tokens": "tokens end by themselves before anybody upgrades",
    "idempotency_keys": "they are remembered for a day, and only where a client sends one",
    "identities": "a sign-in needs an identity provider that answers",
    "run_approvals": "an approval needs a plan, and that a runner with an engine",
    "run_artifacts": "a plan needs a runner with an engine",
    "run_breakers": "what fails in a row has failed for now",
    "run_changes": "a plan needs a runner with an engine",
    "run_failures": "no run fails",
    "run_plans": "a plan needs a runner with an engine",
    "run_tallied": "runs are counted when they are old",
    "run_tallies": "runs are counted when they are old",
    "sessions": "they are those of browsers",
    "state_locks": "they are held while a run lasts",
    "state_resource_words": "the state has outputs only",
    "state_resources": "the state has outputs only",
}
"""Tables of which a dump has no row, and why not."""

BY_CHANCE = {"run_outcomes": "they are counted when a server starts, and then every quarter of an hour"}
"""Tables of which a dump may have no row: how quickly it is filled says that."""


@pytest.mark.one_database
def test_the_next_dump_has_a_row_of_every_table_and_is_found_again(tmp_path: Path) -> None:
    data = with_keys(tmp_path / "data")
    with installation(data, SETTINGS) as installed:
        fill(installed)
    engine = create_engine(f"sqlite:///{data / 'blockyard.sqlite3'}")
    with engine.connect() as connection:
        tables = metadata.tables.items()
        empty = {name for name, table in tables if connection.execute(select(table).limit(1)).first() is None}
    engine.dispose()
    with installation(data) as installed:
        check(installed)

    unfilled, filled = sorted(empty - EMPTY.keys() - BY_CHANCE.keys()), sorted(EMPTY.keys() - empty)
    assert not unfilled, f"fill these in tests/support/release_own_kinds.py, or say why they are empty: {unfilled}"
    assert not filled, f"these are filled: {filled}"


def test_there_is_a_dump_of_each_database_of_each_release() -> None:
    assert VERSIONS
    assert sorted(path.name for path in RELEASES.glob("*.sql")) == sorted(
        f"{version}.{kind}.sql" for version in VERSIONS for kind in ("sqlite", "postgres")
    )
