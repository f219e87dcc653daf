"""Give each list and each filter an index that is in the order of the list, and that counts without reading rows."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_LIVE, _ACTIVE, _ON_TENANT = "lifecycle <> 'DELETED'", "lifecycle = 'ACTIVE'", "tenant_id IS NOT NULL"
_AGE = ("created_at", "id")


_LISTS = {
    "workspaces": ("name", (), ()),
    "payment_methods": ("id", (), ("workspace",)),
    "projects": ("id", (), ("workspace", "payment_method")),
    "tag_definitions": ("id", (), ()),
    "locations": ("id", ("workspace", "is_public"), ("workspace",)),
    "platform_types": ("id", (), ("workspace", "category", "state")),
    "platforms": (
        "id",
        ("workspace", "restriction", "publication_state"),
        ("workspace", "location", "type_name", "display_name", "restriction", "publication_state"),
    ),
    "landing_zones": (
        "id",
        ("workspace", "restricted", "platform_id"),
        ("workspace", "platform_id", "display_name", "restricted"),
    ),
}
"""Tables whose rows stay after a deletion: their keys, what says who may know of a row, and the filters of their lists."""

_OF_TENANTS = (
    "workspace",
    "project",
    "platform",
    "platform_id",
    "platform_type",
    "provider",
    "landing_zone",
    "landing_zone_owner",
    "platform_tenant_id",
)


def upgrade() -> None:
    """Apply this step."""
    for table, (key, seen, filters) in _LISTS.items():
        for name in ("created_at", *filters):
            op.drop_index(f"ix_{table}_{name}", table)
        _index_list(table, key, seen, filters)
    for name in ("ix_tenants_live", *(f"ix_tenants_live_{one}" for one in _OF_TENANTS)):
        op.drop_index(name, "tenants")
    _index_list("tenants", "id", ("marked_at",), _OF_TENANTS)
    awaited = "deleted_at IS NULL AND marked_at IS NOT NULL"
    _create("tenants", "ix_tenants_awaited", ["approved_at", *_AGE, "marked_at", "deleted_at"], awaited)
    _blocks()
    _replace("admin_bindings", "ix_admin_bindings_subject", ["subject", *_AGE])
    _replace("groups", "ix_groups_created_at", ["created_at", "name", "workspace"])
    _replace("service_instances", "ix_service_instances_workspace", ["workspace", "created_at", "instance_id"])
    _create("projects", "ix_projects_name", ["workspace", "name"])
    _create("events", "ix_events_subject_kind_at", ["subject_kind", "at"])
    _create("runners", "ix_runners_created_at", [*_AGE, "workspace", "restriction"])
    _create("runs", "ix_runs_status_created_at", ["status", *_AGE])


def _index_list(table: str, key: str, seen: Sequence[str], filters: Sequence[str]) -> None:
    for name in ("", *filters):
        columns = dict.fromkeys((*([name] if name else ()), "created_at", key, *seen, "deleted_at"))
        indexed = "payment_method_identifier" if name == "payment_method" else name
        _create(table, f"ix_{table}_live_{indexed}".removesuffix("_"), columns, "deleted_at IS NULL")


def _blocks() -> None:
    _replace("blocks", "ix_blocks_active", [*_AGE, "lifecycle", "tenant_id"], _ACTIVE)
    _replace("blocks", "ix_blocks_live", [*_AGE, "sort_name", "tenant_id", "lifecycle"], _LIVE)
    for name in ("ix_blocks_active_on_tenant", "ix_blocks_active_in_workspace"):
        op.drop_index(name, "blocks")
    for column in ("provider", "definition_id", "version_id"):
        _replace("blocks", f"ix_blocks_live_{column}", [column, *_AGE, "lifecycle"], _LIVE)
    _create("blocks", "ix_blocks_live_version_number", ["version_number", *_AGE, "lifecycle"], _LIVE)
    for column in ("project", "platform"):
        columns = [column, *_AGE, "lifecycle", "tenant_id"]
        _replace("blocks", f"ix_blocks_active_{column}", columns, f"{_ACTIVE} AND {_ON_TENANT}")
        _create("blocks", f"ix_blocks_live_{column}", columns, f"{_LIVE} AND {_ON_TENANT}")


def _replace(table: str, name: str, columns: Iterable[str], where: str | None = None) -> None:
    op.drop_index(name, table)
    _create(table, name, columns, where)


def _create(table: str, name: str, columns: Iterable[str], where: str | None = None) -> None:
    part = None if where is None else sa.text(where)
    op.create_index(name, table, [*columns], sqlite_where=part, postgresql_where=part)
