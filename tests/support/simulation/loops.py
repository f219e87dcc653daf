"""What the server does by itself, each round as one action; it may be gone in the middle of one."""

from functools import partial

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId
from tests.support.simulation.actions import Action
from tests.support.simulation.simulation import Simulation

_HOURS = 3 * 3600 + 1
_PAUSES = (1, 5, 14, 31, 31, 80, 121, 301, 1900, _HOURS)


def sweep(sim: Simulation) -> None:
    """Settle the runs whose time is over, one by one; a server that dies leaves the others to the next round."""
    sweeper = sim.ground.services.sweeper
    for run_id in sim.ground.db.read_now(sweeper.due):
        run = sim.rows.runs[run_id]
        what = f"settles run {run.number} of {sim.name(run.block_id)}"
        if sim.ask("sweep", what, partial(_settled, sim, run_id)).value is None:
            return


def _settled(sim: Simulation, run_id: RunId, tx: Transaction) -> bool:
    sim.ground.services.sweeper.settle(tx, run_id)
    return True


def start_due(sim: Simulation) -> None:
    """Begin the runs that are due."""
    if any(block.is_due for block in sim.rows.blocks.values()):
        sim.ask("loop", "starts what is due", sim.ground.services.blocks.hooks.start_due)


def wait(sim: Simulation) -> None:
    """Let time pass."""
    seconds = sim.rng.choice(_PAUSES)
    sim.note("clock", f"{seconds} s pass")
    sim.clock.advance(seconds)


LOOPS = (Action(6, sweep), Action(3, start_due), Action(8, wait))
