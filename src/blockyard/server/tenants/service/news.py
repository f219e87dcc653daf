"""Tells the event log, and whoever waits, what happens to tenants."""

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TENANT
from blockyard.server.events.model import Author, EventType
from blockyard.server.events.service import EventLog
from blockyard.server.kit.database import Transaction
from blockyard.server.tenants.model import Tenant

log = structlog.get_logger(__name__)


class News:
    """What is told of tenants. Source: concepts.md 22."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log

    def tell(
        self,
        tx: Transaction,
        author: Author,
        tenant: Tenant,
        what: str,
        type_: EventType,
        *,
        comment: str | None = None,
        before: Tenant | None = None,
    ) -> None:
        """Append the event `Tenant <what>`; `before` is the tenant as it was."""
        more: JsonObject = {} if comment is None else {"comment": comment}
        self._event_log.append(
            tx,
            author,
            f"Tenant {what}",
            type_,
            workspace=tenant.workspace,
            subject_kind=TENANT.name,
            subject_id=str(tenant.id),
            description=tenant.name,
            content=tenant.document() | more,
            previous=None if before is None else before.document(),
        )
        log.info("tenant changed", tenant_id=str(tenant.id), workspace=tenant.workspace, change=what)
