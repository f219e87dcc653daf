"""Say of each block who wants the run that is due, and since when it has its status.

Runs that are due now wait for the output of a parent: nothing else could make one due.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("blocks", sa.Column("due_trigger", JsonText()))
    op.add_column("blocks", sa.Column("status_since", Instant()))
