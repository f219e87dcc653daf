"""What a PENDING run waits for, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SILENT_AFTER = timedelta(minutes=1)
"""Ours asks for work at least every half minute, official runners every 10 s, while they have a slot free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWait:
    """Where a run stands in the queue of its runner.

    Attributes:
        position: 1 is next.
        asked_at: when a process of the runner asked for work last; None if none ever did.
        at_work: how many runs the runner executes now.
        due_at: the run is not offered before.
    """

    runner: str
    position: int
    asked_at: datetime | None
    at_work: int
    due_at: datetime
    now: datetime

    @property
    def is_unserved(self) -> bool:
        """Whether nobody seems to execute runs of this runner."""
        is_silent = self.asked_at is None or self.now - self.asked_at > SILENT_AFTER
        return is_silent and self.at_work == 0

    @property
    def message(self) -> str:
        """One sentence for people, with what to do where that is known."""
        if self.is_unserved:
            asked = (
                "No runner has asked for work yet"
                if self.asked_at is None
                else f"No runner has asked for work since {self.asked_at:%Y-%m-%d %H:%M} UTC"
            )
            return f"{asked}; tell the operator that runner '{self.runner}' is not running."
        if self.due_at > self.now:
            return f"The run is tried again at {self.due_at:%Y-%m-%d %H:%M:%S} UTC."
        if self.position > 1:
            return f"The run is number {self.position} in the queue of runner '{self.runner}'."
        if self.at_work:
            return f"The run is next; runner '{self.runner}' is working on {_runs(self.at_work)}."
        return f"The run is next in the queue of runner '{self.runner}'."


def _runs(count: int) -> str:
    return "another run" if count == 1 else f"{count} other runs"
