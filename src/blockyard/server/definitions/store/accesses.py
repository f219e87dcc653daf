"""The table of clouds that versions sign in to: it follows from their contents, and is there to be listed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, delete

from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model import VersionId
from blockyard.server.definitions.model.inventory import CloudAccess
from blockyard.server.definitions.model.trust import Way
from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store

_accesses = Table(
    "definition_version_accesses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version_id", Uuid, ForeignKey("definition_versions.id", ondelete="CASCADE"), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("cloud", Word(Cloud, 16), nullable=False),
    Column("way", Word(Way, 16), nullable=False),
    Column("identity", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
    Index("ix_definition_version_accesses_version_id", "version_id"),
    Index("ix_definition_version_accesses_created", "created_at", "id"),
    Index("ix_definition_version_accesses_workspace", "workspace", "created_at", "id"),
    Index("ix_definition_version_accesses_cloud", "cloud", "created_at", "id", "workspace"),
    Index("ix_definition_version_accesses_identity", "identity", "created_at", "id", "workspace"),
)
_rows: Rows[CloudAccess, UUID] = Rows(_accesses, CloudAccess, "id")


class AccessStore(Store[CloudAccess, UUID]):
    """Reads and writes to which clouds versions sign in."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def replace(self, version_id: VersionId, found: Sequence[CloudAccess], *, is_new: bool) -> None:
        """Let a version have these, and no others."""
        if not is_new:
            self._tx.execute(delete(_accesses).where(_accesses.c.version_id == version_id))
        for one in found:
            self.add(one)
