"""Keep whose what a brake is on is: administrators' brakes are seen by those whom they concern."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

_LIVES = sa.text("deleted_at IS NULL")
_FILL = """
UPDATE brakes SET concerns = COALESCE(
    on_workspace,
    (SELECT blocks.workspace FROM blocks WHERE blocks.id = brakes.block_id),
    (SELECT definitions.workspace FROM definitions WHERE definitions.id = brakes.definition_id),
    workspace
)
"""


def upgrade() -> None:
    """Apply this step. Of brakes on platforms that administrators placed before, only administrators know."""
    op.add_column("brakes", sa.Column("concerns", sa.String(64)))
    op.execute(_FILL)
    op.create_index("ix_brakes_live_concerns", "brakes", ["concerns"], sqlite_where=_LIVES, postgresql_where=_LIVES)
