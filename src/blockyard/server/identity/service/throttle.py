"""Counts failed sign-ins in this process, so that guessing is slow. Successful ones are never counted."""

import math
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from blockyard.server.kit.clock import Clock
from blockyard.server.kit.errors import TooManyRequests

FAILURES = 10
"""How many failures in a period are answered as such; the next ones are told to wait."""

PERIOD = timedelta(minutes=1)

_REMEMBERED = 10_000
"""How many pairs of name and address are kept at most; the longest unseen is forgotten first."""


class Throttle:
    """Remembers failures per name and address of the caller."""

    def __init__(self, *, clock: Clock, failures: int = FAILURES, period: timedelta = PERIOD) -> None:
        self._clock = clock
        self._failures = failures
        self._period = period
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def check(self, name: str, address: str) -> None:
        """Raise TooManyRequests if there were too many failures lately."""
        with self._lock:
            times = self._recent((name, address))
            if len(times) >= self._failures:
                wait = times[0] + self._period - self._clock()
                raise TooManyRequests(
                    "there were too many failed sign-ins", retry_after_seconds=max(1, math.ceil(wait.total_seconds()))
                )

    def failed(self, name: str, address: str) -> None:
        """Count one failure."""
        with self._lock:
            key = (name, address)
            times = self._recent(key)
            times.append(self._clock())
            while len(times) > self._failures:
                times.popleft()
            self._seen[key] = times
            self._seen.move_to_end(key)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)

    def _recent(self, key: tuple[str, str]) -> deque[datetime]:
        times = self._seen.get(key, deque())
        while times and times[0] + self._period <= self._clock():
            times.popleft()
        return times
