"""Find which workspaces and projects have tenants in which landing zones, for policies."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_LIVING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Apply this step."""
    for owner in ("workspace", "project_id"):
        op.create_index(
            f"ix_tenants_live_{owner}_landing_zone",
            "tenants",
            [owner, "landing_zone"],
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        )
