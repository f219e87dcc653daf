"""Bringing a database to this version's tables says what is in its way, and leaves nothing half done."""

from pathlib import Path

import pytest

from blockyard.server.app import migrate
from blockyard.server.kit.database import Database


def test_a_full_disk_stops_the_first_start_and_the_next_one_goes_through(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'blockyard.sqlite3'}") as database:
        pages = database.engine.raw_connection().cursor()
        pages.execute("PRAGMA max_page_count=20").fetchall()

        with pytest.raises(migrate.DatabaseError, match="disk is full"):
            migrate.upgrade(database)

        assert migrate.current(database) is None
        pages.execute("PRAGMA max_page_count=1000000").fetchall()
        assert migrate.upgrade(database)
        assert migrate.current(database) == migrate.head()


def test_a_database_out_of_reach_is_named_in_one_sentence_with_its_cause_and_without_its_password() -> None:
    with (
        Database.open("postgresql://nobody:s3cret-word@127.0.0.1:1/none") as away,
        pytest.raises(
            migrate.DatabaseError, match=r"^PostgreSQL at 127\.0\.0\.1:1, database none .*refused"
        ) as refusal,
    ):
        migrate.require_current(away)

    assert "s3cret-word" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
