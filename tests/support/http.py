"""HTTP clients that talk to an application in this process."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

T = TypeVar("T")


def client_for(app: FastAPI, base_url: str = "http://blockyard.test") -> httpx.AsyncClient:
    """Return a client whose requests are handled by `app` directly."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=base_url)


def run_aside(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, in a thread of its own: a test with a browser has a running loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
