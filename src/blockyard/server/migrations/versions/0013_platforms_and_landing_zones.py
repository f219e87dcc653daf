"""Add platforms and landing zones."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    _platforms()
    _landing_zones()


def _platforms() -> None:
    op.create_table(
        "platforms",
        *_named(),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("type_name", sa.String(length=150), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("support_url", sa.Text(), nullable=True),
        sa.Column("documentation_url", sa.Text(), nullable=True),
        sa.Column("access_information", sa.Text(), nullable=True),
        sa.Column("contributing_workspaces", JsonText(), nullable=False),
        sa.Column("restriction", sa.String(length=16), nullable=False),
        sa.Column("publication_state", sa.String(length=16), nullable=False),
        sa.Column("restricted_to_workspaces", JsonText(), nullable=False),
        sa.Column("quota_definitions", sa.Text(), nullable=False),
        sa.Column("config", JsonText(), nullable=False),
        sa.Column("config_type", sa.String(length=16), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        *_life("platforms"),
    )
    op.create_index("ix_platforms_created_at", "platforms", ["created_at", "id"])
    for column in ("workspace", "location", "type_name", "display_name", "restriction", "publication_state"):
        op.create_index(f"ix_platforms_{column}", "platforms", [column, "created_at", "id"])
    op.create_index("uq_platforms_identifier", "platforms", ["name", "location"], unique=True)
    op.create_table(
        "platform_workspaces",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_workspaces_platform_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform_id", "role", "workspace", name=op.f("pk_platform_workspaces")),
    )
    columns = ["workspace", "role", "platform_id"]
    op.create_index("ix_platform_workspaces_workspace", "platform_workspaces", columns)


def _landing_zones() -> None:
    op.create_table(
        "landing_zones",
        *_named(),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", JsonText(), nullable=False),
        sa.Column("automate_deletion_approval", sa.Boolean(), nullable=False),
        sa.Column("automate_deletion_replication", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("info_link", sa.Text(), nullable=True),
        sa.Column("platform_properties", JsonText(), nullable=False),
        sa.Column("quotas", JsonText(), nullable=False),
        sa.Column("mandatory", sa.Text(), nullable=False),
        sa.Column("recommended", sa.Text(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        *_life("landing_zones"),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_landing_zones_platform_id")),
    )
    op.create_index("ix_landing_zones_created_at", "landing_zones", ["created_at", "id"])
    op.create_index("ix_landing_zones_name", "landing_zones", ["name"])
    for column in ("workspace", "platform_id", "display_name", "restricted"):
        op.create_index(f"ix_landing_zones_{column}", "landing_zones", [column, "created_at", "id"])
    op.create_index(
        "uq_landing_zones_live_name",
        "landing_zones",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "landing_zone_definitions",
        sa.Column("landing_zone_id", sa.Uuid(), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["landing_zone_id"],
            ["landing_zones.id"],
            name=op.f("fk_landing_zone_definitions_landing_zone_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("landing_zone_id", "definition_id", name=op.f("pk_landing_zone_definitions")),
    )
    op.create_index("ix_landing_zone_definitions_definition_id", "landing_zone_definitions", ["definition_id"])


def _named() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
    ]


def _life(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f(f"fk_{table}_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
