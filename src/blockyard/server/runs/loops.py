"""Background work of runs: leases, aborts, the ceiling, old plans, tallies, outcomes."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunSweeper

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0

START_GRACE_SECONDS = 30.0
"""A server that was away has heard of no runner: nobody counts as lost before it has listened for so long."""

APPROVALS_SECONDS = 60.0

_EXPIRED_AT_ONCE = 100

PLANS_SECONDS = 3600.0

TALLY_SECONDS = 3600.0

OUTCOMES_SECONDS = 900.0

_BETWEEN_TALLIES_SECONDS = 0.05
"""After an upgrade there may be years to tally: others come between."""


def loops(db: Database, sweeper: RunSweeper, *, start_grace_seconds: float = START_GRACE_SECONDS) -> Sequence[Loop]:
    """Return the loops; several replicas may run them at once."""
    began_at: float | None = None

    async def sweep() -> None:
        nonlocal began_at
        now = asyncio.get_running_loop().time()
        began_at = now if began_at is None else began_at
        with_leases = now - began_at >= start_grace_seconds
        for run_id in await db.read(lambda tx: sweeper.due(tx, with_leases=with_leases)):
            await _settle(db, sweeper, run_id)

    async def expire_approvals() -> None:
        for run_id in await db.read(lambda tx: sweeper.approvals.due(tx, _EXPIRED_AT_ONCE)):
            await db.write(partial(sweeper.approvals.settle, run_id=run_id))

    async def remove_plans() -> None:
        await db.write(sweeper.remove_old_plans)

    async def tally() -> None:
        more = True
        while more:
            more = await db.write(sweeper.tally)
            await asyncio.sleep(_BETWEEN_TALLIES_SECONDS)

    async def count_outcomes() -> None:
        for day in await db.read(sweeper.days_to_count):
            counted = await db.read(partial(sweeper.outcomes, day=day))
            await db.write(partial(sweeper.keep_outcomes, day=day, counted=counted))
            await asyncio.sleep(_BETWEEN_TALLIES_SECONDS)

    return (
        Loop("runs.sweep", sweep, SWEEP_SECONDS),
        Loop("runs.plans", remove_plans, PLANS_SECONDS),
        Loop("runs.tally", tally, TALLY_SECONDS),
        Loop("runs.outcomes", count_outcomes, OUTCOMES_SECONDS),
        Loop("runs.approvals", expire_approvals, APPROVALS_SECONDS),
    )


async def _settle(db: Database, sweeper: RunSweeper, run_id: RunId) -> None:
    """Settle one run; a failure must not keep the others waiting."""
    try:
        await db.write(lambda tx: sweeper.settle(tx, run_id))
    except Exception:
        log.exception("run cannot be settled", run_id=str(run_id))
