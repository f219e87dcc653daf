"""Add payment methods.

Projects name them by text, and may have named what never was one: such a name stays until somebody changes it.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "payment_methods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("expiration_date", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("tags", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_payment_methods_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
    )
    op.create_index("ix_payment_methods_created_at", "payment_methods", ["created_at", "id"])
    op.create_index("ix_payment_methods_name", "payment_methods", ["name"])
    op.create_index("ix_payment_methods_workspace", "payment_methods", ["workspace", "created_at", "id"])
    op.create_index(
        "uq_payment_methods_live_name",
        "payment_methods",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
