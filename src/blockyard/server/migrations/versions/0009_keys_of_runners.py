"""Bind API keys to the runner they are for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("api_keys", sa.Column("runner_id", sa.Uuid(), nullable=True))
    op.add_column("api_keys", sa.Column("runner_is_public", sa.Boolean(), server_default=sa.false(), nullable=False))
