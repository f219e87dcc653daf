"""When blocks are checked: each at a moment of its own, evenly over the period, and never all that were left out at once."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.model.policies import ScheduleFrequency, ScheduleMode
from blockyard.server.drift.model import DriftRules, DriftWatch, next_check
from blockyard.server.drift.service import ROUND
from blockyard.server.drift.store import RulesStore, WatchStore
from blockyard.server.kit.database import Transaction
from tests.support.block_world import BlockWorld
from tests.support.clock import NOON

DAY = timedelta(days=1)
MANY = 10_000


def a_block(number: int) -> BlockId:
    return BlockId(UUID(int=0x40008000000000000000 + number))


def test_ten_thousand_blocks_are_checked_evenly_over_a_day_and_each_once() -> None:
    """The figure: 10 000 a day are 6.9 a minute on average, and never more than three times as many."""
    moments = [next_check(a_block(number), DAY, NOON) for number in range(MANY)]

    assert all(NOON < moment <= NOON + DAY for moment in moments)
    assert all(next_check(a_block(number), DAY, moments[number]) == moments[number] + DAY for number in range(50))
    by_minute = Counter(int((moment - NOON).total_seconds()) // 60 for moment in moments)
    assert max(by_minute.values()) <= 3 * MANY / 1440
    by_hour = Counter(minute // 60 % 24 for minute in by_minute.elements())
    assert 0.8 < min(by_hour.values()) / (MANY / 24) <= max(by_hour.values()) / (MANY / 24) < 1.2


def test_checks_that_were_left_out_begin_little_by_little(world: BlockWorld) -> None:
    definition, count = DefinitionId(UUID(int=7)), 1000
    rules = DriftRules(
        definition_id=definition,
        created_at=NOON,
        mode=ScheduleMode.DRIFT_DETECTION,
        frequency=ScheduleFrequency.DAILY,
    )

    def enter(tx: Transaction) -> None:
        RulesStore(tx).add(rules)
        for number in range(count):
            watch = DriftWatch(
                block_id=a_block(number),
                definition_id=definition,
                workspace="shop",
                project=None,
                owner="platform",
                created_at=NOON,
                due_at=NOON,
            )
            WatchStore(tx).add(watch)

    world.db.write_now(enter)
    begun = []
    for _ in range(20):
        begun.append(world.db.write_now(world.services.drift.begin_round))
        assert world.db.write_now(world.services.drift.begin_round) == ()  # another server's round
        world.clock.advance(seconds=ROUND.total_seconds())

    assert {len(one) for one in begun} == {5}
    assert len({block for one in begun for block in one}) == 100
