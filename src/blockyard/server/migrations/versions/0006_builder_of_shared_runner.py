"""Make the workspace that owns the shared runner a platform builder: runners can be saved only there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    workspaces = sa.table("workspaces", sa.column("name"), sa.column("platform_builder", sa.Boolean()))
    runners = sa.table("runners", sa.column("workspace"), sa.column("is_self_hosted", sa.Boolean()))
    owners = sa.select(runners.c.workspace).where(sa.not_(runners.c.is_self_hosted))
    op.execute(sa.update(workspaces).where(workspaces.c.name.in_(owners)).values(platform_builder=True))
