"""Find definitions by their tags; those that are there are entered."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    tags = op.create_table(
        "definition_tags",
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("tag_key", sa.String(length=255), nullable=False),
        sa.Column("tag_value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definitions.id"], name=op.f("fk_definition_tags_definition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("definition_id", "tag_key", "tag_value", name=op.f("pk_definition_tags")),
    )
    op.create_index("ix_definition_tags_tag", "definition_tags", ["tag_key", "tag_value", "definition_id"])
    definitions = sa.table("definitions", sa.column("id", sa.Uuid()), sa.column("tags", JsonText()))
    found = op.get_bind().execute(sa.select(definitions)).all()
    rows = [
        {"definition_id": definition_id, "tag_key": key, "tag_value": value}
        for definition_id, held in found
        for key, value in sorted({(key, value) for key, values in held.items() for value in values})
    ]
    if rows:
        op.bulk_insert(tags, rows)
