"""What the stores of plain kinds share: models as rows of one table."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import ATTEMPTS, Database, Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, life
from tests.support.clock import NOON


class Colour(StrEnum):
    """A word."""

    RED = "Red"
    BLUE = "Blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is stored."""

    name: str
    workspace: str
    colour: Colour
    seen: int = 0
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0


_table = Table(
    "things_with_rows",
    MetaData(),
    Column("name", String(20), primary_key=True),
    Column("workspace", String(20), nullable=False),
    Column("hue", Word(Colour, 8), key="colour", nullable=False),
    Column("seen", Integer, nullable=False),
    *life(),
)
_rows: Rows[Thing, str] = Rows(_table, Thing, "name", apart=["seen"])


class Things(Store[Thing, str]):
    """Reads and writes things."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)


def a_thing(name: str, workspace: str = "shop", colour: Colour = Colour.RED, after: int = 0) -> Thing:
    """Return a thing that was made `after` seconds."""
    return Thing(name=name, workspace=workspace, colour=colour, created_at=NOON + timedelta(seconds=after))


@pytest.fixture(autouse=True)
def _things(database: Database) -> None:
    _table.metadata.create_all(database.engine)
    made = (a_thing("c", after=0), a_thing("a", colour=Colour.BLUE, after=1), a_thing("b", "bank", after=1))
    database.write_now(lambda tx: [Things(tx).add(thing) for thing in made])
    gone = replace(a_thing("d"), deleted_at=NOON)
    database.write_now(lambda tx: Things(tx).add(gone))


def get(database: Database, name: str) -> Thing | None:
    """Read a thing."""
    return database.read_now(lambda tx: Things(tx).get(name))


def names(page: Page[Thing]) -> list[str]:
    """Return the names on a page."""
    return [thing.name for thing in page.items]


def test_a_model_comes_back_equal_whatever_its_columns_are_called(database: Database) -> None:
    assert get(database, "a") == a_thing("a", colour=Colour.BLUE, after=1)
    assert get(database, "none") is None


def test_what_is_deleted_is_found_by_its_key_but_lives_no_more(database: Database) -> None:
    assert get(database, "d") is not None
    assert database.read_now(lambda tx: Things(tx).living("d")) is None
    assert database.read_now(lambda tx: Things(tx).living("none")) is None
    assert database.read_now(lambda tx: Things(tx).living("a")) == get(database, "a")
    assert database.write_now(lambda tx: Things(tx).kept("a")) == get(database, "a")
    assert database.write_now(lambda tx: Things(tx).kept("d")) is None


def test_a_change_counts_and_leaves_apart_what_is_written_otherwise(database: Database) -> None:
    before = a_thing("c")

    saved = database.write_now(lambda tx: Things(tx).save(replace(before, colour=Colour.BLUE, seen=7)))

    assert saved.revision == 1
    assert get(database, "c") == replace(before, colour=Colour.BLUE, revision=1)


@pytest.mark.parametrize("write", [Things.save, Things.remove])
def test_a_change_of_what_another_wrote_since_is_replayed_and_then_refused(database: Database, write: object) -> None:
    assert callable(write)
    old = a_thing("c")
    database.write_now(lambda tx: Things(tx).save(old))
    tries: list[int] = []

    def again(tx: Transaction) -> None:
        tries.append(1)
        write(Things(tx), old)

    with pytest.raises(Conflict, match="at the same time"):
        database.write_now(again)

    assert len(tries) == ATTEMPTS
    assert get(database, "c") == replace(old, revision=1)


def test_what_is_removed_is_gone(database: Database) -> None:
    database.write_now(lambda tx: Things(tx).remove(a_thing("c")))

    assert get(database, "c") is None


def test_a_page_shows_the_living_oldest_first_and_how_many_there_are(database: Database) -> None:
    def page(number: int) -> Page[Thing]:
        return database.read_now(lambda tx: Things(tx).page(PageRequest(number, 2), owners=None))

    assert [names(page(number)) for number in (0, 1, 2)] == [["c", "a"], ["b"], []]
    assert {page(number).total for number in (0, 1, 2)} == {3}


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (PageRequest(newest_first=True), ["b", "a", "c"]),
        (PageRequest(1, 2, newest_first=True), ["c"]),
        (PageRequest(newest_first=False), ["c", "a", "b"]),
        (PageRequest(until=NOON + timedelta(seconds=1)), ["c"]),
        (PageRequest(until=NOON), []),
    ],
)
def test_a_page_is_in_the_wanted_order_and_of_what_was_there_in_time(
    database: Database, request_: PageRequest, shown: list[str]
) -> None:
    page = database.read_now(lambda tx: Things(tx).page(request_, owners=None))

    assert names(page) == shown
    assert page.total == (3 if request_.until is None else len(shown))


def test_a_page_shows_what_owners_have_with_the_wanted_members(database: Database) -> None:
    def page(owners: list[str] | None, **wanted: object) -> list[str]:
        return names(database.read_now(lambda tx: Things(tx).page(PageRequest(), owners=owners, wanted=wanted)))

    assert page(["shop"]) == ["c", "a"]
    assert page([]) == []
    assert page(["shop", "bank"], colour=Colour.RED) == ["c", "b"]
    assert page(None, workspace="bank", colour=None) == ["b"]
    assert page(["shop"], workspace="bank") == []


def test_the_living_of_a_workspace_are_counted(database: Database) -> None:
    assert database.read_now(lambda tx: Things(tx).count_of("shop")) == 2
    assert database.read_now(lambda tx: Things(tx).count()) == 3
    assert [thing.name for thing in database.read_now(lambda tx: Things(tx).all_of("shop"))] == ["c", "a"]


_addressed = Table(
    "things_with_addresses",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("workspace", String(20), nullable=False),
    Column("name", String(20), nullable=False),
    *life(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What is stored behind an id."""

    id: int
    workspace: str = "shop"
    name: str = "a"
    created_at: datetime = NOON
    deleted_at: datetime | None = None
    revision: int = 0


