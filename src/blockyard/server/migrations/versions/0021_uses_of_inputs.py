"""Remember which payment methods blocks name, and which tags versions read.

Nothing could name either before, so there is nothing to fill in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "block_payment_methods",
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"], ["blocks.id"], name=op.f("fk_block_payment_methods_block_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("block_id", "name", name=op.f("pk_block_payment_methods")),
    )
    op.create_index("ix_block_payment_methods_name", "block_payment_methods", ["name"])
    op.create_table(
        "definition_version_tags",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("tag_key", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["definition_versions.id"],
            name=op.f("fk_definition_version_tags_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "owner", "tag_key", name=op.f("pk_definition_version_tags")),
    )
    op.create_index("ix_definition_version_tags_tag_key", "definition_version_tags", ["tag_key", "owner"])
