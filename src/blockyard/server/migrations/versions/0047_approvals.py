"""Let runs wait for an approval. What was saved before, and no run has applied, needs none."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_OPEN = sa.text("outcome IS NULL")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "run_approvals",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("plan_run_id", sa.Uuid(), nullable=False),
        sa.Column("plan_digest", sa.String(64)),
        sa.Column("changes_digest", sa.String(64)),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("four_eyes", sa.Boolean(), nullable=False),
        sa.Column("types_name", sa.Boolean(), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("wanted_by", JsonText(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("plan_expires_at", Instant()),
        sa.Column("votes", JsonText(), nullable=False),
        sa.Column("outcome", sa.String(12)),
        sa.Column("decided_at", Instant()),
        sa.Column("decided_by", JsonText()),
        sa.Column("comment", sa.Text()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index("ix_run_approvals_block_id", "run_approvals", ["block_id", "requested_at"])
    op.create_index(
        "ix_run_approvals_open", "run_approvals", ["expires_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.add_column("runs", sa.Column("awaits_approval", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("blocks", sa.Column("unseen", JsonText(), nullable=False, server_default="[]"))
