"""Add brakes (holds, stops, freezes), what runs must know to obey them, and when building blocks end by themselves."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_LIVES = sa.text("deleted_at IS NULL")
_LISTS = {"": [], "kind": ["kind"], "scope": ["scope"], "block_id": ["block_id"], "workspace": ["workspace"]}
_PLACES = ("definition_id", "on_workspace", "platform", "closes_at")


def upgrade() -> None:
    """Apply this step: runs that wait get the platform of their block, as they obey what is said of it."""
    op.create_table(
        "brakes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("block_id", sa.Uuid()),
        sa.Column("definition_id", sa.Uuid()),
        sa.Column("on_workspace", sa.String(64)),
        sa.Column("platform", sa.String(255)),
        sa.Column("workspace", sa.String(64)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brakes"),
    )
    for name, first in _LISTS.items():
        called = f"ix_brakes_live_{name}".removesuffix("_")
        _index(called, [*first, "created_at", "id", "deleted_at"])
    for name in _PLACES:
        _index(f"ix_brakes_live_{name}", [name])
    op.add_column("runs", sa.Column("platform", sa.String(255)))
    op.add_column("runs", sa.Column("passes_since", Instant()))
    op.create_table(
        "block_expiries",
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("try_at", Instant(), nullable=False),
        sa.Column("warn_at", Instant()),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name="fk_block_expiries_block_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("block_id", name="pk_block_expiries"),
    )
    for name in ("expires_at", "try_at", "warn_at"):
        op.create_index(f"ix_block_expiries_{name}", "block_expiries", [name])
    op.execute(
        "UPDATE runs SET platform = (SELECT blocks.platform FROM blocks WHERE blocks.id = runs.block_id) "
        "WHERE finished_at IS NULL"
    )


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "brakes", columns, sqlite_where=_LIVES, postgresql_where=_LIVES)
