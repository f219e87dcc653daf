"""Let the same role be asked for once at a time, also by two people at one moment; of twins the younger are cancelled."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import Instant

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_requests = sa.table(
    "binding_requests",
    *(
        sa.column(name, sa.String())
        for name in ("kind", "role", "workspace", "project", "subject", "state", "decided_by")
    ),
    sa.column("id", sa.Uuid()),
    sa.column("created_at", Instant()),
    sa.column("decided_at", Instant()),
    sa.column("revision", sa.Integer()),
)
_OPEN = "state = 'REQUESTED' AND project IS {} NULL"


def upgrade() -> None:
    """Apply this step."""
    older = _requests.alias("older")
    same = [older.c[name] == _requests.c[name] for name in ("kind", "role", "workspace", "subject", "state")]
    project = sa.func.coalesce(older.c.project, "") == sa.func.coalesce(_requests.c.project, "")
    before = sa.tuple_(older.c.created_at, older.c.id) < sa.tuple_(_requests.c.created_at, _requests.c.id)
    is_twin = sa.exists().where(*same, project, before)
    cancelled = {"state": "CANCELLED", "decided_by": "system", "decided_at": datetime.now(UTC)}
    op.execute(
        sa.update(_requests)
        .where(_requests.c.state == "REQUESTED", is_twin)
        .values(**cancelled, revision=_requests.c.revision + 1)
    )
    for name, column, word in (("workspace", [], ""), ("project", ["project"], "NOT")):
        where = sa.text(" ".join(_OPEN.format(word).split()))
        op.create_index(
            f"uq_binding_requests_open_{name}",
            "binding_requests",
            ["kind", "role", "workspace", *column, "subject"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
