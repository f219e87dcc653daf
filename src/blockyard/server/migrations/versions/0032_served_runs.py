"""Keep which run waits for which: the one that ordered a block waits for its runs."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("runs", sa.Column("serves", sa.Uuid()))
    op.add_column("runs", sa.Column("depth", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("blocks", sa.Column("serves", sa.Uuid()))
    op.create_index(
        "ix_runs_serves",
        "runs",
        ["serves"],
        sqlite_where=sa.text("serves IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=sa.text("serves IS NOT NULL AND finished_at IS NULL"),
    )
