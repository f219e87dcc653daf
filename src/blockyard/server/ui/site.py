"""What every route of pages needs."""

from dataclasses import dataclass

from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.ui.frame import Frame
from blockyard.server.ui.visitor import Visitors


@dataclass(frozen=True, slots=True)
class Site:
    """The database, the frame of all pages, who looks at them, and the time."""

    db: Database
    frame: Frame
    visitors: Visitors
    clock: Clock
