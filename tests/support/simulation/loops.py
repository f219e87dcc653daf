"""What the server does by itself, each round as one action; it may be gone in the middle of one."""

from functools import partial

from blockyard.server.blocks.model.bulk import BulkJobId, BulkRow
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
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


def take_turns(sim: Simulation) -> None:
    """Come to the next blocks that cascades have not come to."""
    if sim.rows.turns:
        sim.ask("loop", "takes turns", sim.ground.services.blocks.hooks.take_turns)


def go_on_stopping(sim: Simulation) -> None:
    """Take back some more of what stopped cascades want."""
    if sim.rows.stopping:
        sim.ask("loop", "goes on with a stop", sim.ground.services.blocks.hooks.go_on_stopping)


def go_on_with_bulk_jobs(sim: Simulation) -> None:
    """Settle what is open in the jobs whose turn has come; a replica that dies leaves the rest to another one, after its lease."""
    bulk = sim.ground.services.bulk
    if all(ended for ended in sim.rows.jobs.values()):
        return
    for job_id in sim.ask("bulk", "takes jobs", bulk.take_due).value or ():
        rows = sim.ground.db.read_now(partial(bulk.open_rows, job_id=job_id))
        for row in rows:
            if not _row_settled(sim, job_id, row):
                return
        sim.ask("bulk", "gives a job back", partial(bulk.give_back, job_id=job_id, may_go_on=bool(rows)))


def _row_settled(sim: Simulation, job_id: BulkJobId, row: BulkRow) -> bool:
    """Do what a row says, or note why not; tell whether the replica lives on."""
    bulk = sim.ground.services.bulk
    refusal: str | None = None

    def settle(tx: Transaction) -> bool:
        bulk.settle(tx, job_id, row)
        return True

    def note(tx: Transaction) -> bool:
        bulk.refused(tx, job_id, row, Conflict("no", code=str(refusal), remedy="none"))
        return True

    done = sim.ask("bulk", f"settles the row of {sim.name(row.block_id)}", settle)
    refusal = done.refusal
    return (done if refusal is None else sim.ask("bulk", "notes why not", note)).value is True


def turn_brakes(sim: Simulation) -> None:
    """End the brakes whose time is over, and turn calendars."""
    brakes = sim.ground.services.brakes
    if sim.ground.db.read_now(brakes.is_turn_due):
        sim.ask("brakes", "turns what is over", lambda tx: len(brakes.turn(tx)))


def wait(sim: Simulation) -> None:
    """Let time pass."""
    seconds = sim.rng.choice(_PAUSES)
    sim.note("clock", f"{seconds} s pass")
    sim.clock.advance(seconds)


def sleep(sim: Simulation) -> None:
    """Let most of a day pass."""
    seconds = sim.rng.choice((40_000, 80_000))
    sim.note("clock", f"{seconds} s pass")
    sim.clock.advance(seconds)


LOOPS = (
    Action(6, sweep),
    Action(3, start_due),
    Action(3, take_turns),
    Action(2, go_on_stopping),
    Action(3, go_on_with_bulk_jobs),
    Action(2, turn_brakes),
    Action(8, wait),
)
