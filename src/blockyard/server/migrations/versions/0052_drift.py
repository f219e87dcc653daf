"""Keep which building blocks are checked for drift, when, and what was found.

The schedules that definitions have begin to count; the server enters their building blocks one after the other.
"""

import json

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_UNSYNCED = sa.text("NOT is_synced")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "drift_watches",
        sa.Column("block_id", sa.Uuid(), primary_key=True),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("project", sa.String(64)),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("checked_at", Instant()),
        sa.Column("drifted_since", Instant()),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("paused_by", sa.Text()),
        sa.Column("ignored_until", Instant()),
        sa.Column("ignore_reason", sa.Text()),
        sa.Column("ignored_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_index("ix_drift_watches_due_at", "drift_watches", ["due_at"])
    op.create_index("ix_drift_watches_created", "drift_watches", ["created_at", "block_id"])
    for name, column in (
        ("definition", "definition_id"),
        ("state", "state"),
        ("workspace", "workspace"),
        ("owner", "owner"),
    ):
        op.create_index(f"ix_drift_watches_{name}", "drift_watches", [column, "created_at", "block_id"])
    rules = op.create_table(
        "drift_rules",
        sa.Column("definition_id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("mode", sa.String(24), nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("automatic_approval", sa.Boolean(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("synced_behind", sa.Uuid()),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("paused_by", sa.Text()),
        sa.Column("ignored", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_drift_rules_unsynced",
        "drift_rules",
        ["definition_id"],
        sqlite_where=_UNSYNCED,
        postgresql_where=_UNSYNCED,
    )
    op.create_table(
        "drift_rounds",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_at", Instant(), nullable=False),
    )
    op.bulk_insert(rules, _scheduled())


def _scheduled() -> list[dict[str, object]]:
    """Return the rows of the definitions that have a schedule."""
    definitions = sa.table(
        "definitions", sa.column("id", sa.Uuid()), sa.column("created_at", Instant()), sa.column("spec", sa.Text())
    )
    found = []
    for row in op.get_bind().execute(sa.select(definitions).where(definitions.c.spec.contains("DRIFT_"))):
        schedule = json.loads(row.spec).get("schedule")
        if schedule is None or schedule["mode"] == "DISABLED":
            continue
        found.append(
            {
                "definition_id": row.id,
                "created_at": row.created_at,
                "mode": schedule["mode"],
                "frequency": schedule["frequency"],
                "automatic_approval": schedule["automatic_approval"],
                "is_synced": False,
                "synced_behind": None,
                "is_paused": False,
                "pause_reason": None,
                "paused_by": None,
                "ignored": "[]",
                "revision": 0,
            }
        )
    return found
