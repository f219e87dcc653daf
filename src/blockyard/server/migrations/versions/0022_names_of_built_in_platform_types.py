"""Call the built-in platform types as the public catalogue does: `AZURE_KUBERNETES_SERVICE`, not `AZURE-KUBERNETES-SERVICE`.

Platforms and definitions that name them follow. A type that somebody made cannot have either new name: names of those have no underscore.
"""

import sqlalchemy as sa
from alembic import op

from blockyard.server.kit.columns import JsonText

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_RENAMED = {
    "AZURE-KUBERNETES-SERVICE": "AZURE_KUBERNETES_SERVICE",
    "AZURE-RESOURCE-GROUP": "AZURE_RESOURCE_GROUP",
}


def upgrade() -> None:
    """Apply this step."""
    connection = op.get_bind()
    types = sa.table("platform_types", sa.column("name"), sa.column("is_built_in", sa.Boolean()))
    renamed = connection.execute(sa.select(types.c.name).where(types.c.is_built_in, types.c.name.in_(sorted(_RENAMED))))
    for old in sorted(name for (name,) in renamed):
        new = _RENAMED[old]
        connection.execute(sa.update(types).where(types.c.is_built_in, types.c.name == old).values(name=new))
        _rename_in_definitions(old, new)
        _rename_in_platforms(old, new)


def _rename_in_definitions(old: str, new: str) -> None:
    definitions = sa.table("definitions", sa.column("id", sa.Uuid()), sa.column("spec", JsonText()))
    noted = sa.table("definition_platform_types", sa.column("definition_id", sa.Uuid()), sa.column("type_name"))
    connection = op.get_bind()
    naming = sa.select(noted.c.definition_id).where(noted.c.type_name == old)
    for found in connection.execute(sa.select(definitions).where(definitions.c.id.in_(naming))).all():
        names = [new if name == old else name for name in found.spec["supportedPlatforms"]]
        spec = {**found.spec, "supportedPlatforms": names}
        connection.execute(sa.update(definitions).where(definitions.c.id == found.id).values(spec=spec))
    connection.execute(sa.update(noted).where(noted.c.type_name == old).values(type_name=new))


def _rename_in_platforms(old: str, new: str) -> None:
    platforms = sa.table(
        "platforms", sa.column("id", sa.Uuid()), sa.column("type_name"), sa.column("config", JsonText())
    )
    connection = op.get_bind()
    for found in connection.execute(sa.select(platforms).where(platforms.c.type_name == old)).all():
        custom = found.config.get("custom") or {}
        config = found.config
        if "platformTypeRef" in custom:
            config = {**config, "custom": {**custom, "platformTypeRef": {**custom["platformTypeRef"], "name": new}}}
        changed = {"type_name": new, "config": config}
        connection.execute(sa.update(platforms).where(platforms.c.id == found.id).values(changed))
