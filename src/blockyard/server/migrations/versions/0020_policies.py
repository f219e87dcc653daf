"""Add policies, their violations, and how far these were looked for."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LIVE = sa.text("lifecycle <> 'DELETED'")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("strategy", sa.String(length=16), nullable=False),
        sa.Column("authoritative_kind", sa.String(length=32), nullable=False),
        sa.Column("authoritative_tag", sa.String(length=255), nullable=False),
        sa.Column("affected_kind", sa.String(length=32), nullable=False),
        sa.Column("affected_tag", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_index("ix_policies_created_at", "policies", ["created_at", "id"])
    op.create_index("ix_policies_authoritative", "policies", ["authoritative_kind", "authoritative_tag"])
    op.create_index("ix_policies_affected", "policies", ["affected_kind", "affected_tag"])
    op.create_table(
        "policy_violations",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("authoritative_id", sa.String(length=64), nullable=False),
        sa.Column("affected_id", sa.String(length=64), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=True),
        sa.Column("authoritative_name", sa.Text(), nullable=False),
        sa.Column("affected_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name=op.f("fk_policy_violations_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("policy_id", "authoritative_id", "affected_id", name=op.f("pk_policy_violations")),
    )
    for name, columns in {
        "found_at": ["found_at", "policy_id", "authoritative_id", "affected_id"],
        "workspace": ["workspace", "found_at", "policy_id", "authoritative_id", "affected_id"],
        "policy": ["policy_id", "found_at", "authoritative_id", "affected_id"],
        "authoritative_id": ["authoritative_id"],
        "affected_id": ["affected_id"],
    }.items():
        op.create_index(f"ix_policy_violations_{name}", "policy_violations", columns)
    op.create_table(
        "policy_sweeps",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("began_at", Instant(), nullable=True),
        sa.Column("after", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name=op.f("fk_policy_sweeps_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_policy_sweeps")),
    )
    op.create_index("ix_policy_sweeps_due_at", "policy_sweeps", ["due_at"])
    op.create_index(
        "ix_blocks_live_used",
        "blocks",
        ["workspace", "definition_id", "lifecycle"],
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
