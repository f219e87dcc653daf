"""The rules of tenants, free of database and HTTP."""

from blockyard.server.tenants.model.quotas import applied_quotas
from blockyard.server.tenants.model.tenant import (
    MAX_COMMENT_LENGTH,
    PLATFORM_TENANT_ID_FIELD,
    Replication,
    Tenant,
    TenantId,
    TenantQuery,
    TenantSpec,
    TenantState,
    check_platform_tenant_id,
    merged_tags,
)

__all__ = [
    "MAX_COMMENT_LENGTH",
    "PLATFORM_TENANT_ID_FIELD",
    "Replication",
    "Tenant",
    "TenantId",
    "TenantQuery",
    "TenantSpec",
    "TenantState",
    "applied_quotas",
    "check_platform_tenant_id",
    "merged_tags",
]
