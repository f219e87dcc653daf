"""What every service that changes something is given."""

from dataclasses import dataclass

from blockyard.server.events.service import EventLog
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.ids import NewId


@dataclass(frozen=True, slots=True)
class Basics:
    """The time, new ids, and the log of what was done."""

    clock: Clock
    new_id: NewId
    event_log: EventLog

    @classmethod
    def of(cls, clock: Clock, new_id: NewId) -> "Basics":
        """Return them with an event log of this clock."""
        return cls(clock, new_id, EventLog(clock=clock, new_id=new_id))
