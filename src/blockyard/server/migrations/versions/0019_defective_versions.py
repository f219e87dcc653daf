"""Let a released version be marked defective."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("definition_versions", sa.Column("defect_reason", sa.Text(), nullable=True))
    op.add_column("definition_versions", sa.Column("defective_at", Instant(), nullable=True))
