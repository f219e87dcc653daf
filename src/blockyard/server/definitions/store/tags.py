"""The tags that definitions are found by; the definitions have them, too."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, delete, insert

from blockyard.server.definitions.model import Definition
from blockyard.server.kit.database import Transaction, metadata

tags = Table(
    "definition_tags",
    metadata,
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_key", String(255), primary_key=True),
    Column("tag_value", String(255), primary_key=True),
    Index("ix_definition_tags_tag", "tag_key", "tag_value", "definition_id"),
)


def note_tags(tx: Transaction, definition: Definition) -> None:
    """Keep which tags a definition that was written is found by."""
    tx.execute(delete(tags).where(tags.c.definition_id == definition.id))
    pairs = sorted({(key, value) for key, values in definition.tags.items() for value in values})
    if pairs:
        found = [{"definition_id": definition.id, "tag_key": key, "tag_value": value} for key, value in pairs]
        tx.execute(insert(tags), found)
