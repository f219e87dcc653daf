"""Live updates of something that counts: who watches is asked again, and what wakes the viewer may change."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.streams import Batch, Feed

pytestmark = pytest.mark.anyio


def a_count(count: int) -> JsonObject:
    """Return the event of a count."""
    return {"type": "count", "count": count}


@dataclass
class Counter:
    """Counts up to its end; viewers are woken by the topic of the ten they are in."""

    count: int = 0
    end: int = 1000
    viewers: list[str] = field(default_factory=list)
    listened_to: list[list[str]] = field(default_factory=list)

    def look(self, _tx: Transaction, viewer: str, after: int) -> Batch[int]:
        """Return how far it has counted. Raises NotFound for strangers."""
        self.viewers.append(viewer)
        if viewer == "stranger":
            raise NotFound("there is nothing to see", code="Unknown")
        events = [a_count(self.count)] if self.count > after else []
        return Batch(self.count, events, ended=self.count >= self.end)

    def topics(self, position: int) -> Sequence[str]:
        """Return the topic of ten numbers."""
        return [f"tens:{position // 10}"]


def a_feed(database: Database, counter: Counter, *asked: tuple[str, int]) -> Feed[str, int]:
    """Return a feed that asks who watches: it hears a name, the counter goes on, and whoever listens there is woken."""
    answers = iter(asked)

    async def who() -> str:
        name, count = next(answers)
        counter.listened_to.append(sorted(database.signals._waiting))
        for topic in counter.topics(counter.count):
            database.signals.wake(topic)
        counter.count = count
        return name

    return Feed(database, counter, who)


async def test_a_long_poll_answers_with_the_first_event(database: Database) -> None:
    counter = Counter()

    found = await a_feed(database, counter, ("ada", 0), ("ada", 0), ("ada", 4)).wait("ada", 0, 20)

    assert found.document() == {"events": [a_count(4)], "position": 4, "ended": False}
    assert database.signals._waiting == {}


async def test_a_long_poll_asks_at_each_look_who_waits(database: Database) -> None:
    counter = Counter()

    with pytest.raises(NotFound):
        await a_feed(database, counter, ("ada", 0), ("stranger", 1)).wait("ada", 0, 20)

    assert counter.viewers == ["ada", "ada", "stranger"]
    assert database.signals._waiting == {}


async def test_a_long_poll_without_time_looks_once(database: Database) -> None:
    counter = Counter(count=3)

    nothing = await a_feed(database, counter).wait("ada", 3, 0)

    assert nothing.document() == {"events": [], "position": 3, "ended": False}
    assert counter.viewers == ["ada"]


async def test_a_stream_listens_to_what_wakes_it_where_it_is_and_ends_with_what_it_follows(database: Database) -> None:
    counter = Counter(end=30)
    feed = a_feed(database, counter, ("ada", 5), ("ada", 15), ("ada", 25), ("ada", 25), ("ada", 30))

    frames = [text async for text in feed.stream(await feed.look("ada", 0))]

    assert frames == [f'id: {at}\nevent: count\ndata: {{"type":"count","count":{at}}}\n\n' for at in (5, 15, 25, 30)]
    assert counter.listened_to == [["tens:0"], ["tens:0"], ["tens:1"], ["tens:2"], ["tens:2"]]
    assert database.signals._waiting == {}


async def test_a_stream_ends_where_the_viewer_may_know_no_more(database: Database) -> None:
    counter = Counter()
    feed = a_feed(database, counter, ("ada", 1), ("stranger", 2))

    frames = [text async for text in feed.stream(await feed.look("ada", 0))]

    assert [frame.partition("\n")[0] for frame in frames] == ["id: 1"]
    assert database.signals._waiting == {}
