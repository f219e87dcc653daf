"""Background loops: each wakes up on its topics or after its period, does one round, and survives a failing round."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from blockyard.server.kit.signals import Signals, Stopping

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """Calls `round` every `period_seconds`, and at once when one of `topics` is woken."""

    name: str
    round: Callable[[], Awaitable[None]]
    period_seconds: float
    topics: Sequence[str] = ()


async def run_loops(loops: Sequence[Loop], signals: Signals) -> None:
    """Run all loops until cancelled, or until the server stops."""
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(_run(loop, signals), name=loop.name)


async def _run(loop: Loop, signals: Signals) -> None:
    with signals.subscribe(*loop.topics) as subscription:
        while True:
            try:
                await loop.round()
            except Exception:
                log.exception("loop failed", loop=loop.name)
            try:
                await subscription.wait(loop.period_seconds)
            except Stopping:
                return
