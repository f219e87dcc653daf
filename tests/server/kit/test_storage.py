"""A database that cannot write says so, changes nothing and works again afterwards."""

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, func, insert, select, text

from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Unavailable

_things = Table(
    "things_of_test", MetaData(), Column("id", Integer, primary_key=True), Column("data", LargeBinary, nullable=False)
)


@pytest.fixture(autouse=True)
def _table(database: Database) -> None:
    _things.metadata.create_all(database.engine)


def add(tx: Transaction) -> int:
    """Add two rows of 1 MB: a disk that has room for one has none for both."""
    for _ in range(2):
        tx.execute(insert(_things).values(data=b"x" * 1024 * 1024))
    return count(tx)


def count(tx: Transaction) -> int:
    """Return how many rows there are."""
    return int(str(tx.execute(select(func.count()).select_from(_things)).scalar_one()))


def limit_pages(database: Database, pages: int) -> None:
    """Make SQLite behave as on a disk that has no more room than that."""
    database.write_now(lambda tx: tx.execute(text(f"PRAGMA max_page_count={pages}")).scalar_one())


def test_a_full_disk_is_no_defect_and_nothing_is_half_written(database: Database) -> None:
    if not database.is_sqlite:
        with pytest.raises(Unavailable) as refused:
            database.write_now(
                lambda tx: tx.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$")).rowcount
            )
        assert refused.value.code == "DiskFull"
        return
    limit_pages(database, 300)

    with pytest.raises(Unavailable, match="database is full") as refused:
        database.write_now(add)

    assert (refused.value.code, refused.value.remedy is not None) == ("DiskFull", True)
    assert database.read_now(count) == 0
    limit_pages(database, 1_000_000)
    assert database.write_now(add) == 2


def test_a_database_that_may_only_be_read_is_no_defect(database: Database) -> None:
    only_read = "PRAGMA query_only=ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"

    def change(tx: Transaction) -> int:
        tx.execute(text(only_read))
        return add(tx)

    with pytest.raises(Unavailable, match="cannot be written") as refused:
        database.write_now(change)

    assert refused.value.code == "DatabaseReadOnly"
    if database.is_sqlite:
        database.engine.raw_connection().cursor().execute("PRAGMA query_only=OFF")
    assert database.write_now(add) == 2
