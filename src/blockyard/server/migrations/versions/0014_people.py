"""Add project roles, bindings of projects, admin bindings, requests for bindings, more about groups, and what was told last of people.

Nobody was told anything yet: the first change of the people of a workspace is news, whatever it is. Whoever was an administrator
becomes Organization Admin. The end of bindings whose last day is over already is told by the loop that looks for them.
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "told_people",
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_told_people")),
    )
    op.create_table(
        "project_roles",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_project_roles")),
        sa.UniqueConstraint("display_name", name=op.f("uq_project_roles_display_name")),
    )
    op.create_index("ix_project_roles_created_at", "project_roles", ["created_at", "name"])
    _add_bindings()
    op.create_index("ix_integrations_type", "integrations", ["type"])
    now = datetime.now(UTC)
    _add_admin_bindings(now)
    _add_to_groups(now)
    _add_requests()
    _add_to_users()
    op.add_column("workspace_bindings", sa.Column("ended_at", Instant(), nullable=True))
    op.create_index("ix_workspace_bindings_expires_on", "workspace_bindings", ["expires_on"])


def _add_bindings() -> None:
    op.create_table(
        "project_bindings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=45), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_project_bindings_workspace")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_bindings_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_bindings")),
    )
    op.create_index("ix_project_bindings_workspace", "project_bindings", ["workspace", "created_at", "id"])
    op.create_index("ix_project_bindings_project_id", "project_bindings", ["project_id", "created_at", "id"])
    op.create_index("ix_project_bindings_role", "project_bindings", ["role"])
    op.create_index("ix_project_bindings_subject", "project_bindings", ["subject", "kind"])
    op.create_index("ix_project_bindings_name", "project_bindings", ["name", "kind"])
    op.create_index(
        "uq_project_bindings_live_name",
        "project_bindings",
        ["kind", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def _add_admin_bindings(now: datetime) -> None:
    op.create_table(
        "admin_bindings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_bindings")),
    )
    op.create_index("ix_admin_bindings_created_at", "admin_bindings", ["created_at", "id"])
    op.create_index("ix_admin_bindings_subject", "admin_bindings", ["subject", "kind"])
    op.create_index("ix_admin_bindings_role", "admin_bindings", ["role", "created_at", "id"])
    op.create_index("ix_admin_bindings_expires_on", "admin_bindings", ["expires_on"])
    users = sa.table("users", sa.column("username"), sa.column("admin", sa.Boolean()))
    bindings = sa.table(
        "admin_bindings",
        sa.column("id", sa.Uuid()),
        sa.column("created_at", Instant()),
        *(sa.column(name) for name in ("role", "kind", "subject", "revision")),
    )
    connection = op.get_bind()
    for (username,) in connection.execute(sa.select(users.c.username).where(users.c.admin)).all():
        values = {"id": uuid4(), "role": "Organization Admin", "kind": "user", "subject": username}
        connection.execute(sa.insert(bindings).values(**values, created_at=now, revision=0))


def _add_to_groups(now: datetime) -> None:
    op.add_column("groups", sa.Column("id", sa.Uuid(), nullable=True))
    op.add_column("groups", sa.Column("workspace", sa.String(length=64), nullable=True))
    op.add_column("groups", sa.Column("external_id", sa.String(length=255), nullable=True))
    op.add_column("groups", sa.Column("created_at", Instant(), nullable=True))
    op.add_column("groups", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    groups = sa.table(
        "groups",
        sa.column("name"),
        sa.column("id", sa.Uuid()),
        sa.column("created_at", Instant()),
    )
    connection = op.get_bind()
    for (name,) in connection.execute(sa.select(groups.c.name)).all():
        connection.execute(sa.update(groups).where(groups.c.name == name).values(id=uuid4(), created_at=now))
    op.create_index("uq_groups_id", "groups", ["id"], unique=True)
    op.create_index("ix_groups_created_at", "groups", ["created_at", "name"])
    op.create_index("ix_groups_workspace", "groups", ["workspace", "created_at", "name"])
    op.create_index("ix_groups_display_name", "groups", ["display_name", "created_at", "name"])
    op.create_index("ix_groups_external_id", "groups", ["external_id", "created_at", "name"])


def _add_requests() -> None:
    op.create_table(
        "binding_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=45), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("requested_by", sa.String(length=255), nullable=False),
        sa.Column("approvals", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name=op.f("fk_binding_requests_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_requests")),
    )
    op.create_index("ix_binding_requests_created_at", "binding_requests", ["created_at", "id"])
    op.create_index("ix_binding_requests_workspace", "binding_requests", ["workspace", "created_at", "id"])
    op.create_index("ix_binding_requests_state", "binding_requests", ["state", "created_at", "id"])


def _add_to_users() -> None:
    op.add_column("users", sa.Column("external_id", sa.String(length=255), nullable=True))
    op.create_index("ix_users_external_id", "users", ["external_id", "created_at", "id"])
