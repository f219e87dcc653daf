"""Repeats calls that may be repeated, with growing and jittered pauses."""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx2

T = TypeVar("T")

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""


class Backoff:
    """Pauses that double from `first` to `longest`, each shortened by a random part of up to a half."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def pause(self) -> float:
        """Return how many seconds to wait now."""
        pause = self._next * random.uniform(0.5, 1.0)  # noqa: S311  spreads load, no secret
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        """Begin anew: something worked."""
        self._next = self._first


def is_passing(error: httpx2.HTTPError) -> bool:
    """Tell whether the same call may work a moment later."""
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in _PASSING
    return isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.UnsupportedProtocol)


def repeat(call: Callable[[], T], *, seconds: float, stop: threading.Event | None = None) -> T:
    """Return what `call` returns, repeating it for up to `seconds` while its failure may pass.

    Raises:
        httpx2.HTTPError: the last failure.
    """
    end = time.monotonic() + seconds
    backoff = Backoff(0.2, 10)
    while True:
        try:
            return call()
        except httpx2.HTTPError as error:
            pause = max(backoff.pause(), _asked_pause(error))
            if not is_passing(error) or time.monotonic() + pause > end or (stop is not None and stop.wait(pause)):
                raise
            if stop is None:
                time.sleep(pause)


def _asked_pause(error: httpx2.HTTPError) -> float:
    if not isinstance(error, httpx2.HTTPStatusError):
        return 0.0
    asked = error.response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0
