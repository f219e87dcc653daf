"""Use cases of readers of the event log. Source: concepts.md 22."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from blockyard.server.events.model import Event, EventFilter
from blockyard.server.events.service import EventLog
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied
from blockyard.server.kit.paging import Page, PageRequest

DEFAULT_PERIOD = timedelta(days=31)
"""How far back a list goes that names no period: the last month. Source: concepts.md 22."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Instants outside are moved in: near the ends of the calendar neither sums nor other time zones can be computed."""


class AuditService:
    """Use cases of readers of the event log."""

    def __init__(self, *, clock: Clock, event_log: EventLog) -> None:
        self._clock = clock
        self._events = event_log

    def page(self, tx: Transaction, principal: Principal, wanted: EventFilter, request: PageRequest) -> Page[Event]:
        """Return one page of the wanted events the principal may see, newest first. Raises Denied."""
        reach = principal.reach("EVENTLOG_LIST")
        if not (reach.everything or reach.workspaces):
            raise Denied(
                "you don't have sufficient permissions: EVENTLOG_LIST is needed",
                code="MissingPermission",
                remedy="Ask an owner of the workspace for a key or role with this permission.",
            )
        until = None if wanted.until is None else _within_reason(wanted.until)
        since = (until or self._clock()) - DEFAULT_PERIOD if wanted.since is None else _within_reason(wanted.since)
        visible = None if reach.everything else reach.workspaces
        return self._events.page(tx, replace(wanted, since=since, until=until, workspaces=visible), request)


def _within_reason(instant: datetime) -> datetime:
    return max(_EARLIEST, min(_LATEST, instant))
