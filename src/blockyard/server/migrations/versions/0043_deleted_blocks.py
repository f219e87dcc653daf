"""Index deleted blocks: people list them on wish."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_WHERE = sa.text("lifecycle = 'DELETED'")
_INDEXES = {
    "ix_blocks_deleted": ["created_at", "id", "sort_name", "lifecycle"],
    "ix_blocks_deleted_workspace": ["workspace", "created_at", "id", "sort_name", "lifecycle"],
    "ix_blocks_deleted_provider": ["provider", "created_at", "id", "sort_name", "lifecycle"],
}


def upgrade() -> None:
    """Apply this step."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "blocks", columns, sqlite_where=_WHERE, postgresql_where=_WHERE)
