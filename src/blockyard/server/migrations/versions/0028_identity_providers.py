"""Let people sign in with identity providers."""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "identity_providers",
        sa.Column("alias", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("client_secret", sa.LargeBinary()),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("username_claim", sa.String(length=255), nullable=False),
        sa.Column("groups_claim", sa.String(length=255), nullable=False),
        sa.Column("group_rules", sa.Text(), nullable=False),
        sa.Column("create_accounts", sa.Boolean(), nullable=False),
        sa.Column("link_accounts", sa.Boolean(), nullable=False),
        sa.Column("trusts_second_factor", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_identity_providers")),
    )
    op.create_index("ix_identity_providers_created_at", "identity_providers", ["created_at", "alias"])
    op.create_table(
        "identities",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.Column("groups_missing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider"], ["identity_providers.alias"], name=op.f("fk_identities_provider"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("provider", "subject", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
