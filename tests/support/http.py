"""HTTP clients that talk to an application in this process."""

import asyncio
import importlib.util
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx2
from starlette.types import ASGIApp

T = TypeVar("T")

if importlib.util.find_spec("sniffio") is None:  # httpx2 looks for it at every request, through all of the path
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # says that there is no such module

_ASIDE = ThreadPoolExecutor(32, "aside")
_own = threading.local()


def client_for(app: ASGIApp, base_url: str = "http://blockyard.test") -> httpx2.AsyncClient:
    """Return a client whose requests are handled by `app` directly."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=base_url, trust_env=False)


def run_aside(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in another thread: a test with a browser has a running loop.

    Each of these threads keeps its loop, since to make one takes longer than most requests.
    """
    return _ASIDE.submit(_run, work).result()


def _run(work: Coroutine[Any, Any, T]) -> T:
    if not hasattr(_own, "runner"):
        _own.runner = asyncio.Runner()
    runner: asyncio.Runner = _own.runner
    return runner.run(_alone(work))


async def _alone(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` and end what it began and left: the next work in this loop meets nothing of it."""
    try:
        return await work
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
