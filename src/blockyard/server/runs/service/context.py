"""What all use cases of runs need."""

from dataclasses import dataclass, field

from blockyard.server.events.service import EventLog
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.hal import Links
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runners.service import RunnerService
from blockyard.server.runs.model import RunLimits
from blockyard.server.runs.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Clock, ids, keys, limits, lower services and ports: made once by the application, shared by the services here."""

    clock: Clock
    new_id: NewId
    event_log: EventLog
    master_key: MasterKey
    links: Links
    runners: RunnerService
    ports: Ports
    limits: RunLimits = field(default_factory=RunLimits)


TOKEN_CONTEXT = "run token"  # noqa: S105  a name
"""What the digests of run tokens are bound to."""
