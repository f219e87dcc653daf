"""Take the names of deleted workspaces out of restrictions and lists of contributors, as their deletion does from now on.

A restriction without anybody left becomes PRIVATE.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_RESTRICTED, _PRIVATE = "RESTRICTED", "PRIVATE"


def upgrade() -> None:
    """Apply this step."""
    workspaces = sa.table("workspaces", sa.column("name"), sa.column("deleted_at"))
    gone = sa.select(workspaces.c.name).where(workspaces.c.deleted_at.is_not(None))
    _platforms(gone)
    _definitions(gone)


def _platforms(gone: sa.Select[tuple[str]]) -> None:
    platforms = sa.table(
        "platforms",
        sa.column("id", sa.Uuid()),
        sa.column("restriction"),
        sa.column("restricted_to_workspaces", JsonText()),
        sa.column("contributing_workspaces", JsonText()),
    )
    named = sa.table("platform_workspaces", sa.column("platform_id", sa.Uuid()), sa.column("workspace"))
    connection = op.get_bind()
    names = {name for (name,) in connection.execute(sa.select(named.c.workspace).where(named.c.workspace.in_(gone)))}
    naming = sa.select(named.c.platform_id).where(named.c.workspace.in_(gone))
    for found in connection.execute(sa.select(platforms).where(platforms.c.id.in_(naming))).all():
        served = _without(found.restricted_to_workspaces, names)
        changed = {
            "restricted_to_workspaces": served,
            "contributing_workspaces": _without(found.contributing_workspaces, names),
            "restriction": _narrowed(found.restriction, served),
        }
        connection.execute(sa.update(platforms).where(platforms.c.id == found.id).values(changed))
    connection.execute(sa.delete(named).where(named.c.workspace.in_(gone)))


def _definitions(gone: sa.Select[tuple[str]]) -> None:
    definitions = sa.table(
        "definitions", sa.column("id", sa.Uuid()), sa.column("restriction"), sa.column("audience", JsonText())
    )
    reached = sa.table("definition_audiences", sa.column("definition_id", sa.Uuid()), sa.column("workspace"))
    connection = op.get_bind()
    names = {
        name for (name,) in connection.execute(sa.select(reached.c.workspace).where(reached.c.workspace.in_(gone)))
    }
    reaching = sa.select(reached.c.definition_id).where(reached.c.workspace.in_(gone))
    for found in connection.execute(sa.select(definitions).where(definitions.c.id.in_(reaching))).all():
        audience = _without(found.audience, names)
        changed = {"audience": audience, "restriction": _narrowed(found.restriction, audience)}
        connection.execute(sa.update(definitions).where(definitions.c.id == found.id).values(changed))
    connection.execute(sa.delete(reached).where(reached.c.workspace.in_(gone)))


def _without(workspaces: Sequence[str], gone: set[str]) -> list[str]:
    return [name for name in workspaces if name not in gone]


def _narrowed(restriction: str, workspaces: Sequence[str]) -> str:
    return _PRIVATE if restriction == _RESTRICTED and not workspaces else restriction
