"""Use cases of tenants."""

from blockyard.server.tenants.service.ports import TenantBlocks
from blockyard.server.tenants.service.tenants import TenantDetail, TenantService, TenantView

__all__ = ["TenantBlocks", "TenantDetail", "TenantService", "TenantView"]
