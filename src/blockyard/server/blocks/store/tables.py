"""The tables of blocks and of who is whose parent. Every filter of a list has its index."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Uuid, and_, false, text

from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import metadata

blocks = Table(
    "blocks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("display_name", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("sort_name", String(255), nullable=False, server_default=""),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("tenant_id", Uuid),  # tenants are never removed
    Column("project", String(64)),
    Column("platform", String(255)),
    Column("of_landing_zone", Boolean, nullable=False, server_default=false()),
    Column("definition_id", Uuid, ForeignKey("definitions.id"), nullable=False),
    Column("version_id", Uuid, ForeignKey("definition_versions.id"), nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("status", String(40), nullable=False),
    Column("lifecycle", String(24), nullable=False),
    Column("force_purge", Boolean, nullable=False),
    Column("operation", String(10)),
    Column("applied_at", Instant),
    Column("latest_run_id", Uuid),
    Column("latest_dry_run_id", Uuid),
    Column("rerun_due", Boolean, nullable=False),
    Column("due_trigger", JsonText),
    Column("status_since", Instant),
    Column("serves", Uuid),
    Column("follows", String(16), nullable=False, server_default="PINNED"),
    Column("cascade", Uuid),
    Column("held_by", Uuid),
    Column("unseen", JsonText, nullable=False, server_default="[]"),
    Column("wanted_by", JsonText, nullable=False, server_default="[]"),
    Column("author", JsonText, nullable=False),
    Column("inputs", JsonText, nullable=False),
    Column("outputs", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("marked_for_deletion_at", Instant),
    Column("marked_for_deletion_by", String(255)),
    Column("deleted_at", Instant),
    Column("revision", Integer, nullable=False),
)

parents = Table(
    "block_parents",
    metadata,
    Column("child_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", Uuid, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    Column("definition_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Index("ix_block_parents_parent", "parent_id"),
)

IS_ACTIVE = text("lifecycle = 'ACTIVE'")
for _filter in ("workspace", "provider", "definition_id", "version_id", "version_number", "status", "display_name"):
    Index(
        f"ix_blocks_active_{_filter}",
        blocks.c[_filter],
        blocks.c.created_at,
        blocks.c.id,
        blocks.c.lifecycle,  # so that SQLite counts without reading the rows
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    )
Index(
    "ix_blocks_active",
    blocks.c.created_at,
    blocks.c.id,
    blocks.c.lifecycle,
    blocks.c.tenant_id,  # those in workspaces, and those on tenants, are looked for in it
    sqlite_where=IS_ACTIVE,
    postgresql_where=IS_ACTIVE,
)
ON_TENANT, IN_WORKSPACE = blocks.c.tenant_id.is_not(None), blocks.c.tenant_id.is_(None)
IS_LIVE = text("lifecycle <> 'DELETED'")
for _index in ("tenant_id", "project", "platform"):
    for _name, _where in (("active", IS_ACTIVE), ("live", IS_LIVE)):
        Index(
            f"ix_blocks_{_name}_{_index}",
            *(blocks.c[name] for name in dict.fromkeys((_index, "created_at", "id", "lifecycle", "tenant_id"))),
            sqlite_where=and_(_where, ON_TENANT),
            postgresql_where=and_(_where, ON_TENANT),
        )
for _index, _columns in {
    "": ("created_at", "id", "sort_name", "tenant_id"),
    "_name": ("sort_name", "created_at", "id"),
    "_workspace": ("workspace", "created_at", "id", "sort_name"),
    "_status": ("status", "created_at", "id", "sort_name"),
    "_provider": ("provider", "created_at", "id"),
    "_used": ("workspace", "definition_id"),
    "_definition_id": ("definition_id", "created_at", "id"),
    "_version_id": ("version_id", "created_at", "id"),
    "_version_number": ("version_number", "created_at", "id"),
}.items():
    Index(
        f"ix_blocks_live{_index}",
        *(blocks.c[name] for name in _columns),
        blocks.c.lifecycle,
        sqlite_where=IS_LIVE,
        postgresql_where=IS_LIVE,
    )
"""Lists of people are sorted and searched in these without reading the rows."""

IS_DELETED = text("lifecycle = 'DELETED'")
for _index, _columns in {
    "": ("created_at", "id", "sort_name"),
    "_workspace": ("workspace", "created_at", "id", "sort_name"),
    "_provider": ("provider", "created_at", "id", "sort_name"),
}.items():
    Index(
        f"ix_blocks_deleted{_index}",
        *(blocks.c[name] for name in _columns),
        blocks.c.lifecycle,
        sqlite_where=IS_DELETED,
        postgresql_where=IS_DELETED,
    )
"""Those that are gone are listed on wish, in the order in which they were made."""

IS_DUE = text("rerun_due")
Index(
    "ix_blocks_live_used_in",
    *(blocks.c[name] for name in ("workspace", "project", "definition_id", "lifecycle", "tenant_id")),
    sqlite_where=and_(IS_LIVE, ON_TENANT),
    postgresql_where=and_(IS_LIVE, ON_TENANT),
)
Index("ix_blocks_rerun_due", blocks.c.id, sqlite_where=IS_DUE, postgresql_where=IS_DUE)

IS_HELD = text("held_by IS NOT NULL")
Index("ix_blocks_held_by", blocks.c.held_by, sqlite_where=IS_HELD, postgresql_where=IS_HELD)

IS_CASCADE = text("cascade IS NOT NULL")
Index("ix_blocks_cascade", blocks.c.cascade, sqlite_where=IS_CASCADE, postgresql_where=IS_CASCADE)
