"""Remember which versions blocks are changed to by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("blocks", sa.Column("follows", sa.String(length=16), nullable=False, server_default="PINNED"))
