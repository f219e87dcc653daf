"""Lists of all runs, with and without tallied days: they show the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blockyard.server.identity.model import Reach
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runs.model import Run
from blockyard.server.runs.store import RunFilter, RunStore, TallyStore
from tests.support.run_world import RunWorld, a_target

DAY = timedelta(days=1).total_seconds()
EVERYTHING = Reach(everything=True, workspaces=frozenset(), providers=frozenset())
SIZE = 3


def reach_of(*providers: str) -> Reach:
    return Reach(everything=False, workspaces=frozenset(), providers=frozenset(providers))


def listed(world: RunWorld, reach: Reach) -> tuple[int, list[str]]:
    """Return the total, and the runs of all pages in order."""

    def page(number: int) -> Page[Run]:
        return world.db.read_now(lambda tx: RunStore(tx).page(RunFilter(), reach, PageRequest(number, SIZE)))

    first = page(0)
    return first.total, [str(run.id) for number in range(first.pages + 1) for run in page(number).items]


def tally(world: RunWorld) -> int:
    """Tally until nothing is left; return how many steps that took."""
    steps = 1
    while world.db.write_now(lambda tx: TallyStore(tx).tally(world.clock())):
        steps += 1
    return steps


@pytest.fixture
def runs(world: RunWorld) -> list[Run]:
    """Ten runs of blocks of two platform teams, some days apart, two of them on a day."""
    made = []
    for number in range(10):
        provider = "platform" if number % 3 else "other-platform"
        made.append(world.request(replace(a_target(), provider=provider)))
        world.clock.advance(DAY * 4 if number % 2 else 60)
    return made


def test_lists_are_the_same_with_and_without_tallies(world: RunWorld, runs: list[Run]) -> None:
    reaches = (EVERYTHING, reach_of("platform"), reach_of("other-platform", "platform"), reach_of("nobody"), reach_of())
    before = [listed(world, reach) for reach in reaches]

    assert tally(world) > 1
    assert [listed(world, reach) for reach in reaches] == before
    assert before[0] == (10, [str(run.id) for run in runs])
    assert [total for total, _ in before] == [10, 6, 10, 0, 0]


def test_runs_after_the_tallied_days_are_listed(world: RunWorld, runs: list[Run]) -> None:
    tally(world)
    late = [world.request(a_target())]
    world.clock.advance(1)
    late.append(world.request(a_target()))

    assert listed(world, EVERYTHING) == (12, [str(run.id) for run in [*runs, *late]])
    assert listed(world, reach_of("platform"))[0] == 8


def test_a_day_is_not_tallied_before_it_is_settled(world: RunWorld) -> None:
    world.request(a_target())

    assert world.db.write_now(lambda tx: TallyStore(tx).tally(world.clock())) is False
    assert world.db.read_now(lambda tx: TallyStore(tx).read(None)).total == 0

    world.clock.advance(DAY)
    tally(world)
    assert world.db.read_now(lambda tx: TallyStore(tx).read(None)).total == 1


def test_removed_runs_are_not_counted_any_more(world: RunWorld, runs: list[Run]) -> None:
    tally(world)
    gone = [run.block_id for run in runs[2:5]]
    kept = [str(run.id) for run in (*runs[:2], *runs[5:])]

    world.db.write_now(lambda tx: RunStore(tx).remove_of_blocks(gone))

    assert listed(world, EVERYTHING) == (7, kept)
    assert tally(world) == 1
    assert listed(world, EVERYTHING) == (7, kept)


def test_a_server_without_runs_has_nothing_to_tally(world: RunWorld) -> None:
    assert tally(world) == 1
    assert listed(world, EVERYTHING) == (0, [])
