"""Time: the only place that asks the operating system for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current instant, timezone-aware, in UTC, with microseconds."""


def utc_now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)


def wire_time(instant: datetime) -> str:
    """Return `instant` as the wire spells it: ISO 8601 in UTC, whole seconds, `Z`. Source: api.md 2.5."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def within_reason(instant: datetime) -> datetime:
    """Return an instant that somebody sent, moved in from the ends of the calendar: near them no time zone can be computed."""
    return max(_EARLIEST, min(_LATEST, instant))
