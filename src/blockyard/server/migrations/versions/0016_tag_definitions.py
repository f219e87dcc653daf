"""Add tag definitions, and which things have values of which tags.

Things may have tags that nothing defines: these values stay until somebody changes them, and are noted here like all others.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_PORTION = 500
_TAGGED: dict[str, tuple[str, str, sa.String | sa.Uuid[UUID]]] = {
    "workspaces": ("meshWorkspace", "name", sa.String()),
    "projects": ("meshProject", "id", sa.Uuid()),
    "payment_methods": ("meshPaymentMethod", "id", sa.Uuid()),
    "landing_zones": ("meshLandingZone", "id", sa.Uuid()),
    "project_roles": ("meshProjectRole", "name", sa.String()),
    "definitions": ("meshBuildingBlockDefinition", "id", sa.Uuid()),
}

_GO_AT_ONCE = {"project_roles", "definitions"}
"""Tables without deleted rows."""


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "tag_definitions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_kind", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.Column("folded", sa.String(length=1024), nullable=False),
        sa.Column("value_type", JsonText(), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sort_order", sa.BigInteger(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("immutable", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("replication_key", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_definitions")),
    )
    op.create_index("ix_tag_definitions_created_at", "tag_definitions", ["created_at", "id"])
    op.create_index("ix_tag_definitions_target_kind", "tag_definitions", ["target_kind", "folded"])
    op.create_index(
        "uq_tag_definitions_live_folded",
        "tag_definitions",
        ["target_kind", "folded"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    uses = op.create_table(
        "tag_uses",
        sa.Column("target_kind", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("target_kind", "tag", "object_id", name=op.f("pk_tag_uses")),
    )
    for table, (kind, key, type_) in _TAGGED.items():
        _note(uses, table, kind, key, type_)


def _note(uses: sa.Table, table: str, kind: str, key: str, type_: sa.String | sa.Uuid[UUID]) -> None:
    """Note the tags of the rows of a table."""
    connection = op.get_bind()
    tagged = sa.table(table, sa.column(key, type_), sa.column("tags", JsonText()), sa.column("deleted_at"))
    found = sa.select(tagged.c[key], tagged.c.tags).where(sa.cast(tagged.c.tags, sa.Text) != "{}")
    if table not in _GO_AT_ONCE:
        found = found.where(tagged.c.deleted_at.is_(None))
    rows = connection.execute(found).all()
    notes = [
        {"target_kind": kind, "tag": tag, "object_id": str(one)}
        for one, tags in rows
        for tag, values in tags.items()
        if values
    ]
    for first in range(0, len(notes), _PORTION):
        connection.execute(uses.insert(), notes[first : first + _PORTION])
