"""The tables of versions and their dependencies. At most one draft of a definition is the partial unique index's business."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)

from blockyard.server.definitions.documents import read_content, stored_content
from blockyard.server.definitions.model import DefinitionId, Version, VersionId, VersionState, VersionSummary
from blockyard.server.identity.model import Reach
from blockyard.server.integrations.model import IntegrationId
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.memory import Memory
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runners.model import RunnerId

_versions = Table(
    "definition_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("runner_id", Uuid, ForeignKey("runners.id"), nullable=False),
    Column("integration_id", Uuid, ForeignKey("integrations.id")),
    Column("content", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("definition_id", "number"),
    Index(
        "uq_definition_versions_draft",
        "definition_id",
        unique=True,
        sqlite_where=text("state = 'DRAFT'"),
        postgresql_where=text("state = 'DRAFT'"),
    ),
    Index("ix_definition_versions_runner_id", "runner_id"),
    Index("ix_definition_versions_integration_id", "integration_id"),
    Index("ix_definition_versions_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_definition_versions_created_at", "created_at", "id"),
)
_dependencies = Table(
    "definition_version_dependencies",
    metadata,
    Column("version_id", Uuid, ForeignKey("definition_versions.id", ondelete="CASCADE"), primary_key=True),
    Column("definition_id", Uuid, primary_key=True),
    Index("ix_definition_version_dependencies_definition_id", "definition_id"),
)
"""No foreign key to the parent: old released versions may outlive a definition they depended on."""


_known: Memory[VersionId, Version | None] = Memory()

_BY_ID = select(_versions).where(_versions.c.id == bindparam("of_version"))


class VersionStore:
    """Reads and writes versions."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, version_id: VersionId) -> Version | None:
        """Return a version, None if there is none of this id."""
        known = _known.of(self._tx)
        if version_id not in known:
            row = self._tx.execute(_BY_ID, {"of_version": version_id}).mappings().one_or_none()
            known[version_id] = None if row is None else _version(row)
        return known[version_id]

    def many(self, version_ids: Collection[VersionId]) -> Mapping[VersionId, Version]:
        """Return those of the versions that exist."""
        rows = self._tx.execute(select(_versions).where(_versions.c.id.in_(sorted(set(version_ids)))))
        return {VersionId(row["id"]): _version(row) for row in rows.mappings()}

    def page(self, reach: Reach, definition_id: DefinitionId | None, page: PageRequest) -> Page[Version]:
        """Return one page of the versions in `reach`, oldest first, only those of one definition if given."""
        conditions: list[ColumnElement[bool]] = []
        if not reach.everything:
            conditions.append(_versions.c.workspace.in_(sorted(reach.workspaces)))
        if definition_id is not None:
            conditions.append(_versions.c.definition_id == definition_id)
        total = self._tx.execute(select(func.count()).select_from(_versions).where(*conditions)).scalar_one()
        rows = self._tx.execute(
            select(_versions)
            .where(*conditions)
            .order_by(_versions.c.created_at, _versions.c.number, _versions.c.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        return Page([_version(row) for row in rows.mappings()], int(str(total)), page)

    def summaries(self, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, tuple[VersionSummary, ...]]:
        """Return the versions of each definition in short, lowest number first."""
        found: defaultdict[DefinitionId, list[VersionSummary]] = defaultdict(list)
        rows = self._tx.execute(
            select(_versions.c.definition_id, _versions.c.id, _versions.c.number, _versions.c.state)
            .where(_versions.c.definition_id.in_(sorted(set(definition_ids))))
            .order_by(_versions.c.number)
        )
        for row in rows.mappings():
            summary = VersionSummary(VersionId(row["id"]), row["number"], VersionState(row["state"]))
            found[DefinitionId(row["definition_id"])].append(summary)
        return {definition_id: tuple(found[definition_id]) for definition_id in definition_ids}

    def with_runner(self, runner_id: RunnerId) -> Sequence[Version]:
        """Return the versions that name a runner, newest first."""
        return self._where(_versions.c.runner_id == runner_id)

    def with_integration(self, integration_id: IntegrationId) -> Sequence[Version]:
        """Return the versions that use an integration, newest first."""
        return self._where(_versions.c.integration_id == integration_id)

    def dependent_on(self, definition_id: DefinitionId) -> Sequence[VersionId]:
        """Return the versions that depend on a definition."""
        rows = self._tx.execute(
            select(_dependencies.c.version_id)
            .where(_dependencies.c.definition_id == definition_id)
            .order_by(_dependencies.c.version_id)
        )
        return [VersionId(row["version_id"]) for row in rows.mappings()]

    def dependencies_of(self, version_ids: Collection[VersionId]) -> Mapping[VersionId, frozenset[DefinitionId]]:
        """Return what each of the versions depends on."""
        found: defaultdict[VersionId, set[DefinitionId]] = defaultdict(set)
        rows = self._tx.execute(
            select(_dependencies.c.version_id, _dependencies.c.definition_id).where(
                _dependencies.c.version_id.in_(sorted(set(version_ids)))
            )
        )
        for row in rows.mappings():
            found[VersionId(row["version_id"])].add(DefinitionId(row["definition_id"]))
        return {version_id: frozenset(definitions) for version_id, definitions in found.items()}

    def add(self, version: Version) -> None:
        """Write a new version."""
        _known.of(self._tx).pop(version.id, None)
        self._tx.execute(insert(_versions).values(id=version.id, **_values(version)))
        self._add_dependencies(version)

    def save(self, version: Version) -> Version:
        """Write a changed draft, or its release. Raises Stale."""
        saved = replace(version, revision=version.revision + 1)
        as_read = (_versions.c.id == version.id, _versions.c.revision == version.revision)
        if self._tx.execute(update(_versions).where(*as_read).values(**_values(saved))).rowcount == 0:
            raise Stale(f"version {version.id}")
        _known.of(self._tx).pop(version.id, None)
        self._tx.execute(delete(_dependencies).where(_dependencies.c.version_id == version.id))
        self._add_dependencies(saved)
        return saved

    def with_repository(self) -> Sequence[Version]:
        """Return the versions that name a repository, newest first; looks through all of them."""
        return self._where(type_coerce(_versions.c.content, Text).like('%"repositoryUrl":"%'))

    def _where(self, condition: ColumnElement[bool]) -> Sequence[Version]:
        rows = self._tx.execute(
            select(_versions).where(condition).order_by(_versions.c.created_at.desc(), _versions.c.id)
        )
        return [_version(row) for row in rows.mappings()]

    def _add_dependencies(self, version: Version) -> None:
        rows: list[dict[str, object]] = [
            {"version_id": version.id, "definition_id": definition} for definition in version.dependencies
        ]
        if rows:
            self._tx.execute(insert(_dependencies), rows)


def _values(version: Version) -> dict[str, object]:
    return {
        "definition_id": version.definition_id,
        "workspace": version.workspace,
        "number": version.number,
        "state": version.state.value,
        "runner_id": version.runner_id,
        "integration_id": version.implementation.integration_id,
        "content": stored_content(version.content),
        "created_at": version.created_at,
        "released_at": version.released_at,
        "revision": version.revision,
    }


def _version(row: RowMapping) -> Version:
    content = read_content(row["content"])
    return Version(
        id=VersionId(row["id"]),
        definition_id=DefinitionId(row["definition_id"]),
        workspace=row["workspace"],
        number=row["number"],
        state=VersionState(row["state"]),
        created_at=row["created_at"],
        released_at=row["released_at"],
        revision=row["revision"],
        runner_id=content.runner_id,
        deletion_mode=content.deletion_mode,
        only_apply_once_per_tenant=content.only_apply_once_per_tenant,
        permissions=content.permissions,
        dependencies=content.dependencies,
        inputs=content.inputs,
        outputs=content.outputs,
        implementation=content.implementation,
    )
