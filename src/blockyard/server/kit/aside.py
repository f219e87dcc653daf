"""The few threads that work on large documents, so that neither the event loop nor those who serve everybody else are held up."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="large")
"""So few, since a document can take twenty times the memory of its text."""


async def aside(work: Callable[[], T]) -> T:
    """Do what takes long with a large document in one of these threads."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
