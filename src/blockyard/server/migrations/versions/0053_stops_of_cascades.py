"""Remember of which stopped cascades runs are still to be taken back.

Those that are stopped already have taken theirs back.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "block_cascade_stops",
        sa.Column("cascade", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("behind", sa.Uuid()),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("cascade", name=op.f("pk_block_cascade_stops")),
    )
    op.create_index("ix_block_cascade_stops_at", "block_cascade_stops", ["at"])
