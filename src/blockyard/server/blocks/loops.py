"""Background work of blocks: runs that had to wait for the end of another one of the same block, and bulk jobs."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.blocks.model.bulk import BulkJobId, BulkRow
from blockyard.server.blocks.service import DUE_TOPIC, BlockHooks
from blockyard.server.blocks.service.bulk import BULK_TOPIC, BulkService
from blockyard.server.blocks.service.cascading import STOPS_TOPIC
from blockyard.server.blocks.service.expiring import Expiring
from blockyard.server.blocks.service.waking import TURNS_TOPIC
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Refusal, Unavailable
from blockyard.server.kit.loops import Loop

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 10.0
"""How often blocks with a run due are looked for when nobody wakes the loop."""

BULK_SECONDS = 5.0

CLEANUP_SECONDS = 3600.0

EXPIRY_SECONDS = 60.0


def loops(db: Database, hooks: BlockHooks, bulk: BulkService, expiring: Expiring) -> list[Loop]:
    """Return the loops of blocks; several replicas may run them at once."""

    async def go_on() -> None:
        while taken := await db.write(bulk.take_due):
            for job_id in taken:
                await _go_on(db, bulk, job_id)

    async def end_expired() -> None:
        for block_id in await db.read(expiring.due):
            await _end_expired(db, expiring, block_id)

    return [
        Loop("expiries", end_expired, EXPIRY_SECONDS),
        Loop("block reruns", _all(db, hooks.start_due), PERIOD_SECONDS, (DUE_TOPIC,)),
        Loop("bulk jobs", go_on, BULK_SECONDS, (BULK_TOPIC,)),
        Loop("turns of cascades", _all(db, hooks.take_turns), PERIOD_SECONDS, (TURNS_TOPIC,)),
        Loop("stops of cascades", _all(db, hooks.go_on_stopping), PERIOD_SECONDS, (STOPS_TOPIC,)),
        Loop("old bulk jobs", _all(db, bulk.remove_old), CLEANUP_SECONDS),
        Loop("old cascades", _all(db, hooks.remove_cascades), CLEANUP_SECONDS),
    ]


def _all(db: Database, step: Callable[[Transaction], int]) -> Callable[[], Awaitable[None]]:
    """Return a round that takes one transaction after the other, until there was nothing to do in one."""

    async def round_() -> None:
        while await db.write(step):
            pass

    return round_


async def _end_expired(db: Database, expiring: Expiring, block_id: BlockId) -> None:
    """Settle one block; a failure must not keep the others waiting."""
    try:
        await db.write(partial(expiring.settle, block_id=block_id))
    except Exception:
        log.exception("end of a block cannot be settled", block_id=str(block_id))


async def _go_on(db: Database, bulk: BulkService, job_id: BulkJobId) -> None:
    """Settle the rows whose turn it is, each in a transaction of its own, and say when the next ones are."""
    rows = await db.read(lambda tx: bulk.open_rows(tx, job_id))
    settled = [await _settle(db, bulk, job_id, row) for row in rows]
    await db.write(lambda tx: bulk.give_back(tx, job_id, may_go_on=any(settled)))


async def _settle(db: Database, bulk: BulkService, job_id: BulkJobId, row: BulkRow) -> bool:
    """Settle one row and tell whether it is; what the server cannot do now is tried again later."""
    refusal: Refusal | None = None
    try:
        await db.write(partial(bulk.settle, job_id=job_id, row=row))
    except Unavailable:
        return False
    except Refusal as refused:
        refusal = refused
    except Exception:
        log.exception("row of a bulk job cannot be settled", job_id=str(job_id), block_id=str(row.block_id))
    else:
        return True
    await db.write(partial(bulk.refused, job_id=job_id, row=row, refusal=refusal))
    return True
