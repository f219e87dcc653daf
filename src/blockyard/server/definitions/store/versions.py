"""The tables of versions and their dependencies. At most one draft of a definition is the partial unique index's business."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    insert,
    select,
    text,
    type_coerce,
)

from blockyard.server.definitions.model import (
    Defect,
    DefinitionId,
    TagOwner,
    Version,
    VersionId,
    VersionState,
    VersionSummary,
)
from blockyard.server.definitions.model.documents import read_content, stored_content
from blockyard.server.definitions.model.inventory import accesses
from blockyard.server.definitions.store.accesses import AccessStore
from blockyard.server.integrations.model import IntegrationId
from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.runners.model import RunnerId

_versions = Table(
    "definition_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Word(VersionState, 16), nullable=False),
    Column("runner_id", Uuid, ForeignKey("runners.id"), nullable=False),
    Column("integration_id", Uuid, ForeignKey("integrations.id")),
    Column("content", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("defect_reason", Text),
    Column("defective_at", Instant),
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

_tags = Table(
    "definition_version_tags",
    metadata,
    Column("version_id", Uuid, ForeignKey("definition_versions.id", ondelete="CASCADE"), primary_key=True),
    Column("owner", Word(TagOwner, 16), primary_key=True),
    Column("tag_key", String(255), primary_key=True),
    Index("ix_definition_version_tags_tag_key", "tag_key", "owner"),
)
"""Which tags versions read, so that a tag definition finds them."""


def _values(version: Version) -> dict[str, object]:
    return {
        "id": version.id,
        "definition_id": version.definition_id,
        "workspace": version.workspace,
        "number": version.number,
        "state": version.state,
        "runner_id": version.runner_id,
        "integration_id": version.implementation.integration_id,
        "content": stored_content(version.content),
        "created_at": version.created_at,
        "released_at": version.released_at,
        "defect_reason": None if version.defect is None else version.defect.reason,
        "defective_at": None if version.defect is None else version.defect.marked_at,
        "revision": version.revision,
    }


def _version(row: dict[str, Any]) -> Version:  # Any: what the columns' types make of the row
    content = members(read_content(row.pop("content")))
    del row["runner_id"], row["integration_id"]  # beside the content for foreign keys and to be found
    defect = _defect(row.pop("defect_reason"), row.pop("defective_at"))
    return Version(**row, **content, defect=defect)


def _defect(reason: str | None, marked_at: datetime | None) -> Defect | None:
    return None if marked_at is None else Defect(reason=reason or "", marked_at=marked_at)


_rows: Rows[Version, VersionId] = Rows(
    _versions, Version, "id", order=("created_at", "number"), write=_values, read=_version, remembered=True
)


class VersionStore(Store[Version, VersionId]):
    """Reads and writes versions."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def summaries(self, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, tuple[VersionSummary, ...]]:
        """Return the versions of each definition in short, lowest number first."""
        found: defaultdict[DefinitionId, list[VersionSummary]] = defaultdict(list)
        rows = self._tx.execute(
            select(
                *(_versions.c[name] for name in ("definition_id", "id", "number", "state", "runner_id")),
                _versions.c.defect_reason,
                _versions.c.defective_at,
            )
            .where(_versions.c.definition_id.in_(sorted(set(definition_ids))))
            .order_by(_versions.c.number)
        )
        for row in rows.mappings():
            summary = VersionSummary(
                id=VersionId(row["id"]),
                number=row["number"],
                state=row["state"],
                runner_id=RunnerId(row["runner_id"]),
                defect=_defect(row["defect_reason"], row["defective_at"]),
            )
            found[DefinitionId(row["definition_id"])].append(summary)
        return {definition_id: tuple(found[definition_id]) for definition_id in definition_ids}

    def numbered(self, definition_id: UUID, number: int) -> Version | None:
        """Return the version of a definition with a number."""
        columns = _versions.c
        return self._one(select(_versions).where(columns.definition_id == definition_id, columns.number == number))

    def latest_sound(self, definition_id: DefinitionId) -> Version | None:
        """Return the released version with the highest number that is not defective."""
        columns = _versions.c
        found = (
            select(_versions)
            .where(columns.definition_id == definition_id, columns.state == VersionState.RELEASED)
            .where(columns.defective_at.is_(None))
            .order_by(columns.number.desc())
            .limit(1)
        )
        return self._one(found)

    def between(self, definition_id: DefinitionId, after: int, upto: int) -> Sequence[Version]:
        """Return the versions of a definition with numbers greater than `after` and at most `upto`, in their order."""
        columns = _versions.c
        number = (columns.number > after, columns.number <= upto)
        found = select(_versions).where(columns.definition_id == definition_id, *number).order_by(columns.number)
        return [_rows.read(row) for row in self._tx.execute(found)]

    def with_runner(self, runner_id: RunnerId) -> Sequence[Version]:
        """Return the versions that name a runner, newest first."""
        return self._newest(_versions.c.runner_id == runner_id)

    def with_integration(self, integration_id: IntegrationId) -> Sequence[Version]:
        """Return the versions that use an integration, newest first."""
        return self._newest(_versions.c.integration_id == integration_id)

    def dependent_on(self, definition_id: DefinitionId) -> Sequence[VersionId]:
        """Return the versions that depend on a definition."""
        rows = self._tx.execute(
            select(_dependencies.c.version_id)
            .where(_dependencies.c.definition_id == definition_id)
            .order_by(_dependencies.c.version_id)
        )
        return [VersionId(row["version_id"]) for row in rows.mappings()]

    def reading(self, owner: TagOwner, tag_key: str) -> Sequence[Version]:
        """Return the versions that read a tag, newest first."""
        ids = select(_tags.c.version_id).where(_tags.c.tag_key == tag_key, _tags.c.owner == owner)
        return self._newest(_versions.c.id.in_(ids))

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

    def add(self, version: Version) -> Version:
        """Write a new version."""
        self._add_references(super().add(version))
        AccessStore(self._tx).replace(version.id, accesses(version), is_new=True)
        return version

    def save(self, version: Version) -> Version:
        """Write a changed draft, or its release. Raises Stale."""
        saved = super().save(version)
        for table in (_dependencies, _tags):
            self._tx.execute(delete(table).where(table.c.version_id == version.id))
        self._add_references(saved)
        AccessStore(self._tx).replace(version.id, accesses(saved), is_new=False)
        return saved

    def with_repository(self) -> Sequence[Version]:
        """Return the versions that name a repository, newest first; looks through all of them."""
        return self._newest(type_coerce(_versions.c.content, Text).like('%"repositoryUrl":"%'))

    def _newest(self, condition: ColumnElement[bool]) -> Sequence[Version]:
        found = select(_versions).where(condition).order_by(_versions.c.created_at.desc(), _versions.c.id)
        return [_rows.read(row) for row in self._tx.execute(found)]

    def _add_references(self, version: Version) -> None:
        parents: list[dict[str, object]] = [
            {"version_id": version.id, "definition_id": definition} for definition in version.dependencies
        ]
        tags: list[dict[str, object]] = [
            {"version_id": version.id, "owner": owner, "tag_key": key} for owner, key in version.tags_read
        ]
        for table, rows in ((_dependencies, parents), (_tags, tags)):
            if rows:
                self._tx.execute(insert(table), rows)
