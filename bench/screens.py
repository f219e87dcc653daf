"""Every screen of the pages: how long one takes the server, where there is as much as in its pictures."""

import sys
from collections.abc import Iterator

from bench.figures import Figure, median, percentile, timed
from bench.groups import Setting
from blockyard.diagnosis.logging import configure
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.installed import make_tables
from tests.support.page_world import Person
from tests.support.screen_fillings import FILLINGS, ScreenWorld
from tests.support.screens import SCREENS, SINCE

BUDGET_MS = 30.0
_SHOWN = 12


def screens(setting: Setting) -> Iterator[Figure]:
    """Open each screen of a full installation again and again, without HTTP in between."""
    with Database.open(setting.new_database() or f"sqlite:///{setting.new_data()}.db") as db:
        make_tables(db)
        configure("error", "json")
        clock = FixedClock(utc_now() - SINCE)
        world = ScreenWorld(db, clock)
        known = FILLINGS["full"](world)
        clock.now = utc_now()
        people: dict[str | None, Person] = {}
        usual: dict[str, float] = {}
        for screen in SCREENS:
            path = screen.address(known)
            if path is None:
                continue
            person = people.setdefault(screen.who, world.person(screen.who))
            seconds = [_opened(person, path) for _ in range(setting.rounds + 1)][1:]
            usual[screen.name] = median(seconds) * 1000
    slowest = sorted(usual, key=lambda name: usual[name], reverse=True)
    for name in slowest[:_SHOWN]:
        sys.stderr.write(f"  {usual[name]:8.1f} ms, in the middle  {name}\n")
    yield Figure(
        f"{len(usual)} screens of a full installation, p50 of the worst ({slowest[0]})",
        setting.database,
        usual[slowest[0]],
        "ms",
        comparator=percentile(list(usual.values()), 0.5),
        comparator_name="the screen in the middle",
        budget=BUDGET_MS,
        samples=setting.rounds,
    )


def _opened(person: Person, path: str) -> float:
    return timed(lambda: person.get(path, Accept="text/html"))
