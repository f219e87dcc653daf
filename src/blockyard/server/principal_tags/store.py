"""The table of tags of people and groups."""

from sqlalchemy import Column, Integer, String, Table, Uuid

from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.principal_tags.model import PrincipalTags, PrincipalTagsId, Whose

_tags = Table(
    "principal_tags",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("whose", Word(Whose, 8), nullable=False),
    Column("name", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
_rows: Rows[PrincipalTags, PrincipalTagsId] = Rows(_tags, PrincipalTags, "id", owner=None)


class PrincipalTagStore(Store[PrincipalTags, PrincipalTagsId]):
    """Reads and writes tags of people and groups."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)
