"""Find definitions by misspelled words, keep how runs ended by day, and keep drafts of orders.

Definitions that are there are made to be found; outcomes are counted by a loop; nobody has a draft.
"""

import json
import re

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_WORD = re.compile(r"\w+")


def upgrade() -> None:
    """Apply this step."""
    grams = op.create_table(
        "definition_grams",
        sa.Column("gram", sa.String(length=3), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definitions.id"], name=op.f("fk_definition_grams_definition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gram", "definition_id", name=op.f("pk_definition_grams")),
    )
    op.create_index("ix_definition_grams_definition_id", "definition_grams", ["definition_id"])
    _fill(grams)
    op.create_table(
        "run_outcomes",
        sa.Column("day", Instant(), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("durations", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("day", "definition_id", name=op.f("pk_run_outcomes")),
    )
    op.create_index("ix_run_outcomes_definition_id", "run_outcomes", ["definition_id", "day"])
    op.create_table(
        "order_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=300), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definitions.id"], name=op.f("fk_order_drafts_definition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_drafts")),
    )
    op.create_index("ix_order_drafts_owner", "order_drafts", ["owner", "created_at", "id"])
    op.create_index("ix_order_drafts_changed_at", "order_drafts", ["changed_at", "id"])
    op.create_index("ix_order_drafts_definition_id", "order_drafts", ["definition_id"])


def _fill(grams: sa.Table) -> None:
    definitions = sa.table(
        "definitions",
        sa.column("id", sa.Uuid()),
        sa.column("workspace", sa.String()),
        sa.column("display_name", sa.String()),
        sa.column("spec", sa.Text()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(definitions)).all():
        description = json.loads(row.spec).get("description") or ""
        found = dict.fromkeys(_grams(f"{description} {row.workspace}"), 1) | dict.fromkeys(_grams(row.display_name), 4)
        if found:
            op.bulk_insert(
                grams,
                [{"gram": gram, "definition_id": row.id, "weight": weight} for gram, weight in sorted(found.items())],
            )


def _grams(text: str) -> set[str]:
    words = [f"  {word} " for word in _WORD.findall(text[:2000].casefold().replace("_", " "))]
    return {word[at : at + 3] for word in words for at in range(len(word) - 2)}
