"""Keep why attempts of runs failed, what owners of definitions know of failures, and breakers that hold repetitions back."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("runs", sa.Column("retries", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "run_failures",
        sa.Column("run_id", sa.Uuid(), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index(
        "ix_run_failures_definition_id", "run_failures", ["definition_id", "at", "cause", "code", "block_id"]
    )
    op.create_table(
        "failure_patterns",
        sa.Column("definition_id", sa.Uuid(), sa.ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
    )
    op.create_table(
        "run_breakers",
        sa.Column("definition_id", sa.Uuid(), primary_key=True),
        sa.Column("cause", sa.String(length=12), primary_key=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("pause_seconds", sa.Float(), nullable=False),
    )
