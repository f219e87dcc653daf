"""Schedules of drift over a day of a virtual clock: what begins in each minute, and what the rounds cost."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import event

from bench.figures import Figure, median
from bench.groups import Setting
from blockyard.diagnosis.logging import configure
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.app import migrate
from blockyard.server.blocks.model.block import BlockId
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.drift.model import DriftWatch, next_check
from blockyard.server.drift.service import ROUND
from blockyard.server.drift.store import WatchStore
from blockyard.server.kit.database import Database, Transaction
from tests.support.block_world import BlockWorld, definition_of, uuid_of
from tests.support.clock import FixedClock
from tests.support.copies import copying, is_id, seeded_id

BLOCKS = 10_000
_DAY = timedelta(days=1)
_DAILY: JsonObject = {"mode": "DRIFT_DETECTION", "frequency": "DAILY", "automaticApproval": False}


@dataclass
class _Day:
    """What happened in it, by its minutes."""

    begun: Counter[int] = field(default_factory=Counter)
    statements: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def schedules(setting: Setting) -> Iterator[Figure]:
    """Check many blocks once a day: let all rounds of a day happen, with each check requested as a run."""
    count = min(BLOCKS, setting.blocks)
    url = setting.new_database() or f"sqlite:///{setting.new_data()}.db"
    db = Database.open(url)
    try:
        migrate.upgrade(db)
        configure("warning", "json")
        clock = FixedClock()
        world = BlockWorld(db, clock)
        _fill(world, url, clock, count)
        day = _lived(world, clock)
    finally:
        db.close()
    what = f"a day of {count:,} daily checks"
    average = count / (24 * 60)
    begun, statements = max(day.begun.values()), max(day.statements.values())
    yield Figure(f"{what}: begun in it", setting.database, day.begun.total(), "checks", budget=count, at_least=True)
    yield Figure(
        f"{what}: begun in a minute, most",
        setting.database,
        begun,
        "checks",
        comparator=average,
        comparator_name="the average",
        budget=max(20, 3 * average),
        samples=24 * 60,
    )
    yield Figure(
        f"{what}: statements in a minute, most",
        setting.database,
        statements,
        "statements",
        comparator=median([float(number) for number in day.statements.values()]),
        comparator_name="the median",
        samples=24 * 60,
    )
    yield Figure(
        f"{what}: a round with its checks, slowest",
        setting.database,
        max(day.seconds) * 1000,
        "ms",
        comparator=median(day.seconds) * 1000,
        comparator_name="its own median",
        samples=len(day.seconds),
    )


def _fill(world: BlockWorld, url: str, clock: FixedClock, count: int) -> None:
    """Copy a block that has run, and let each copy be checked at the moment of its own."""
    version = world.define(about={"schedule": _DAILY})
    block = world.order(version)
    world.finish()
    world.delete(block)  # the template is not checked itself
    world.finish()
    with copying(url, count) as copies:
        lives = {
            "lifecycle": "'ACTIVE'",
            "status": "'SUCCEEDED'",
            "deleted_at": "NULL",
            "marked_for_deletion_at": "NULL",
        }
        copied = {"id": "seed_id('block', n)", "name": "'Block ' || n", "display_name": "'block-' || n", **lives}
        copies.copy("blocks", is_id("id", uuid_of(block)), range(count), copied)
    definition = DefinitionId(UUID(definition_of(version)))

    def enter(tx: Transaction) -> None:
        for number in range(count):
            block_id = BlockId(seeded_id("block", number))
            WatchStore(tx).add(
                DriftWatch(
                    block_id=block_id,
                    definition_id=definition,
                    workspace="shop",
                    project=None,
                    owner="platform",
                    created_at=clock(),
                    due_at=next_check(block_id, _DAY, clock()),
                )
            )

    world.db.write_now(enter)


def _lived(world: BlockWorld, clock: FixedClock) -> _Day:
    """Let a day pass, round by round, as the loop of one server does."""
    day, drift = _Day(), world.services.drift
    minute = 0

    def note(*_: object) -> None:
        day.statements[minute] += 1

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        for number in range(1, int(_DAY / ROUND) + 1):
            clock.advance(ROUND.total_seconds())
            minute = int(number * ROUND.total_seconds()) // 60
            started = time.perf_counter()
            begun = world.db.write_now(drift.begin_round)
            for block_id in begun:
                world.db.write_now(partial(drift.check, block_id=block_id))
            day.seconds.append(time.perf_counter() - started)
            day.begun[minute] += len(begun)
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)
    return day
