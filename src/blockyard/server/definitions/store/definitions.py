"""The table of definitions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import (
    Definition,
    DefinitionFilter,
    DefinitionId,
    TargetType,
    VersionId,
)
from blockyard.server.identity.model import Reach
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.paging import Page, PageRequest

_definitions = Table(
    "definitions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("target_type", String(16), nullable=False),
    Column("spec", JsonText, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("latest_version_id", Uuid, nullable=False),
    Column("released_version_id", Uuid),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_definitions_created_at", "created_at", "id"),
    Index("ix_definitions_workspace_created_at", "workspace", "created_at", "id"),
)


_known: Memory[DefinitionId, Definition | None] = Memory()

_BY_ID = select(_definitions).where(_definitions.c.id == bindparam("of_definition"))


class DefinitionStore:
    """Reads and writes definitions."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, definition_id: DefinitionId) -> Definition | None:
        """Return a definition, None if there is none of this id."""
        known = _known.of(self._tx)
        if definition_id not in known:
            row = self._tx.execute(_BY_ID, {"of_definition": definition_id}).mappings().one_or_none()
            known[definition_id] = None if row is None else _definition(row)
        return known[definition_id]

    def many(self, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, Definition]:
        """Return those of the definitions that exist."""
        rows = self._tx.execute(select(_definitions).where(_definitions.c.id.in_(sorted(set(definition_ids)))))
        return {DefinitionId(row["id"]): _definition(row) for row in rows.mappings()}

    def page(self, reach: Reach, wanted: DefinitionFilter, page: PageRequest) -> Page[Definition]:
        """Return one page of the definitions in `reach`, oldest first, with released ones of others if wanted."""
        conditions: list[ColumnElement[bool]] = []
        if not reach.everything:
            own = _definitions.c.workspace.in_(sorted(reach.workspaces)) if reach.workspaces else false()
            released = _definitions.c.released_version_id.is_not(None)
            conditions.append(or_(own, released) if wanted.include_published else own)
        if wanted.workspace is not None:
            conditions.append(_definitions.c.workspace == wanted.workspace)
        total = self._tx.execute(select(func.count()).select_from(_definitions).where(*conditions)).scalar_one()
        rows = self._tx.execute(
            select(_definitions)
            .where(*conditions)
            .order_by(_definitions.c.created_at, _definitions.c.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        return Page([_definition(row) for row in rows.mappings()], int(str(total)), page)

    def count(self, workspace: str) -> int:
        """Return how many definitions a workspace owns."""
        counted = self._tx.execute(select(func.count()).where(_definitions.c.workspace == workspace)).scalar_one()
        return int(str(counted))

    def with_latest(self, version_ids: Sequence[VersionId]) -> Sequence[Definition]:
        """Return the definitions whose latest version is one of `version_ids`."""
        rows = self._tx.execute(
            select(_definitions)
            .where(_definitions.c.latest_version_id.in_(version_ids))
            .order_by(_definitions.c.created_at, _definitions.c.id)
        )
        return [_definition(row) for row in rows.mappings()]

    def with_released(self, version_ids: Sequence[VersionId]) -> Sequence[Definition]:
        """Return the definitions whose latest released version is one of `version_ids`."""
        rows = self._tx.execute(
            select(_definitions)
            .where(_definitions.c.released_version_id.in_(version_ids))
            .order_by(_definitions.c.created_at, _definitions.c.id)
        )
        return [_definition(row) for row in rows.mappings()]

    def add(self, definition: Definition) -> None:
        """Write a new definition."""
        _known.of(self._tx).pop(definition.id, None)
        self._tx.execute(insert(_definitions).values(id=definition.id, **_values(definition)))

    def save(self, definition: Definition) -> Definition:
        """Write a changed definition. Raises Stale."""
        saved = replace(definition, revision=definition.revision + 1)
        as_read = (_definitions.c.id == definition.id, _definitions.c.revision == definition.revision)
        if self._tx.execute(update(_definitions).where(*as_read).values(**_values(saved))).rowcount == 0:
            raise Stale(f"definition {definition.id}")
        _known.of(self._tx).pop(definition.id, None)
        return saved

    def remove(self, definition: Definition) -> None:
        """Delete a definition with all its versions. Raises Stale."""
        as_read = (_definitions.c.id == definition.id, _definitions.c.revision == definition.revision)
        if self._tx.execute(delete(_definitions).where(*as_read)).rowcount == 0:
            raise Stale(f"definition {definition.id}")
        _known.of(self._tx).pop(definition.id, None)


def _values(definition: Definition) -> dict[str, object]:
    platforms = definition.supported_platforms
    spec: JsonObject = {
        "description": definition.description,
        "readme": definition.readme,
        "runTransparency": definition.run_transparency,
        "useInLandingZonesOnly": definition.use_in_landing_zones_only,
        "supportUrl": definition.support_url,
        "documentationUrl": definition.documentation_url,
        "notificationSubscribers": list(definition.notification_subscribers),
        "symbol": definition.symbol,
        "supportedPlatforms": None if platforms is None else list(platforms),
    }
    return {
        "workspace": definition.workspace,
        "display_name": definition.display_name,
        "target_type": definition.target_type.value,
        "spec": spec,
        "tags": {key: list(values) for key, values in definition.tags.items()},
        "latest_version_id": definition.latest_version_id,
        "released_version_id": definition.released_version_id,
        "created_at": definition.created_at,
        "revision": definition.revision,
    }


def _definition(row: RowMapping) -> Definition:
    spec, released = row["spec"], row["released_version_id"]
    platforms = spec["supportedPlatforms"]
    return Definition(
        id=DefinitionId(row["id"]),
        workspace=row["workspace"],
        display_name=row["display_name"],
        target_type=TargetType(row["target_type"]),
        description=spec["description"],
        readme=spec["readme"],
        run_transparency=spec["runTransparency"],
        use_in_landing_zones_only=spec["useInLandingZonesOnly"],
        support_url=spec["supportUrl"],
        documentation_url=spec["documentationUrl"],
        notification_subscribers=tuple(spec["notificationSubscribers"]),
        symbol=spec["symbol"],
        supported_platforms=None if platforms is None else tuple(platforms),
        tags={key: tuple(values) for key, values in row["tags"].items()},
        latest_version_id=VersionId(row["latest_version_id"]),
        released_version_id=None if released is None else VersionId(released),
        created_at=row["created_at"],
        revision=row["revision"],
    )
