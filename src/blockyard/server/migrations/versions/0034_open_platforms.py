"""Keep with a landing zone whether everybody may know of its platform, so that lists need not look there."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_SEEN = ("workspace", "restricted", "platform_is_open", "platform_id")
_FILTERS = ("", "workspace", "platform_id", "display_name", "restricted")


def upgrade() -> None:
    """Apply this step."""
    op.add_column(
        "landing_zones", sa.Column("platform_is_open", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    platforms = sa.table("platforms", *(sa.column(name) for name in ("id", "restriction", "publication_state")))
    zones = sa.table("landing_zones", sa.column("platform_id"), sa.column("platform_is_open"))
    is_open = sa.select(platforms.c.id).where(
        platforms.c.restriction == "PUBLIC", platforms.c.publication_state == "PUBLISHED"
    )
    op.execute(sa.update(zones).where(zones.c.platform_id.in_(is_open)).values(platform_is_open=sa.true()))
    living = sa.text("deleted_at IS NULL")
    for name in _FILTERS:
        columns = dict.fromkeys((*([name] if name else ()), "created_at", "id", *_SEEN, "deleted_at"))
        indexed = f"ix_landing_zones_live_{name}".removesuffix("_")
        op.drop_index(indexed, "landing_zones")
        op.create_index(indexed, "landing_zones", [*columns], sqlite_where=living, postgresql_where=living)
