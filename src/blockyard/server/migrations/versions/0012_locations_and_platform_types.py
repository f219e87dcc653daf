"""Add locations and platform types, and which platform types definitions support.

What every installation begins with is made at the next start (`app.seeds`), for the workspace that the settings name. Definitions
named platform types by text, and may have named what never was one: such a name stays until somebody changes it.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("locations", "platform_types")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "locations",
        *_owned(64),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        *_life("locations"),
    )
    op.create_table(
        "platform_types",
        *_owned(150),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("default_endpoint", sa.Text(), nullable=True),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("is_built_in", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        *_life("platform_types"),
    )
    for column in ("category", "state"):
        op.create_index(f"ix_platform_types_{column}", "platform_types", [column, "created_at", "id"])
    for table in _TABLES:
        _index(table)
    _note_supported_types()


def _owned(name_length: int) -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=name_length), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
    ]


def _life(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f(f"fk_{table}_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _index(table: str) -> None:
    op.create_index(f"ix_{table}_created_at", table, ["created_at", "id"])
    op.create_index(f"ix_{table}_workspace", table, ["workspace", "created_at", "id"])
    op.create_index(f"ix_{table}_name", table, ["name"])
    op.create_index(
        f"uq_{table}_live_name",
        table,
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def _note_supported_types() -> None:
    op.create_table(
        "definition_platform_types",
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("type_name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definitions.id"],
            name=op.f("fk_definition_platform_types_definition_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("definition_id", "type_name", name=op.f("pk_definition_platform_types")),
    )
    op.create_index("ix_definition_platform_types_type_name", "definition_platform_types", ["type_name"])
    definitions = sa.table("definitions", sa.column("id", sa.Uuid()), sa.column("spec", JsonText()))
    noted = sa.table("definition_platform_types", sa.column("definition_id", sa.Uuid()), sa.column("type_name"))
    connection = op.get_bind()
    rows = [
        {"definition_id": found.id, "type_name": name}
        for found in connection.execute(sa.select(definitions))
        for name in sorted(set(found.spec.get("supportedPlatforms") or ()))
    ]
    if rows:
        connection.execute(sa.insert(noted), rows)
