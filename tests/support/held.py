"""How long one callback holds the event loop, one transaction the writer, and one step of C code the interpreter.

CPU time is counted, not time on the clock: on a busy machine that says nothing about what was asked.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, event

from blockyard.server.app.server import keep_for_good
from blockyard.server.kit.database import Database

Ts = TypeVarTuple("Ts")

LIMIT_SECONDS = 0.1
"""Longer than this nothing may be held, whoever sends what. Source: architecture.md 9."""


@dataclass
class Held:
    """The longest time in seconds, and by what."""

    loop: float = 0.0
    loop_by: str = ""
    writer: float = 0.0
    interpreter: float = 0.0

    def callback(self, seconds: float, by: object) -> None:
        """Note one callback of the event loop."""
        if seconds > self.loop:
            self.loop, self.loop_by = seconds, str(by)

    def transaction(self, seconds: float) -> None:
        """Note one transaction of the writer."""
        self.writer = max(self.writer, seconds)


class _MeasuredLoop(asyncio.SelectorEventLoop):
    """An event loop that notes how long each callback takes."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self._held = held

    def _timed(self, callback: Callable[[*Ts], object], *args: *Ts) -> Callable[[], None]:
        def timed() -> None:
            began = time.thread_time()
            try:
                callback(*args)
            finally:
                self._held.callback(time.thread_time() - began, callback)

        return timed

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run `callback`, and note how long it takes."""
        return super().call_soon(self._timed(callback, *args), context=context)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run `callback`, and note how long it takes."""
        return super().call_soon_threadsafe(self._timed(callback, *args), context=context)


@contextmanager
def measured_writer(database: Database, held: Held) -> Iterator[None]:
    """Note how long transactions take meanwhile, on connections that may write."""
    begun: dict[int, float] = {}

    def begin(connection: Connection) -> None:
        begun[id(connection.connection.dbapi_connection)] = time.thread_time()

    def end(connection: Connection) -> None:
        began = begun.pop(id(connection.connection.dbapi_connection), None)
        if began is not None:
            held.transaction(time.thread_time() - began)

    listeners = (("begin", begin), ("commit", end), ("rollback", end))
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(database.engine, name, listener)


@contextmanager
def measured_interpreter(held: Held) -> Iterator[None]:
    """Note how long all other threads work before one that always wants the interpreter gets it."""
    has_ended = threading.Event()

    def watch() -> None:
        before = time.process_time() - time.thread_time()
        while not has_ended.is_set():
            now = time.process_time() - time.thread_time()
            held.interpreter = max(held.interpreter, now - before)
            before = now

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        watcher.join()


def measured(
    database: Database, work: Callable[[], Coroutine[Any, Any, None]], *, is_interpreter_watched: bool = False
) -> Held:
    """Do `work` on an event loop of its own and return what was held how long; garbage is collected as in a server.

    Whoever watches the interpreter always wants it, which makes everything else slow.
    """
    held = Held()
    keep_for_good()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: _MeasuredLoop(held)) as runner:
            runner.run(work())

    watched = measured_interpreter(held) if is_interpreter_watched else nullcontext()
    with measured_writer(database, held), watched, ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
    return held
