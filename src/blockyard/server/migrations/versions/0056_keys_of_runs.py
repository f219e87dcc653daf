"""Give attempts of runs an ephemeral API key, and runs the permissions that it has."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step. Runs that wait meanwhile get no key: they were requested when there was none."""
    op.add_column("runs", sa.Column("permissions", JsonText(), server_default="[]", nullable=False))
    op.add_column("run_attempts", sa.Column("key_hash", sa.String(length=64)))
    op.create_index(
        "ix_run_attempts_key_hash",
        "run_attempts",
        ["key_hash"],
        unique=True,
        sqlite_where=sa.text("key_hash IS NOT NULL"),
        postgresql_where=sa.text("key_hash IS NOT NULL"),
    )
