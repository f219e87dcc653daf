"""The table of tag definitions."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, Uuid, select

from blockyard.server.kit.columns import JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.rows import Rows, Store, index_list, life
from blockyard.server.tags.model import TagDefinition, TagDefinitionId, TargetKind, ValueType, ValueTypeName

_definitions = Table(
    "tag_definitions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("target_kind", Word(TargetKind, 32), nullable=False),
    Column("tag", String(255), nullable=False),
    Column("folded", String(1024), nullable=False),
    Column("value_type", JsonText, nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("sort_order", BigInteger, nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("immutable", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("replication_key", String(255)),
    *life(),
    Index("ix_tag_definitions_target_kind", "target_kind", "folded"),
)
index_list(_definitions)


def _values(definition: TagDefinition) -> dict[str, object]:
    value_type = definition.value_type.document()
    return members(definition) | {"folded": definition.tag.casefold(), "value_type": value_type}


def _definition(row: dict[str, Any]) -> TagDefinition:  # Any: what the columns' types make of the row
    del row["folded"]
    ((name, content),) = row.pop("value_type").items()
    return TagDefinition(**row, value_type=ValueType(ValueTypeName(name), content))


_rows: Rows[TagDefinition, TagDefinitionId] = Rows(
    _definitions,
    TagDefinition,
    "id",
    owner=None,
    address=("target_kind", "folded"),
    write=_values,
    read=_definition,
)


class TagDefinitionStore(Store[TagDefinition, TagDefinitionId]):
    """Reads and writes tag definitions. Addresses are kind and key without regard to case."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_kind(self, kind: TargetKind) -> Mapping[str, TagDefinition]:
        """Return the definitions of a kind by their keys."""
        return {one.tag: one for one in self.where(_definitions.c.target_kind == kind)}

    def keep(self, ids: Collection[TagDefinitionId]) -> int:
        """Let these stay as they are until this transaction ends; return how many are still there (PostgreSQL: a share lock)."""
        columns = _definitions.c
        kept = select(columns.id).where(columns.id.in_(set(ids)), columns.deleted_at.is_(None)).order_by(columns.id)
        return len(self._tx.execute(kept.with_for_update(read=True)).all())
