"""The one loop behind all live streams: server-sent events for as long as there is something to tell, and somebody may know it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.signals import Signals

KEEP_ALIVE_SECONDS = 15.0
"""A comment is sent after so much silence, so that proxies keep the connection."""

MAX_STREAM_SECONDS = 3600.0
"""A stream ends then; the viewer comes back."""

SWEEP_SECONDS = 5.0
"""So often a stream looks without having been woken."""


class Batch(Protocol):
    """What a viewer does not know yet."""

    @property
    def more(self) -> bool:
        """Whether there is more right now."""

    @property
    def ended(self) -> bool:
        """Whether nothing will follow."""


Found = TypeVar("Found", bound=Batch)


async def follow(
    signals: Signals,
    first: Found,
    *,
    look: Callable[[Found], Awaitable[Found]],
    topics: Callable[[Found], Sequence[str]],
    frames: Callable[[Found], str],
) -> AsyncIterator[str]:
    """Yield the frames of `first` and of what follows; `look` asks each time whether the viewer still may know it.

    It ends when there is nothing to follow, after an hour, with a refusal of `look`, and when the server stops.
    """
    clock = asyncio.get_running_loop()
    end = clock.time() + MAX_STREAM_SECONDS
    spoke_at, found = clock.time(), first
    while clock.time() < end:
        watched = topics(found)
        with signals.subscribe(*watched) as subscription:
            subscription.wake()  # what happened between the last look and the subscription
            while topics(found) == watched and clock.time() < end:
                if text := frames(found):
                    spoke_at = clock.time()
                    yield text
                if found.ended:
                    return
                try:
                    if not found.more:
                        await subscription.wait(SWEEP_SECONDS)
                    if clock.time() - spoke_at >= KEEP_ALIVE_SECONDS:
                        spoke_at = clock.time()
                        yield ": keep-alive\n\n"
                    found = await look(found)
                except Refusal:
                    return
