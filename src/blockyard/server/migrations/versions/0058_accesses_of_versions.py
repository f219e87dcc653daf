"""Keep to which clouds versions sign in, as whom, so that identities can be listed."""

from uuid import uuid5

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant, JsonText

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_NAME = "definition_version_accesses"


def upgrade() -> None:
    """Apply this step; what is kept of versions that are there follows from their inputs."""
    table = op.create_table(
        _NAME,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version_id", sa.Uuid, nullable=False),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("cloud", sa.String(16), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("identity", sa.String(255)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["definition_versions.id"], name=op.f(f"fk_{_NAME}_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_NAME}")),
    )
    op.create_index(f"ix_{_NAME}_version_id", _NAME, ["version_id"])
    op.create_index(f"ix_{_NAME}_created", _NAME, ["created_at", "id"])
    op.create_index(f"ix_{_NAME}_workspace", _NAME, ["workspace", "created_at", "id"])
    op.create_index(f"ix_{_NAME}_cloud", _NAME, ["cloud", "created_at", "id", "workspace"])
    op.create_index(f"ix_{_NAME}_identity", _NAME, ["identity", "created_at", "id", "workspace"])
    _fill(table)


def _fill(table: sa.Table) -> None:
    versions = sa.table(
        "definition_versions",
        sa.column("id", sa.Uuid()),
        sa.column("workspace", sa.String()),
        sa.column("content", JsonText()),
        sa.column("created_at", Instant()),
    )
    for row in op.get_bind().execute(sa.select(versions)).all():
        inputs = row.content["inputs"]
        for cloud, (way, identity) in _found(inputs).items():
            values = {
                "id": uuid5(row.id, cloud),
                "version_id": row.id,
                "workspace": row.workspace,
                "cloud": cloud,
                "way": way,
                "identity": identity,
                "created_at": row.created_at,
            }
            op.get_bind().execute(sa.insert(table), values)


def _found(inputs: dict[str, dict[str, object]]) -> dict[str, tuple[str, str | None]]:
    """Return way and identity by cloud, as far as the names of inputs say; a version that is saved again says more."""
    found: dict[str, tuple[str, str | None]] = {}
    if "AWS_ROLE_ARN" in inputs or "AWS_WEB_IDENTITY_TOKEN_FILE" in inputs:
        found["aws"] = ("FEDERATION", _text(inputs, "AWS_ROLE_ARN"))
    elif "AWS_ACCESS_KEY_ID" in inputs:
        found["aws"] = ("KEY", None)
    if "ARM_CLIENT_ID" in inputs or "ARM_OIDC_TOKEN_FILE_PATH" in inputs:
        found["azure"] = ("KEY" if "ARM_CLIENT_SECRET" in inputs else "FEDERATION", _text(inputs, "ARM_CLIENT_ID"))
    return found


def _text(inputs: dict[str, dict[str, object]], key: str) -> str | None:
    value = inputs[key]["argument"] if key in inputs else None
    return value[:255] if isinstance(value, str) else None
