"""Runs the application under uvicorn on a socket that is bound before anything else is started."""

import asyncio
import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from blockyard.server.app.settings import Settings
from blockyard.server.kit.connections import GuardedProtocol
from blockyard.server.kit.signals import Signals

GRACE_SECONDS = 5
"""How long open requests (long polls, event streams) may take to end on shutdown."""

_PORTS_TRIED = 100

TURN_SECONDS = 0.0005
"""How long a thread may compute while others wait for their turn. With the interpreter's 5 ms, each of the short statements
of a request could take 5 ms on SQLite, as others get the turn while it runs: 100 requests a second piled up on a busy machine."""


class AddressError(OSError):
    """The server cannot listen at the address of its settings."""


class _Server(uvicorn.Server):
    """A uvicorn server that says when it takes requests and when it is about to stop."""

    def __init__(
        self, config: uvicorn.Config, signals: Signals, started: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._signals = signals
        self._on_started = started
        self._on_stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` ignores it
            signal.signal(signal.SIGHUP, self.handle_exit)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let `stopping` finish while requests are still answered, then end those that wait, and take no more."""
        await asyncio.to_thread(self._on_stopping)
        self._signals.stop()
        await super().shutdown(sockets)


def bind(settings: Settings) -> tuple[socket.socket, Settings]:
    """Return a listening socket, and the settings with the port it really has."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise AddressError(_why_not(settings, family, error)) from error
    listener.set_inheritable(False)
    return listener, settings.model_copy(update={"port": listener.getsockname()[1]})


def _why_not(settings: Settings, family: socket.AddressFamily, error: OSError) -> str:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        free = _free_port(settings.host, settings.port, family)
        offer = f"port {free} is free: pass --port {free}" if free else "choose another --port"
        return f"cannot listen on {place}: another program uses this port; {offer}"
    if error.errno == errno.EACCES:
        return f"cannot listen on {place}: ports below 1024 are for root; choose another --port"
    return f"cannot listen on {place}: {settings.host} is not an address of this machine; choose another --host"


def _free_port(host: str, taken: int, family: socket.AddressFamily) -> int | None:
    """Return the first port above `taken` that nobody uses now."""
    for port in range(taken + 1, min(taken + 1 + _PORTS_TRIED, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return port
    return None


def configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return how `app` is served; what a caller says about forwarded addresses is believed of trusted proxies alone."""
    return uvicorn.Config(
        app,
        log_config=None,
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
        http=GuardedProtocol,
        backlog=1024,
    )


def run(
    app: FastAPI,
    signals: Signals,
    listener: socket.socket,
    settings: Settings,
    *,
    started: Callable[[], None] = lambda: None,
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve `app` until SIGTERM, SIGINT or SIGHUP; each is handled once, gracefully."""
    keep_for_good()
    sys.setswitchinterval(TURN_SECONDS)
    _Server(configuration(app, settings), signals, started, stopping).run(sockets=[listener])


def keep_for_good() -> None:
    """Take everything that is there now out of garbage collection.

    Modules, routes and schemas are half a million objects that stay as long as the process. Looking through them for garbage
    every few thousand requests held all requests up, 100 ms and more each time.
    """
    gc.collect()
    gc.freeze()
