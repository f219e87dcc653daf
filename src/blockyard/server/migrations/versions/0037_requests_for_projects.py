"""Let requests for bindings be about projects, too: these have roles with longer names."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    with op.batch_alter_table("binding_requests") as batch:
        batch.add_column(sa.Column("project", sa.String(length=64)))
        batch.alter_column("role", existing_type=sa.String(32), type_=sa.String(255), existing_nullable=False)
    op.create_index("ix_binding_requests_project", "binding_requests", ["project", "created_at", "id"])
