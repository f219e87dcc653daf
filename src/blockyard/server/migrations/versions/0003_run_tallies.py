"""Tally the runs of each day."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step. A loop of the server fills the tables."""
    op.create_table(
        "run_tallied",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", columns.Instant(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_tallied")),
    )
    op.create_table(
        "run_tallies",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("day", columns.Instant(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", name=op.f("pk_run_tallies")),
    )
