"""Gives many things their turns on a few threads. One that hangs costs a thread, not the turns of the others."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import structlog

log = structlog.get_logger()

THREADS = 8
"""However many things there are: turns are short, and mostly wait for answers."""

_END_SECONDS = 5.0

Turn: TypeAlias = Callable[[], float | None]
"""Does what is due; returns when it wants its next turn, on the monotonic clock, or None when it is over."""


class Rounds:
    """Turns by when they are due. One that fails comes again after a while. Thread-safe."""

    def __init__(self, *, after_failure_seconds: float = 10) -> None:
        self._after_failure_seconds = after_failure_seconds
        self._due: list[tuple[float, int, Turn]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._ended = False
        self._threads: list[threading.Thread] = []

    def add(self, turn: Turn, at: float = 0.0) -> None:
        """Give `turn` its turns from `at` on."""
        with self._changed:
            if not self._threads:
                self._start()
            heapq.heappush(self._due, (at, next(self._number), turn))
            self._changed.notify()

    def take(self, turn: Turn) -> None:
        """Take a turn at once, in this thread, and give it the later ones."""
        try:
            at = turn()
        except Exception:
            log.exception("turn failed")
            at = time.monotonic() + self._after_failure_seconds
        if at is not None:
            self.add(turn, at)

    def end(self) -> None:
        """Give no more turns; wait a moment for those that are being taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        end = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _start(self) -> None:
        self._threads = [
            threading.Thread(target=self._work, name=f"rounds-{number}", daemon=True)
            for number in range(1, THREADS + 1)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while (turn := self._next()) is not None:
            self.take(turn)

    def _next(self) -> Turn | None:
        """Wait for the next turn that is due; None: there are no more."""
        with self._changed:
            while not self._ended:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
