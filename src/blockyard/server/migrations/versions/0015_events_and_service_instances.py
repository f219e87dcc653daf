"""Find events by what happened and by who did it, and add service instances, of which none was known before."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_index("ix_events_type_at", "events", ["type", "at"])
    op.create_index("ix_events_author_type_at", "events", ["author_type", "at"])
    op.create_table(
        "service_instances",
        sa.Column("instance_id", sa.String(length=255), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("marketplace", sa.String(length=255), nullable=False),
        sa.Column("creator", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("plan_id", sa.String(length=255), nullable=False),
        sa.Column("service_id", sa.String(length=255), nullable=False),
        sa.Column("parameters", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_service_instances_workspace")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_service_instances")),
    )
    end = ["created_at", "instance_id"]
    op.create_index("ix_service_instances_created_at", "service_instances", end)
    op.create_index("ix_service_instances_workspace", "service_instances", ["workspace", "project", *end])
    for column in ("project", "marketplace", "service_id", "plan_id"):
        op.create_index(f"ix_service_instances_{column}", "service_instances", [column, *end])
