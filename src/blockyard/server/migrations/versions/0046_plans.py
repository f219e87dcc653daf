"""Keep what the plans of dry runs would change; what ran before has only its log."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "run_plans",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("outputs", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "run_changes",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("is_output", sa.Boolean(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run_plans.run_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "position"),
    )
    op.create_index("ix_run_changes_action", "run_changes", ["run_id", "action", "position"])
    op.add_column("run_artifacts", sa.Column("sha256", sa.String(64)))
