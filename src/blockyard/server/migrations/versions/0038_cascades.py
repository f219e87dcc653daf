"""Remember from which run others follow, and what a stopped cascade holds."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_IS_HELD = sa.text("held_by IS NOT NULL")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "block_cascades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("stopped_at", Instant()),
        sa.Column("stop_reason", sa.String(length=16)),
        sa.Column("stop_message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_cascades")),
    )
    op.add_column("blocks", sa.Column("cascade", sa.Uuid()))
    op.add_column("blocks", sa.Column("held_by", sa.Uuid()))
    op.create_index("ix_blocks_held_by", "blocks", ["held_by"], sqlite_where=_IS_HELD, postgresql_where=_IS_HELD)
