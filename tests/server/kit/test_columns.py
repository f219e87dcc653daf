"""Column types behave alike on both databases."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.columns import Instant, JsonText, Packed, Word
from blockyard.server.kit.database import Database

_things = Table(
    "things_of_test",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", Instant),
    Column("document", JsonText),
)


@pytest.fixture(autouse=True)
def _table(database: Database) -> None:
    _things.metadata.create_all(database.engine)


def stored(database: Database, **values: object) -> dict[str, object]:
    """Write a row and read it again."""
    database.write_now(lambda tx: tx.execute(insert(_things).values(id=1, **values)).rowcount)
    return dict(database.read_now(lambda tx: tx.execute(select(_things)).mappings().one()))


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 1, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9000, 1, 1, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_equal_and_in_utc(database: Database, instant: datetime) -> None:
    found = stored(database, at=instant)["at"]

    assert found == instant
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC or found.utcoffset() == timedelta(0)


def test_no_instant_comes_back_as_none(database: Database) -> None:
    assert stored(database, at=None)["at"] is None


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        stored(database, at=datetime(2026, 1, 1))  # noqa: DTZ001  what the column refuses


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        16,
        "16",
        "",
        10**40,
        0.1,
        "Ünï \U0001f600",
        "nul \0 inside",
        [],
        {},
        {"b": 1, "a": [None, {"": ""}]},
        "\u2028</script>",
    ],
)
def test_json_comes_back_as_it_was_given(database: Database, value: Json) -> None:
    found = stored(database, document=value)["document"]

    assert found == value
    assert type(found) is type(value)
    if isinstance(value, dict) and isinstance(found, dict):
        assert list(found) == list(value)


def test_what_is_no_json_is_refused(database: Database) -> None:
    with pytest.raises(StatementError):
        stored(database, document=Decimal(1))


class Colour(StrEnum):
    """A word."""

    RED = "Red"


_words = Table("words_of_test", MetaData(), Column("id", Integer, primary_key=True), Column("colour", Word(Colour, 8)))


@pytest.mark.parametrize("word", [Colour.RED, None])
def test_a_word_comes_back_as_a_word(database: Database, word: Colour | None) -> None:
    _words.metadata.create_all(database.engine)
    database.write_now(lambda tx: tx.execute(insert(_words), {"id": 1, "colour": word}))

    found = database.read_now(lambda tx: tx.execute(select(_words)).mappings().one())["colour"]

    assert found is word


def test_a_word_that_nobody_knows_is_a_defect(database: Database) -> None:
    _words.metadata.create_all(database.engine)
    database.write_now(lambda tx: tx.execute(text("insert into words_of_test (id, colour) values (1, 'Grey')")))

    with pytest.raises(ValueError, match="Grey"):
        database.read_now(lambda tx: tx.execute(select(_words)).mappings().one())


@dataclass(frozen=True)
class Size:
    """A value that is kept as JSON."""

    width: int


def _size(stored: Json) -> Size:
    assert isinstance(stored, dict)
    return Size(int(str(stored["width"])))


_sizes = Table(
    "sizes_of_test", MetaData(), Column("id", Integer, primary_key=True), Column("size", Packed(asdict, _size))
)


@pytest.mark.parametrize(("size", "stored_as"), [(Size(3), '{"width":3}'), (None, "null")])
def test_a_value_is_kept_as_json_and_comes_back_as_it_was(
    database: Database, size: Size | None, stored_as: str
) -> None:
    _sizes.metadata.create_all(database.engine)
    database.write_now(lambda tx: tx.execute(insert(_sizes), {"id": 1, "size": size}))

    assert database.read_now(lambda tx: tx.execute(select(_sizes)).mappings().one())["size"] == size
    kept = database.read_now(lambda tx: tx.execute(text("select size from sizes_of_test")).one())
    assert kept == (stored_as,)
