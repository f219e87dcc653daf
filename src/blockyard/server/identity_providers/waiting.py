"""Waiting for identity providers in threads of their own: those that hang hold up nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 8
"""How many people may be waited for at providers at the same time."""

_THREADS = ThreadPoolExecutor(_AT_ONCE, "provider")


async def aside(work: Callable[[], T]) -> T:
    """Return what `work` does, which waits for a provider."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