_addressed_rows: Rows[Addressed, int] = Rows(_addressed, Addressed, "id", address=("workspace", "name"))


class Addresses(Store[Addressed, int]):
    """Reads and writes what is addressed by workspace and name."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _addressed_rows)


def days_later(days: int) -> datetime:
    """Return an instant."""
    return NOON + timedelta(days=days)


def test_an_address_leads_to_what_lives_there_else_to_what_was_deleted_last(database: Database) -> None:
    _addressed.metadata.create_all(database.engine)
    past = [Addressed(id=number, deleted_at=days_later(number % 3)) for number in (1, 2, 3)]
    database.write_now(lambda tx: [Addresses(tx).add(thing) for thing in past])

    def found() -> list[Addressed | None]:
        return database.write_now(
            lambda tx: [
                Addresses(tx).at("shop", "a"),
                Addresses(tx).living("shop", "a"),
                Addresses(tx).kept("shop", "a"),
                Addresses(tx).at("bank", "a"),
            ]
        )

    assert found() == [past[1], None, None, None]
    lives = Addressed(id=4)
    database.write_now(lambda tx: Addresses(tx).add(lives))
    assert found() == [lives, lives, lives, None]
    with pytest.raises(Conflict, match="at the same time"):
        database.write_now(lambda tx: Addresses(tx).add(Addressed(id=5)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What is stored in rows that look otherwise."""

    id: int
    both: tuple[str, str]
    created_at: datetime = NOON
    revision: int = 0


_pairs = Table(
    "pairs_with_rows",
    _table.metadata,
    Column("id", Integer, primary_key=True),
    Column("one", String(20), nullable=False),
    Column("other", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)


def _row(pair: Pair) -> dict[str, object]:
    values = members(pair)
    values["one"], values["other"] = values.pop("both")
    return values


def _pair(row: dict[str, Any]) -> Pair:
    return Pair(both=(row.pop("one"), row.pop("other")), **row)


_pair_rows: Rows[Pair, int] = Rows(
    _pairs, Pair, "id", owner=None, order=("one",), write=_row, read=_pair, remembered=True
)


def pairs(tx: Transaction) -> Store[Pair, int]:
    """Return the store of pairs."""
    return Store(tx, _pair_rows)


def test_rows_may_look_otherwise_than_the_model_and_be_sorted_otherwise(database: Database) -> None:
    made = [Pair(id=1, both=("z", "1")), Pair(id=2, both=("a", "2"))]
    database.write_now(lambda tx: [pairs(tx).add(pair) for pair in made])

    assert database.read_now(lambda tx: pairs(tx).where()) == [made[1], made[0]]
    assert database.read_now(lambda tx: pairs(tx).many([1, 3])) == {1: made[0]}
    with pytest.raises(TypeError, match="belong to no workspace"):
        database.read_now(lambda tx: pairs(tx).count_of("shop"))


def test_what_is_remembered_is_read_once_and_again_after_it_was_written(database: Database) -> None:
    first = Pair(id=1, both=("a", "b"))
    database.write_now(lambda tx: pairs(tx).add(first))

    def look(tx: Transaction) -> tuple[Pair | None, Pair | None, Pair | None]:
        known = pairs(tx).get(1)
        same = pairs(tx).get(1)
        assert same is known
        pairs(tx).save(replace(first, both=("c", "d")))
        return known, pairs(tx).get(1), pairs(tx).get(2)

    changed = replace(first, both=("c", "d"), revision=1)
    assert database.write_now(look) == (first, changed, None)
