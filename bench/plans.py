"""Large plans: how long it takes to keep what a runner tells of one, to list it, and to compare it with another one."""

from collections.abc import Iterator
from typing import Any

from bench.figures import Figure, median, timed
from bench.groups import Setting
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.app import migrate
from blockyard.server.kit.database import Database
from tests.support.approvals import OWN_RUNS, report_plan
from tests.support.block_world import OWN, BlockWorld, uuid_of
from tests.support.clock import RunningClock

CHANGES = 2000
_JSON = "application/json"
_PAGE = 1000


def plans(setting: Setting) -> Iterator[Figure]:
    """Plan a block again and again, each time with other values, and look at that as its page does."""
    db = Database.open(setting.new_database() or f"sqlite:///{setting.new_data()}.db")
    try:
        migrate.upgrade(db)
        world = BlockWorld(db, RunningClock())
        block = world.order(world.define(transparent=True))
        world.finish()
        took = [_planned(world, block, number) for number in range(setting.rounds + 1)][1:]
    finally:
        db.close()
    for name in took[0]:
        seconds = [one[name] for one in took]
        yield Figure(
            f"plan of {CHANGES:,} changes {name}, slowest",
            setting.database,
            max(seconds) * 1000,
            "ms",
            comparator=median(seconds) * 1000,
            comparator_name="its own median",
            budget=1000,
            samples=len(seconds),
        )


def _planned(world: BlockWorld, block: JsonObject, number: int) -> dict[str, float]:
    """Plan once more; return how long each thing took."""
    world.api.ok("POST", f"{OWN}/{uuid_of(block)}/detect", media=_JSON)
    claimed = world.claimed()
    address = f"{OWN_RUNS}/{claimed.run_id}/changes"
    changes = [_change(at, number) for at in range(CHANGES)]
    pages = range(-(-CHANGES // _PAGE))
    took = {
        "kept": timed(lambda: report_plan(world, claimed, *changes)),
        "listed whole": timed(lambda: [_read(world, f"{address}?size={_PAGE}&page={page}") for page in pages]),
    }
    if number:
        took["compared"] = timed(lambda: _read(world, f"{address}/comparison?size={_PAGE}"))
    return took


def _read(world: BlockWorld, address: str) -> object:
    return world.api.ok("GET", address, media=_JSON)


def _change(at: int, number: int) -> JsonObject:
    """Return what becomes of a resource, in the `number`-th plan."""
    attributes: list[Any] = [
        {"path": f"attribute_{one}", "before": f"value {number} of {at}", "after": f"value {number + 1} of {at}"}
        for one in range(5)
    ]
    return {
        "address": f"module.part[{at % 20}].aws_instance.node[{at}]",
        "type": "aws_instance",
        "action": "update",
        "attributes": attributes,
        "digest": f"{at:032x}{number:032x}",
    }
