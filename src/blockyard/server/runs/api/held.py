"""Heartbeats that are held until there is something to say. Source: architecture.md 8."""

import asyncio

from fastapi import Request

from blockyard.protocol.status import UpdateReply
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import ReportService, has_news
from blockyard.server.runs.topics import run_topic

MAX_HELD_SECONDS = 5
"""A heartbeat is a sign of life when it arrives, so it is not held longer than such signs are apart."""

_GATHER_SECONDS = 0.1
"""Each log chunk of the run wakes us, too: the run is not looked at more often."""


async def held_heartbeat(
    request: Request, db: Database, reports: ReportService, principal: Principal, run_id: RunId, *, seconds: float
) -> UpdateReply:
    """Record a sign of life at once; answer it when the run shall stop or has ended, at the latest after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    with db.signals.subscribe(run_topic(run_id)) as subscription:
        reply = await db.write(lambda tx: reports.heartbeat(tx, principal, run_id))
        while not reply.run_aborted and (left := deadline - loop.time()) > 0:
            if not await subscription.wait(left) or await request.is_disconnected():
                break
            if await db.read(lambda tx: has_news(tx, run_id)):
                return await db.write(lambda tx: reports.heartbeat(tx, principal, run_id))
            await asyncio.sleep(_GATHER_SECONDS)
        return reply
