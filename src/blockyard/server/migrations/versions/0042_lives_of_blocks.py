"""Remember which versions blocks follow, which bulk jobs the server goes on with, and what stopped cascades hold."""

import json

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_GOES_ON = sa.text("next_at IS NOT NULL")
_IS_HELD = sa.text("held_by IS NOT NULL")


def upgrade() -> None:
    """Apply this step; bulk jobs that are there are held until somebody starts them."""
    op.add_column("blocks", sa.Column("follows", sa.String(length=16), nullable=False, server_default="PINNED"))
    op.add_column("blocks", sa.Column("cascade", sa.Uuid()))
    op.add_column("blocks", sa.Column("held_by", sa.Uuid()))
    op.create_index("ix_blocks_held_by", "blocks", ["held_by"], sqlite_where=_IS_HELD, postgresql_where=_IS_HELD)
    op.create_table(
        "block_cascades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("stopped_at", Instant()),
        sa.Column("stop_reason", sa.String(length=16)),
        sa.Column("stop_message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_cascades")),
    )
    op.add_column("bulk_jobs", sa.Column("maker", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("bulk_jobs", sa.Column("next_at", Instant()))
    op.add_column("bulk_jobs", sa.Column("ended_at", Instant()))
    op.add_column("bulk_jobs", sa.Column("reach", JsonText()))
    _name_makers()
    op.create_index("ix_bulk_jobs_maker", "bulk_jobs", ["maker", "created_at", "id"])
    op.create_index("ix_bulk_jobs_created_at", "bulk_jobs", ["created_at", "id"])
    op.create_index("ix_bulk_jobs_next_at", "bulk_jobs", ["next_at"], sqlite_where=_GOES_ON, postgresql_where=_GOES_ON)
    op.create_index("ix_bulk_job_rows_block", "bulk_job_rows", ["job_id", "block_id"])


def _name_makers() -> None:
    jobs = sa.table("bulk_jobs", sa.column("id", sa.Uuid), sa.column("author", sa.Text), sa.column("maker", sa.String))
    connection = op.get_bind()
    for job_id, stored in connection.execute(sa.select(jobs.c.id, jobs.c.author)).all():
        author = json.loads(stored)
        maker = f"{author.get('type', 'System')}:{author.get('identifier', '')}"
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(maker=maker))
