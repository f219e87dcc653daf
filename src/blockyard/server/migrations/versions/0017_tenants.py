"""Add tenants, and let building blocks be on them. Those that are there are in their workspaces, as they were."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FILTERS = (
    "workspace",
    "project",
    "platform",
    "platform_id",
    "platform_type",
    "provider",
    "landing_zone",
    "landing_zone_owner",
    "platform_tenant_id",
)


def upgrade() -> None:
    """Apply this step."""
    _add_tenants()
    _add_targets()


def _add_tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=255), nullable=False),
        sa.Column("platform_type", sa.String(length=255), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("landing_zone", sa.String(length=255), nullable=True),
        sa.Column("landing_zone_owner", sa.String(length=64), nullable=True),
        sa.Column("author", JsonText(), nullable=False),
        sa.Column("platform_tenant_id", sa.String(length=255), nullable=True),
        sa.Column("quotas", JsonText(), nullable=False),
        sa.Column("sign_in_url", sa.Text(), nullable=True),
        sa.Column("marked_at", Instant(), nullable=True),
        sa.Column("marked_by", sa.String(length=255), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("decline_comment", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_tenants_platform_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_tenants_project_id")),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_tenants_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    living = sa.text("deleted_at IS NULL")
    for column in ("", *_FILTERS):
        name, columns = (f"ix_tenants_live_{column}", [column]) if column else ("ix_tenants_live", [])
        op.create_index(name, "tenants", [*columns, "created_at", "id"], sqlite_where=living, postgresql_where=living)
    op.create_index(
        "uq_tenants_live_place",
        "tenants",
        ["project_id", "platform_id"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )


def _add_targets() -> None:
    op.add_column("blocks", sa.Column("tenant_id", sa.Uuid(), nullable=True))
    op.add_column("blocks", sa.Column("project", sa.String(length=64), nullable=True))
    op.add_column("blocks", sa.Column("platform", sa.String(length=255), nullable=True))
    op.add_column("blocks", sa.Column("of_landing_zone", sa.Boolean(), server_default=sa.false(), nullable=False))
    on_tenant = sa.text("lifecycle = 'ACTIVE' AND tenant_id IS NOT NULL")
    in_workspace = sa.text("lifecycle = 'ACTIVE' AND tenant_id IS NULL")
    for name, columns, where in (
        ("ix_blocks_active_tenant_id", ["tenant_id"], on_tenant),
        ("ix_blocks_active_project", ["project"], on_tenant),
        ("ix_blocks_active_platform", ["platform"], on_tenant),
        ("ix_blocks_active_on_tenant", [], on_tenant),
        ("ix_blocks_active_in_workspace", [], in_workspace),
    ):
        every = [*columns, "created_at", "id", "lifecycle"]
        op.create_index(name, "blocks", every, sqlite_where=where, postgresql_where=where)
    live = sa.text("lifecycle <> 'DELETED' AND tenant_id IS NOT NULL")
    columns = ["tenant_id", "created_at", "id", "lifecycle"]
    op.create_index("ix_blocks_live_tenant_id", "blocks", columns, sqlite_where=live, postgresql_where=live)
