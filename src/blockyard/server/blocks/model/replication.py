"""How far the building blocks of a tenant are. Source: concepts.md 3."""

from collections.abc import Sequence

from blockyard.server.blocks.model.block import BlockHead, BlockStatus
from blockyard.server.tenants.model import Replication, Tenant

_FAILED = frozenset({BlockStatus.FAILED, BlockStatus.ABORTED})


def replication_of(tenant: Tenant, blocks: Sequence[BlockHead]) -> Replication:
    """Return whether the platform has what the tenant asks for; `blocks` are those on it that are not deleted."""
    if tenant.deleted_at is not None:
        return Replication.SUCCESSFUL
    of_zone = [block for block in blocks if block.is_of_landing_zone]
    if any(block.status in _FAILED for block in of_zone):
        return Replication.FAILED
    is_done = all(block.status is BlockStatus.SUCCEEDED for block in of_zone)
    is_ready = is_done and tenant.platform_tenant_id is not None and not tenant.is_leaving
    return Replication.SUCCESSFUL if is_ready else Replication.IN_PROGRESS
