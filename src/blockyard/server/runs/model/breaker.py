"""The breaker of a definition: while many runs fail for one passing cause, repetitions come one at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from blockyard.protocol.names import FailureCause
from blockyard.server.runs.model.limits import RunLimits


@dataclass(frozen=True, slots=True)
class Breaker:
    """An open breaker; one that is closed is not there.

    Attributes:
        next_at: when the next repetition may begin; each takes its turn and moves this on by `pause`.
    """

    definition_id: UUID
    cause: FailureCause
    opened_at: datetime
    next_at: datetime
    pause: timedelta

    @classmethod
    def open(cls, definition_id: UUID, cause: FailureCause, *, at: datetime, limits: RunLimits) -> "Breaker":
        """Return a breaker that opens now; the first probe is made after a pause."""
        return cls(definition_id, cause, at, at + limits.breaker_pause, limits.breaker_pause)

    def probe_failed(self, limits: RunLimits) -> "Breaker":
        """Return this breaker after a repetition failed: the next one waits longer."""
        return replace(self, pause=min(2 * self.pause, limits.longest_pause))

    def turn(self, now: datetime) -> tuple[datetime, "Breaker"]:
        """Return when a run may be tried again, and this breaker with that turn taken."""
        at = max(self.next_at, now)
        return at, replace(self, next_at=at + self.pause)
