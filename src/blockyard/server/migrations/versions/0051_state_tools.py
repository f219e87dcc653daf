"""Make searchable what states say exists, tell why each version was written, and let runs work on states.

The states that are there are made searchable by the server, one after the other.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_DUE = sa.text("index_due_at IS NOT NULL")
_BY_BYTES = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Apply this step."""
    op.add_column("runs", sa.Column("task", sa.Text()))
    op.add_column("runs", sa.Column("needs_protocol", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("state_versions", sa.Column("reason", sa.Text()))
    op.add_column("state_versions", sa.Column("resource_count", sa.Integer()))
    op.add_column("state_versions", sa.Column("index_due_at", Instant()))
    op.execute("UPDATE state_versions SET index_due_at = created_at WHERE is_current")
    op.create_index(
        "ix_state_versions_index_due", "state_versions", ["index_due_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.create_table(
        "state_resources",
        sa.Column("block_id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("resource_id", sa.String(255)),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("project", sa.String(64)),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
    )
    op.create_index("ix_state_resources_found", "state_resources", ["found_at", "block_id", "key"])
    op.create_index("ix_state_resources_block", "state_resources", ["block_id", "found_at", "key"])
    for name in ("type", "provider", "workspace", "owner"):
        op.create_index(f"ix_state_resources_{name}", "state_resources", [name, "found_at", "block_id", "key"])
    op.create_table(
        "state_resource_words",
        sa.Column("word", _BY_BYTES, primary_key=True),
        sa.Column("block_id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id", "key"], ["state_resources.block_id", "state_resources.key"], ondelete="CASCADE"
        ),
    )
    for name in ("workspace", "owner"):
        columns = [name, "word", "block_id", "key"]
        op.create_index(f"ix_state_resource_words_{name}", "state_resource_words", columns)
    op.create_index("ix_state_resource_words_resource", "state_resource_words", ["block_id", "key"])
