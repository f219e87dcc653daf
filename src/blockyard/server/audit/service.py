"""Use cases of readers of the event log. Source: concepts.md 22."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Event, EventFilter
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.paging import Page, PageRequest

CODE = "EVENTLOG_LIST"
DEFAULT_PERIOD = timedelta(days=31)
"""How far back a list goes that names no period: the last month. Source: concepts.md 22."""


class AuditService:
    """Use cases of readers of the event log."""

    def __init__(self, basics: Basics) -> None:
        self._basics = basics

    def page(self, tx: Transaction, principal: Principal, wanted: EventFilter, request: PageRequest) -> Page[Event]:
        """Return one page of the wanted events the principal may see, newest first. Raises Denied."""
        owners = principal.listing(CODE).owners
        since = (request.until or self._basics.clock()) - DEFAULT_PERIOD if wanted.since is None else wanted.since
        return self._basics.event_log.page(tx, replace(wanted, since=since, workspaces=owners), request)

    def get(self, tx: Transaction, principal: Principal, event_id: UUID) -> Event:
        """Return an event. Raises NotFound."""
        event = self._basics.event_log.find(tx, event_id)
        if event is None or not principal.allows(CODE, workspace=event.workspace):
            raise NotFound(f"there is no event {event_id}")
        return event
