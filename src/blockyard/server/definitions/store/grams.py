"""Groups of letters that definitions are found by."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, delete, insert

from blockyard.server.definitions.model import Definition
from blockyard.server.definitions.model.catalogue import weighed_grams
from blockyard.server.kit.database import Transaction, metadata

grams = Table(
    "definition_grams",
    metadata,
    Column("gram", String(3), primary_key=True),
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), primary_key=True),
    Column("weight", Integer, nullable=False),
    Index("ix_definition_grams_definition_id", "definition_id"),
)
"""Groups of three letters that definitions are found by, also by misspelled words."""


def note_grams(tx: Transaction, definition: Definition) -> None:
    """Keep what a definition that was written is found by."""
    tx.execute(delete(grams).where(grams.c.definition_id == definition.id))
    found: list[dict[str, object]] = [
        {"gram": gram, "definition_id": definition.id, "weight": weight}
        for gram, weight in sorted(weighed_grams(definition).items())
    ]
    if found:
        tx.execute(insert(grams), found)
