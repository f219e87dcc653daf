"""HTTP of tenants: the meshObject API and our own endpoints."""

from fastapi import APIRouter

from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import joined
from blockyard.server.tenants.api.objects import object_routes
from blockyard.server.tenants.api.own import own_routes
from blockyard.server.tenants.service import TenantService


def tenant_routes(db: Database, tenants: TenantService, links: Links) -> APIRouter:
    """Return all routes of tenants."""
    return joined(object_routes(db, tenants, links), own_routes(db, tenants, links))
