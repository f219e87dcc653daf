"""Keep what sign-in needs: attempts, known places, tokens signed out, epochs of keys, ends of sessions, folded names."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    _add_tables()
    op.add_column("api_keys", sa.Column("epoch", sa.Integer(), server_default="0", nullable=False))
    op.execute("DELETE FROM sessions")  # nobody knows when they began: people sign in again
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("ends_at", Instant(), nullable=False))
    op.add_column("users", sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("username_key", sa.String(length=255), nullable=True))
    op.add_column("users", sa.Column("email_key", sa.String(length=255), nullable=True))
    _fold_names()
    op.create_index("uq_users_username_key", "users", ["username_key"], unique=True)
    op.create_index("uq_users_email_key", "users", ["email_key"], unique=True)


def _add_tables() -> None:
    op.create_table(
        "sign_in_counts",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_sign_in_counts")),
    )
    op.create_index("ix_sign_in_counts_started_at", "sign_in_counts", ["started_at"])
    op.create_table(
        "sign_in_places",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_in_places_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "place", name=op.f("pk_sign_in_places")),
    )
    op.create_table(
        "ended_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_tokens")),
    )
    op.create_index("ix_ended_tokens_expires_at", "ended_tokens", ["expires_at"])


def _fold_names() -> None:
    """Write the folded names; of accounts that are one name without regard to case, the oldest has it, the others none."""
    connection = op.get_bind()
    users = sa.table(
        "users", *(sa.column(name) for name in ("id", "username", "email", "created_at", "username_key", "email_key"))
    )
    rows = connection.execute(
        sa.select(users.c.id, users.c.username, users.c.email).order_by(users.c.created_at, users.c.id)
    ).all()
    taken: set[tuple[str, str]] = set()
    for user_id, *texts in rows:
        for column, text in zip(("username_key", "email_key"), texts, strict=True):
            key = _folded(text)
            if key and (column, key) not in taken:
                taken.add((column, key))
                connection.execute(sa.update(users).where(users.c.id == user_id).values({column: key}))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())[:255]
