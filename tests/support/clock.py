"""Clocks that a test can move."""

from datetime import UTC, datetime, timedelta

from blockyard.server.kit.clock import utc_now

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class FixedClock:
    """A `Clock` for tests."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now += timedelta(seconds=seconds)


class RunningClock:
    """The real clock, which a test can put forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += timedelta(seconds=seconds)
