"""Sort, filter and count what may be ordered in indexes."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_COUNTED = ["target_type", "publication_state", "restriction", "only_in_zones", "released_version_id"]
_INDEXES = {
    "ix_definitions_sort_name": ["sort_name", "id", "workspace", *_COUNTED],
    "ix_definitions_workspace_sort_name": ["workspace", "sort_name", "id", *_COUNTED],
}


def upgrade() -> None:
    """Apply this step."""
    op.add_column("definitions", sa.Column("sort_name", sa.String(length=255), server_default="", nullable=False))
    op.add_column("definitions", sa.Column("only_in_zones", sa.Boolean(), server_default=sa.false(), nullable=False))
    _fill()
    for name, columns in _INDEXES.items():
        op.create_index(name, "definitions", columns)


def _fill() -> None:
    connection = op.get_bind()
    names = ("id", "display_name", "sort_name", "only_in_zones")
    definitions = sa.table("definitions", *(sa.column(name) for name in names), sa.column("spec", JsonText()))
    found = connection.execute(sa.select(definitions.c.id, definitions.c.display_name, definitions.c.spec)).all()
    filled = [
        {
            "which": definition_id,
            "folded": name.casefold()[:255],
            "in_zones": bool(spec.get("useInLandingZonesOnly")),
        }
        for definition_id, name, spec in found
    ]
    if filled:
        values: dict[str, object] = {"sort_name": sa.bindparam("folded"), "only_in_zones": sa.bindparam("in_zones")}
        of_one = definitions.c.id == sa.bindparam("which")
        connection.execute(sa.update(definitions).where(of_one).values(**values), filled)
