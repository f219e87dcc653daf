"""Drift: what is changed by hand outside, the checks on schedule, and what people say to what these find."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.drift.model import NoiseRule
from blockyard.server.kit.database import Transaction
from tests.support.block_world import PLATFORM, SHOP
from tests.support.simulation.actions import Action
from tests.support.simulation.ground import NOISE
from tests.support.simulation.rows import BlockRow
from tests.support.simulation.simulation import Simulation

_PAUSES = 0.5


def tamper(sim: Simulation) -> None:
    """Change by hand what a block has made, so that it matters or not."""
    there = [block for block in sim.live_blocks() if block.applied_at is not None]
    if there:
        block, how = sim.rng.choice(there), sim.rng.choice(("size", "size", NOISE))
        sim.note("somebody", f"changes the {how} of {sim.name(block.id)} by hand")
        sim.tampered[block.id] = how


def look_for_drift(sim: Simulation) -> None:
    """Begin the checks that are due, one by one; a server that dies leaves the others to the next round."""
    drift = sim.ground.services.drift
    if not sim.rows.watches:
        return
    for block_id in sim.ask("drift", "begins a round of checks", drift.begin_round).value or ():
        if sim.ask("drift", f"checks {sim.name(block_id)}", partial(_checked, sim, block_id)).value is None:
            return


def _checked(sim: Simulation, block_id: UUID, tx: Transaction) -> bool:
    sim.ground.services.drift.check(tx, BlockId(block_id))
    sim.checked_at[block_id] = sim.clock.now
    return True


def leave_alone(sim: Simulation) -> None:
    """Ignore the drift of a block for a while, or no longer."""
    if (block := _watched(sim)) is not None:
        drift = sim.ground.services.drift
        until = sim.rng.choice((None, sim.clock.now + timedelta(hours=sim.rng.choice((1, 30)))))
        what = f"ignores the drift of {sim.name(block.id)} until {until}"
        sim.ask("shop", what, lambda tx: drift.ignore(tx, SHOP, block.id, until=until, reason="known"))


def pause_checks(sim: Simulation) -> None:
    """Check a block, or all of a definition, no more for now, or again."""
    if (block := _watched(sim)) is None:
        return
    drift, paused = sim.ground.services.drift, sim.rng.random() < _PAUSES
    what = f"{'pauses' if paused else 'resumes'} checks of "
    if sim.rng.random() < _PAUSES:
        sim.ask("shop", what + sim.name(block.id), lambda tx: drift.pause(tx, SHOP, block.id, paused=paused))
        return
    kind, ignored = sim.kind_of(block), [NoiseRule(attribute=NOISE)]
    change = partial(drift.change_rules, principal=PLATFORM, definition_id=kind.definition_id, ignored=ignored)
    sim.ask("platform", what + kind.name, lambda tx: change(tx, paused=paused, reason=None))


def _watched(sim: Simulation) -> BlockRow | None:
    watched = [block for block in sim.live_blocks() if block.id in sim.rows.watches]
    return sim.rng.choice(watched) if watched else None


DRIFT = (
    Action(2, tamper),
    Action(3, look_for_drift),
    Action(1, leave_alone),
    Action(1, pause_checks),
)
