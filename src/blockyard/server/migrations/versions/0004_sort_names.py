"""Sort and search blocks by name in an index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_blocks_live": ["created_at", "id", "sort_name", "lifecycle"],
    "ix_blocks_live_name": ["sort_name", "created_at", "id", "lifecycle"],
    "ix_blocks_live_status": ["status", "created_at", "id", "sort_name", "lifecycle"],
    "ix_blocks_live_workspace": ["workspace", "created_at", "id", "sort_name", "lifecycle"],
}


def upgrade() -> None:
    """Apply this step."""
    op.add_column("blocks", sa.Column("sort_name", sa.String(length=255), server_default="", nullable=False))
    _fill()
    live = sa.text("lifecycle <> 'DELETED'")
    for name, columns in _INDEXES.items():
        if name != "ix_blocks_live_name":
            op.drop_index(name, table_name="blocks")
        op.create_index(name, "blocks", columns, sqlite_where=live, postgresql_where=live)


def _fill() -> None:
    """Fold the case of every name; SQLite's own `lower` knows ASCII only."""
    connection = op.get_bind()
    blocks = sa.table("blocks", sa.column("id"), sa.column("name"), sa.column("sort_name"))
    connection.execute(sa.update(blocks).values(sort_name=sa.func.substr(sa.func.lower(blocks.c.name), 1, 255)))
    rows = connection.execute(sa.select(blocks.c.id, blocks.c.name, blocks.c.sort_name)).all()
    other = [
        {"which": block_id, "folded": name.casefold()[:255]}
        for block_id, name, lower in rows
        if name.casefold()[:255] != lower
    ]
    if other:
        of_block = blocks.c.id == sa.bindparam("which")
        connection.execute(sa.update(blocks).where(of_block).values(sort_name=sa.bindparam("folded")), other)
