"""How runs of a definition used to end, and how long they took: what people want to know before they order."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

LOOKED_BACK = timedelta(days=30)

_STEP = 1.2
"""Durations are counted in classes, each so many times longer than the one before: a median of them is off by a tenth at most."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The runs of a definition that ended: how many succeeded and failed, and how many of the former took how long, by class."""

    succeeded: int = 0
    failed: int = 0
    durations: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many ended."""
        return self.succeeded + self.failed

    @property
    def usual(self) -> timedelta | None:
        """How long half of those that succeeded took at most; None if none did."""
        left = (sum(self.durations.values()) + 1) // 2
        for duration in sorted(self.durations):
            left -= self.durations[duration]
            if left <= 0:
                return timedelta(seconds=_STEP**duration)
        return None


def class_of(seconds: float) -> int:
    """Return the class of a duration."""
    return round(math.log(max(seconds, 1.0), _STEP))


def added_up(parts: Iterable[Outcomes]) -> Outcomes:
    """Return the sum of several outcomes."""
    succeeded = failed = 0
    durations: Counter[int] = Counter()
    for part in parts:
        succeeded, failed = succeeded + part.succeeded, failed + part.failed
        durations.update(part.durations)
    return Outcomes(succeeded, failed, durations)
