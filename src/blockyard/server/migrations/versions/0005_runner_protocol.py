"""Remember which version of our protocol the processes of a runner speak."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit import columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("runners", sa.Column("protocol", sa.Integer(), server_default="0", nullable=False))
    op.add_column("runners", sa.Column("older_protocol_at", columns.Instant(), nullable=True))
