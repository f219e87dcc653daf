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


YEARS = range(1970, 9000)
"""Of what people may say: near the ends of the calendar no time zone can be computed."""

_EARLIEST = datetime(YEARS.start, 1, 1, tzinfo=UTC)
_LATEST = datetime(YEARS.stop, 1, 1, tzinfo=UTC)


def is_within_reason(instant: datetime) -> bool:
    """Whether an instant is far from the ends of the calendar."""
    return _EARLIEST <= instant < _LATEST


def within_reason(instant: datetime) -> datetime:
    """Return an instant that a filter asks for, moved in from the ends of the calendar."""
    return max(_EARLIEST, min(_LATEST, instant))
