"""Appending to the event log and finding in it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from blockyard.server.events.model import SYSTEM, Author, Event, EventFilter, EventType
from blockyard.server.events.service import EventLog
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.paging import PageRequest
from tests.support.clock import NOON, FixedClock

JANE = Author(type="User", identifier="jane", display_name="Jane", username="jane", email="jane@x.test", euid="E-1")


@pytest.fixture
def log(clock: FixedClock, ids: Callable[[], UUID]) -> EventLog:
    """An event log."""
    return EventLog(clock=clock, new_id=ids)


@pytest.fixture
def history(log: EventLog, database: Database, clock: FixedClock) -> None:
    """Four events, an hour apart."""
    for author, title, type_, workspace, subject in (
        (JANE, "Project Created", EventType.CREATED, "shop", "shop.a"),
        (SYSTEM, "Project Modified", EventType.CHANGED, "shop", "shop.a"),
        (JANE, "Project Created", EventType.CREATED, "bank", "bank.b"),
        (SYSTEM, "User Created", EventType.CREATED, None, "x"),
    ):
        write = partial(
            log.append,
            author=author,
            title=title,
            type_=type_,
            workspace=workspace,
            subject_kind="meshProject",
            subject_id=subject,
        )
        database.write_now(write)
        clock.advance(3600)


def find(database: Database, log: EventLog, wanted: EventFilter, request: PageRequest | None = None) -> list[Event]:
    """Return the wanted events."""
    return list(database.read_now(lambda tx: log.page(tx, wanted, request or PageRequest())).items)


@pytest.mark.parametrize("author", [JANE, SYSTEM, Author(type="ApiKey", identifier="k-1", display_name="CI")])
def test_authors_are_read_from_their_documents(author: Author) -> None:
    assert Author.read(author.document()) == author


def test_an_event_comes_back_as_it_was_written(database: Database, log: EventLog) -> None:
    database.write_now(
        lambda tx: log.append(
            tx,
            JANE,
            "Project Modified",
            EventType.CHANGED,
            workspace="shop",
            subject_kind="meshProject",
            subject_id="shop.a",
            description="Ünï \U0001f600",
            content={"b": [1, None, 10**30], "a": {"nul": "\0"}},
            previous={},
        )
    )

    [event] = find(database, log, EventFilter())

    assert event.author == JANE
    assert event.at == NOON
    assert event.description == "Ünï \U0001f600"
    assert event.content == {"b": [1, None, 10**30], "a": {"nul": "\0"}}
    assert list(event.content) == ["b", "a"]
    assert event.previous == {}


def test_an_event_of_a_transaction_that_failed_was_never_written(database: Database, log: EventLog) -> None:
    def fail(tx: Transaction) -> None:
        log.append(tx, JANE, "X", EventType.CREATED, workspace=None, subject_kind="k", subject_id="s")
        raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        database.write_now(fail)

    assert find(database, log, EventFilter()) == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        (EventFilter(), ["x", "bank.b", "shop.a", "shop.a"]),
        (EventFilter(since=NOON + timedelta(hours=1)), ["x", "bank.b", "shop.a"]),
        (EventFilter(titles=["Project Created", "User Created"]), ["x", "bank.b", "shop.a"]),
        (EventFilter(excluded_titles=["Project Created"]), ["x", "shop.a"]),
        (EventFilter(type=EventType.CHANGED), ["shop.a"]),
        (EventFilter(author="jane"), ["bank.b", "shop.a"]),
        (EventFilter(workspace="shop"), ["shop.a", "shop.a"]),
        (EventFilter(workspaces=["shop"]), ["shop.a", "shop.a"]),
        (EventFilter(workspaces=[]), []),
        (EventFilter(workspace="shop", workspaces=["bank"]), []),
        (EventFilter(subject_kind="meshProject", subject_id="bank.b"), ["bank.b"]),
        (EventFilter(subject_kind="meshTenant"), []),
        (EventFilter(author="' OR 1=1 --"), []),
    ],
)
def test_filters_are_conjunctive_and_the_newest_comes_first(
    database: Database, log: EventLog, wanted: EventFilter, subjects: list[str]
) -> None:
    assert [event.subject_id for event in find(database, log, wanted)] == subjects


@pytest.mark.usefixtures("history")
def test_the_oldest_comes_first_where_that_is_asked_for_and_none_after_an_instant(
    database: Database, log: EventLog
) -> None:
    request = PageRequest(newest_first=False, until=NOON + timedelta(hours=3))
    page = database.read_now(lambda tx: log.page(tx, EventFilter(), request))

    assert [event.subject_id for event in page.items] == ["shop.a", "shop.a", "bank.b"]
    assert page.total == 3


@pytest.mark.usefixtures("history")
def test_a_page_counts_all_wanted_events(database: Database, log: EventLog) -> None:
    page = database.read_now(lambda tx: log.page(tx, EventFilter(workspace="shop"), PageRequest(1, 1)))

    assert (page.total, page.pages, [event.title for event in page.items]) == (2, 2, ["Project Created"])
