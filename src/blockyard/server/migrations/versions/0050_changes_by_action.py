"""Count the changes of a plan by what becomes of resources in an index."""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.drop_index("ix_run_changes_action", table_name="run_changes")
    op.create_index("ix_run_changes_action", "run_changes", ["run_id", "action", "is_output", "position"])
