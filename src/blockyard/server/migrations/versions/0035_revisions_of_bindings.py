"""Give bindings of workspaces a revision, as everything has that is changed by more than one."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("workspace_bindings", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
