"""Add publications of definitions.

A definition with a released version was seen and ordered by everybody; it stays so: published, for everybody.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    state = sa.Column("publication_state", sa.String(length=16), server_default="UNPUBLISHED", nullable=False)
    op.add_column("definitions", state)
    restriction = sa.Column("restriction", sa.String(length=16), server_default="PUBLIC", nullable=False)
    op.add_column("definitions", restriction)
    op.add_column("definitions", sa.Column("audience", JsonText(), server_default="[]", nullable=False))
    definitions = sa.table("definitions", sa.column("released_version_id"), sa.column("publication_state"))
    released = definitions.c.released_version_id.is_not(None)
    op.execute(sa.update(definitions).where(released).values(publication_state="PUBLISHED"))
    op.create_table(
        "definition_audiences",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definitions.id"],
            name=op.f("fk_definition_audiences_definition_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "definition_id", name=op.f("pk_definition_audiences")),
    )
    op.create_index("ix_definition_audiences_definition_id", "definition_audiences", ["definition_id"])
    op.create_table(
        "publication_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("is_decided", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_publication_requests_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_requests")),
    )
    order = ["is_decided", "created_at", "id"]
    op.create_index("ix_publication_requests_created_at", "publication_requests", order)
    for column in ("kind", "workspace", "decision", "object_id"):
        op.create_index(f"ix_publication_requests_{column}", "publication_requests", [column, *order])
    undecided = sa.text("is_decided = false")
    op.create_index(
        "uq_publication_requests_open",
        "publication_requests",
        ["object_id"],
        unique=True,
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
