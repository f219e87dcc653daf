"""Find in which projects there are blocks of which definitions."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    live = sa.text("lifecycle <> 'DELETED' AND tenant_id IS NOT NULL")
    columns = ["workspace", "project", "definition_id", "lifecycle", "tenant_id"]
    op.create_index("ix_blocks_live_used_in", "blocks", columns, sqlite_where=live, postgresql_where=live)
