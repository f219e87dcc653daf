"""Hears of an abort at once: a heartbeat that a Blockyard server holds until there is something to say."""

import threading
import time
from collections.abc import Callable

import httpx2
from pydantic import ValidationError

from blockyard.protocol.status import UpdateReply
from blockyard.protocol.version import HEARTBEAT_WAIT_SECONDS
from blockyard.runner.retry import Backoff

WATCH_AFTER_SECONDS = 2.0
"""A run younger than that hears of an abort with its next report: a short one shall cost no request more."""

_NOT_READY_SECONDS = 0.5


class AbortWatch:
    """Asks again and again, in a thread of its own, until the run is over or shall stop."""

    def __init__(
        self,
        *,
        run_id: str,
        is_ready: Callable[[], bool],
        ask: Callable[[], UpdateReply],
        heard: Callable[[bool], None],
        over: threading.Event,
    ) -> None:
        self._is_ready = is_ready
        self._ask = ask
        self._heard = heard
        self._over = over
        self._thread = threading.Thread(target=self._watch, name=f"watch-{run_id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _watch(self) -> None:
        backoff = Backoff(1, HEARTBEAT_WAIT_SECONDS)
        self._over.wait(WATCH_AFTER_SECONDS)
        while not self._over.is_set():
            if not self._is_ready():
                self._over.wait(_NOT_READY_SECONDS)
                continue
            asked_at = time.monotonic()
            try:
                aborted = self._ask().run_aborted
            except (httpx2.HTTPError, ValidationError):
                self._over.wait(backoff.pause())
                continue
            backoff.reset()
            if self._over.is_set():
                return
            self._heard(aborted)
            if aborted:
                return
            self._over.wait(asked_at + HEARTBEAT_WAIT_SECONDS - time.monotonic())  # a server that did not hold it
