"""An ASGI application behind a real socket on loopback, for streams and for programs that speak HTTP."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    answered: Counter[str] = field(default_factory=Counter)
    """How many requests of each method were answered."""


@contextmanager
def served(app: ASGIApp) -> Iterator[Served]:
    """Serve `app` in a thread while the block runs."""

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        running.answered[str(scope.get("method"))] += 1

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(counted, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = Served(f"http://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield running
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
