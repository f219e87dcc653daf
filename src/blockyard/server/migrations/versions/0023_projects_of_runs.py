"""Say of each run which project the tenant of its block belongs to: members see runs of their projects only."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("runs", sa.Column("project", sa.String(length=64)))
    op.execute(
        "UPDATE runs SET project = (SELECT project FROM blocks WHERE blocks.id = runs.block_id)"
        " WHERE block_id IN (SELECT id FROM blocks WHERE project IS NOT NULL)"
    )
