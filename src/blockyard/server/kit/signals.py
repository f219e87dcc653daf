"""Wake-ups between transactions and whoever waits for their result, in this process and, on PostgreSQL, in all replicas.

A wake-up is only a hint: it may come twice or not at all, so every waiter looks at the rows again, at the latest when its
wait times out (architecture.md 4, rule 1).
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from blockyard.server.kit.errors import Unavailable


class Stopping(Unavailable):
    """The server stops: whoever waits ends now, so that nothing has to be cut off."""

    def __init__(self) -> None:
        super().__init__("the server is stopping", code="ServerStopping", remedy="Send the request again in a moment.")


class Subscription:
    """One waiter: remembers a wake-up that came while it was busy."""

    def __init__(self, loop: asyncio.AbstractEventLoop, signals: "Signals") -> None:
        self._loop = loop
        self._signals = signals
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Wake the waiter, from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for a wake-up; return whether one came in time. Raises Stopping."""
        if not self._signals.is_stopped:
            try:
                await asyncio.wait_for(self._event.wait(), timeout_seconds)
            except TimeoutError:
                return False
        if self._signals.is_stopped:
            raise Stopping
        self._event.clear()
        return True


class Signals:
    """Delivers wake-ups by topic, a short text such as `runner:<uuid>` or `run:<uuid>`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[Subscription]] = defaultdict(set)
        self.is_stopped = False
        """Whether nobody waits any more."""

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """Listen to `topics` while the block runs. Subscribe first, then look at the rows, then wait."""
        subscription = Subscription(asyncio.get_running_loop(), self)
        with self._lock:
            for topic in topics:
                self._waiting[topic].add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                for topic in topics:
                    self._waiting[topic].discard(subscription)
                    if not self._waiting[topic]:
                        del self._waiting[topic]

    def wake(self, topic: str) -> None:
        """Wake everybody who listens to `topic` in this process."""
        with self._lock:
            listeners = list(self._waiting.get(topic, ()))
        for subscription in listeners:
            subscription.wake()

    def stop(self) -> None:
        """End all waiting, from now on."""
        self.is_stopped = True
        self.wake_all()

    def wake_all(self) -> None:
        """Wake everybody: after a lost connection nobody knows what was missed."""
        with self._lock:
            listeners = [subscription for group in self._waiting.values() for subscription in group]
        for subscription in listeners:
            subscription.wake()
