"""HTTP of the event log: the meshObject API, and our own endpoint."""

from fastapi import APIRouter

from blockyard.server.audit.api.objects import event_log_routes
from blockyard.server.audit.api.own import own_routes
from blockyard.server.audit.service import AuditService
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined


def audit_routes(db: Database, audit: AuditService, links: Links) -> APIRouter:
    """Return all routes of the event log."""
    return joined(event_log_routes(db, audit, links), own_routes(db, audit, links))
