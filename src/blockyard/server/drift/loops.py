"""Background work of drift: checks that are due, each in a transaction of its own, and blocks of schedules that are new."""

from collections.abc import Sequence
from functools import partial

import structlog

from blockyard.server.drift.service import ROUND, DriftService
from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop

log = structlog.get_logger(__name__)


def loops(db: Database, drift: DriftService) -> Sequence[Loop]:
    """Return the loops; of several replicas one begins each round of checks."""

    async def check() -> None:
        while await db.write(drift.sync):
            pass
        for block_id in await db.write(drift.begin_round):
            try:
                await db.write(partial(drift.check, block_id=block_id))
            except Exception:
                log.exception("drift cannot be looked for", block_id=str(block_id))

    return (Loop("drift", check, ROUND.total_seconds()),)
