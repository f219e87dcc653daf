"""The tables of blocks and of who is whose parent. Every filter of a list has its index."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Uuid, text

from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import metadata

blocks = Table(
    "blocks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("display_name", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("provider", String(64), nullable=False),
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
    sqlite_where=IS_ACTIVE,
    postgresql_where=IS_ACTIVE,
)
IS_LIVE = text("lifecycle <> 'DELETED'")
Index("ix_blocks_live", blocks.c.created_at, blocks.c.id, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE)
for _counted in ("workspace", "provider", "definition_id", "version_id"):
    Index(
        f"ix_blocks_live_{_counted}",
        blocks.c[_counted],
        blocks.c.lifecycle,
        sqlite_where=IS_LIVE,
        postgresql_where=IS_LIVE,
    )
Index(
    "ix_blocks_live_status",
    blocks.c.status,
    blocks.c.created_at,
    blocks.c.id,
    sqlite_where=IS_LIVE,
    postgresql_where=IS_LIVE,
)
IS_DUE = text("rerun_due")
Index("ix_blocks_rerun_due", blocks.c.id, sqlite_where=IS_DUE, postgresql_where=IS_DUE)
