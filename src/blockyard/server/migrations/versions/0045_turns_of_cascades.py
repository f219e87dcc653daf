"""Remember which blocks a cascade has yet to come to, and when something happened in a cascade last."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_IS_CASCADE = sa.text("cascade IS NOT NULL")


def upgrade() -> None:
    """Apply this step; to cascades that are there something has happened just now."""
    op.create_table(
        "block_cascade_turns",
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("cascade", sa.Uuid(), nullable=False),
        sa.Column("changed", JsonText(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"], ["blocks.id"], name=op.f("fk_block_cascade_turns_block_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["blocks.id"], name=op.f("fk_block_cascade_turns_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cause", "block_id", name=op.f("pk_block_cascade_turns")),
    )
    op.create_index("ix_block_cascade_turns_at", "block_cascade_turns", ["at", "cause", "position"])
    for column in ("block_id", "parent_id", "cascade"):
        op.create_index(f"ix_block_cascade_turns_{column}", "block_cascade_turns", [column])
    op.add_column("block_cascades", sa.Column("changed_at", Instant()))
    cascades = sa.table("block_cascades", sa.column("changed_at", Instant()))
    op.execute(sa.update(cascades).values(changed_at=datetime.now(UTC)))
    op.create_index("ix_block_cascades_changed_at", "block_cascades", ["changed_at", "id"])
    op.create_index("ix_blocks_cascade", "blocks", ["cascade"], sqlite_where=_IS_CASCADE, postgresql_where=_IS_CASCADE)
