"""Keep the algorithm of signing keys, and which subjects the identity tokens of a runner's runs have."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("signing_keys", sa.Column("algorithm", sa.String(16), nullable=False, server_default="RS256"))
    op.create_index("ix_signing_keys_created_at", "signing_keys", ["created_at", "id"])
    op.add_column("runners", sa.Column("subject_form", sa.String(16), nullable=False, server_default="NEW"))
    op.add_column("runners", sa.Column("subject_moves_at", Instant()))
    op.add_column("runners", sa.Column("subject_reminded_at", Instant()))
