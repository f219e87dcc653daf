"""Remember what people used last, and what they pinned.

Nobody has used anything so far as the server knows, so there is nothing to fill in.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "kept_things",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("where", sa.String(length=255), nullable=False),
        sa.Column("visited_at", Instant(), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kept_things_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "kind", "id", name=op.f("pk_kept_things")),
    )
    op.create_index("ix_kept_things_user_id", "kept_things", ["user_id", "visited_at"])
