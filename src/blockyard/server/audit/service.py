"""Use cases of readers of the event log. Source: concepts.md 22."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Event, EventFilter
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest

DEFAULT_PERIOD = timedelta(days=31)
"""How far back a list goes that names no period: the last month. Source: concepts.md 22."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Instants outside are moved in: near the ends of the calendar neither sums nor other time zones can be computed."""


class AuditService:
    """Use cases of readers of the event log."""

    def __init__(self, basics: Basics) -> None:
        self._basics = basics

    def page(self, tx: Transaction, principal: Principal, wanted: EventFilter, request: PageRequest) -> Page[Event]:
        """Return one page of the wanted events the principal may see, newest first. Raises Denied."""
        owners = principal.listing("EVENTLOG_LIST").owners
        until = None if wanted.until is None else _within_reason(wanted.until)
        since = (
            (until or self._basics.clock()) - DEFAULT_PERIOD if wanted.since is None else _within_reason(wanted.since)
        )
        return self._basics.event_log.page(tx, replace(wanted, since=since, until=until, workspaces=owners), request)


def _within_reason(instant: datetime) -> datetime:
    return max(_EARLIEST, min(_LATEST, instant))
