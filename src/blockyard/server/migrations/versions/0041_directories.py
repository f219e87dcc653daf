"""Keep what directories say of e-mail addresses, and find groups by their names without regard to case."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("users", sa.Column("email_type", sa.String(255), nullable=False, server_default="work"))
    op.add_column("users", sa.Column("email_primary", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("groups", sa.Column("display_name_key", sa.String(255), nullable=True))
    groups = sa.table("groups", sa.column("name"), sa.column("display_name"), sa.column("display_name_key"))
    bind = op.get_bind()
    for name, display_name in bind.execute(sa.select(groups.c.name, groups.c.display_name)).all():
        key = _folded(str(display_name))
        bind.execute(sa.update(groups).where(groups.c.name == name).values(display_name_key=key))
    op.create_index("ix_groups_display_name_key", "groups", ["display_name_key", "created_at", "name"])
    op.drop_index("ix_groups_display_name", "groups")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
