"""Let approvals be reminded of, have deputies, wait on, and know everybody who wanted what is to be applied."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_TO_REMIND = sa.text("remind_at IS NOT NULL")


def upgrade() -> None:
    """Apply this step."""
    op.add_column("blocks", sa.Column("wanted_by", JsonText(), nullable=False, server_default="[]"))
    for column in (
        sa.Column("also_wanted_by", JsonText(), nullable=False, server_default="[]"),
        sa.Column("lifetime_hours", sa.Integer(), nullable=False, server_default="168"),
        sa.Column("keeps_waiting", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("remind_at", Instant()),
        sa.Column("deputy_group", sa.String(255)),
        sa.Column("deputy_at", Instant()),
    ):
        op.add_column("run_approvals", column)
    op.create_index(
        "ix_run_approvals_to_remind",
        "run_approvals",
        ["remind_at"],
        sqlite_where=_TO_REMIND,
        postgresql_where=_TO_REMIND,
    )
