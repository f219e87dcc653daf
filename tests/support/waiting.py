"""Waiting for what other tasks, threads and processes do."""

import asyncio
from collections.abc import Callable

from blockyard.server.kit.signals import Signals

PATIENCE_SECONDS = 30
"""How long something may take on a busy machine before it counts as not happening."""


async def until(is_so: Callable[[], bool]) -> None:
    """Return once `is_so` holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110  no event: another thread or process does it
            await asyncio.sleep(0.005)


async def until_somebody_listens(signals: Signals) -> None:
    """Return once a request waits for a wake-up: it is held."""
    await until(lambda: bool(signals._waiting))
