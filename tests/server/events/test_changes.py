"""Telling the event log about objects of one kind."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Event, EventFilter, EventType
from blockyard.server.kit.database import Database
from blockyard.server.kit.paging import PageRequest
from tests.support.clock import FixedClock

KIND = Kind("meshThing", "v1")


@dataclass(frozen=True)
class Thing:
    """An object of a workspace."""

    key: int
    workspace: str
    text: str


def content(thing: Thing) -> JsonObject:
    """Return what events show of a thing."""
    return {"text": thing.text}


def told(database: Database, basics: Basics) -> list[Event]:
    """Return all events, oldest first."""
    found = database.read_now(lambda tx: basics.event_log.page(tx, EventFilter(), PageRequest()))
    return list(reversed(found.items))


def test_an_event_says_what_happened_to_which_object_and_what_it_was(
    database: Database, clock: FixedClock, ids: Callable[[], UUID]
) -> None:
    basics = Basics.of(clock, ids)
    changes, others = (
        Changes(basics.event_log, KIND, "Thing", content),
        Changes(basics.event_log, KIND, "Thing", content, verb="Changed"),
    )
    old, new = Thing(7, "shop", "old"), Thing(7, "shop", "new")

    database.write_now(lambda tx: changes.tell(tx, SYSTEM, EventType.CREATED, old))
    clock.advance(1)
    assert database.write_now(lambda tx: changes.tell(tx, SYSTEM, EventType.CHANGED, new, before=old)) is new
    clock.advance(1)
    database.write_now(lambda tx: others.tell(tx, SYSTEM, EventType.CHANGED, old, before=new))

    created, modified, changed = told(database, basics)
    assert [event.title for event in (created, modified, changed)] == [
        "Thing Created",
        "Thing Modified",
        "Thing Changed",
    ]
    assert (created.subject_kind, created.subject_id, created.workspace) == ("meshThing", "7", "shop")
    assert (created.content, created.previous) == ({"text": "old"}, None)
    assert (modified.content, modified.previous) == ({"text": "new"}, {"text": "old"})


def test_who_deleted_an_object_a_moment_ago_may_ask_again(
    database: Database, clock: FixedClock, ids: Callable[[], UUID]
) -> None:
    basics = Basics.of(clock, ids)
    changes = Changes(basics.event_log, KIND, "Thing", content)

    def just_now(key: int) -> bool:
        return database.read_now(lambda tx: changes.deleted_just_now(tx, SYSTEM, key))

    database.write_now(lambda tx: changes.tell(tx, SYSTEM, EventType.DELETED, Thing(7, "shop", "")))

    assert just_now(7)
    assert not just_now(8)
    clock.advance(16 * 60)
    assert not just_now(7)
