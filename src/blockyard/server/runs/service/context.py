"""What all use cases of runs need."""

from dataclasses import dataclass, field

from blockyard.server.brakes.service import BrakeService
from blockyard.server.events.basics import Basics
from blockyard.server.events.service import EventLog
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.hal import Links
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.usage import Above
from blockyard.server.runners.service import RunnerService
from blockyard.server.runs.model import RunLimits
from blockyard.server.runs.ports import RunPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Basics, keys, limits, lower services and ports: made once by the application, shared by the services here."""

    basics: Basics
    master_key: MasterKey
    links: Links
    runners: RunnerService
    brakes: BrakeService
    ports: Above[RunPorts] = field(default_factory=Above)
    limits: RunLimits = field(default_factory=RunLimits)

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.basics.clock

    @property
    def new_id(self) -> NewId:
        """What draws ids."""
        return self.basics.new_id

    @property
    def event_log(self) -> EventLog:
        """Where events go."""
        return self.basics.event_log


TOKEN_CONTEXT = "run token"  # noqa: S105  a name
"""What the digests of run tokens are bound to."""
