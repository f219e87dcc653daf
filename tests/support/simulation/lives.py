"""What can be wound back, and what ends by itself: saved plans, versions of states, deletions, the ends of blocks."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.kit.database import Transaction
from tests.support.block_world import PLATFORM, SHOP
from tests.support.simulation.actions import Action
from tests.support.simulation.rows import SOON, BlockRow
from tests.support.simulation.simulation import Simulation

_BUSY = 0.2
"""How often something is asked for that a run stands in the way of."""

_HOURS = (1, 12, 30, 200)
_DAYS = 3 * 86400


def apply_plan(sim: Simulation) -> None:
    """Apply what a dry run has planned, even if it was applied already."""
    blocks = sim.ground.services.blocks
    there = _free(sim, [sim.rows.runs[run_id].block_id for run_id in sim.plans])
    if there:
        block = sim.rng.choice(there)
        what = f"applies the plan of {sim.name(block.id)}"
        sim.ask("platform", what, lambda tx: blocks.apply_plan(tx, PLATFORM, block.id))


def plan_restore(sim: Simulation) -> None:
    """Plan with an older version of a state."""
    if (block := _with_versions(sim)) is not None:
        work, number = sim.ground.services.state_work, _older_version(sim, block)
        what = f"plans with state {number} of {sim.name(block.id)}"
        sim.ask("platform", what, lambda tx: work.plan_restore(tx, PLATFORM, block.id, number))


def apply_restore(sim: Simulation) -> None:
    """Send a state back as it was planned, or to a version for which nothing was."""
    plans = [run for run in sim.rows.runs.values() if run.restores is not None]
    there = [run for run in plans if run.status == "SUCCEEDED"] or plans
    if not there:
        return
    work, run = sim.ground.services.state_work, sim.rng.choice(there)
    block_id, number = run.block_id, run.restores
    assert number is not None
    what = f"sends {sim.name(block_id)} back to state {number}"
    sim.ask("platform", what, lambda tx: work.restore(tx, PLATFORM, block_id, number, "lost"))


def restore(sim: Simulation) -> None:
    """Make an older version of a state the current one, without a plan; most of all where a plan waits to be applied."""
    waiting = {
        run.block_id for run in sim.rows.runs.values() if run.plan_run_id is not None and run.status == "PENDING"
    }
    there = [block for block in sim.live_blocks() if block.id in waiting and len(sim.rows.states.get(block.id, ())) > 1]
    block = sim.rng.choice(there) if there else _with_versions(sim)
    if block is not None:
        state, number = sim.ground.services.state, _older_version(sim, block)
        what = f"makes state {number} of {sim.name(block.id)} the current one"
        sim.ask("platform", what, lambda tx: state.restore(tx, PLATFORM, block.id, number))


def _with_versions(sim: Simulation) -> BlockRow | None:
    there = _free(sim, [block_id for block_id, versions in sim.rows.states.items() if len(versions) > 1])
    return sim.rng.choice(there) if there else None


def _older_version(sim: Simulation, block: BlockRow) -> int:
    return sim.rng.choice([one.number for one in sim.rows.states[block.id] if not one.is_current])


def _free(sim: Simulation, block_ids: Collection[UUID]) -> list[BlockRow]:
    """Return those of the blocks that have no run, now and then also others."""
    there = [block for block in sim.live_blocks() if block.id in block_ids]
    free = [block for block in there if not sim.rows.unfinished(block.id)]
    return there if sim.rng.random() < _BUSY else free


def take_back(sim: Simulation) -> None:
    """Let a block live on that is being deleted."""
    leaving = [block for block in sim.live_blocks() if block.lifecycle != "ACTIVE"]
    if leaving:
        blocks, block = sim.ground.services.blocks, sim.rng.choice(leaving)
        what = f"takes the deletion of {sim.name(block.id)} back"
        sim.ask("shop", what, lambda tx: blocks.take_back(tx, SHOP, block.id))


def say_when_it_ends(sim: Simulation) -> None:
    """Let a block end by itself, later than was said, or not at all."""
    blocks = [block for block in sim.live_blocks() if block.lifecycle == "ACTIVE"]
    if not blocks:
        return
    block = sim.rng.choice(blocks)
    at = sim.rng.choice((None, *(sim.clock.now + timedelta(hours=hours) for hours in _HOURS)))
    what = f"lets {sim.name(block.id)} end at {at}"
    said = sim.ask("shop", what, lambda tx: _said(sim, tx, block.id, at))
    if said.happened:
        sim.ends.pop(block.id, None)
        if at is not None:
            sim.ends[block.id] = (at, sim.clock.now)
            sim.warned[block.id] = sim.rows.told[str(block.id), SOON]


def _said(sim: Simulation, tx: Transaction, block_id: UUID, at: datetime | None) -> bool:
    sim.ground.services.blocks.expiring.put(tx, SHOP, block_id, at)
    return True


def end_what_is_over(sim: Simulation) -> None:
    """Warn of the ends of blocks, and end them, one by one; a server that dies leaves the others to the next round."""
    expiring = sim.ground.services.blocks.expiring
    if not sim.rows.expiries:
        return
    for block_id in sim.ground.db.read_now(expiring.due):
        what = f"looks whether {sim.name(block_id)} is over"
        if sim.ask("ends", what, partial(_settled, sim, block_id)).value is None:
            return


def _settled(sim: Simulation, block_id: BlockId, tx: Transaction) -> str:
    return "deleted" if sim.ground.services.blocks.expiring.settle(tx, block_id) else "not deleted"


def let_days_pass(sim: Simulation) -> None:
    """Let some days pass in which no server is there."""
    sim.note("clock", f"{_DAYS} s pass")
    sim.clock.advance(_DAYS)


def end_unapproved(sim: Simulation) -> None:
    """Remind of the runs that wait for an approval, and end those that nobody has approved in time."""
    approvals = sim.ground.services.sweeper.approvals
    for run_id in sim.ground.db.read_now(partial(approvals.due, limit=10)):
        run = sim.rows.runs[run_id]
        what = f"reminds of run {run.number} of {sim.name(run.block_id)}, or ends it, as nobody approves it"
        sim.ask("sweep", what, partial(approvals.settle, run_id=run_id))


LIVES = (
    Action(1, apply_plan),
    Action(1, plan_restore),
    Action(1, apply_restore),
    Action(1, restore),
    Action(2, take_back),
    Action(2, say_when_it_ends),
    Action(2, end_what_is_over),
    Action(1, end_unapproved),
)
