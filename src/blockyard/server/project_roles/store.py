"""The table of project roles."""

from sqlalchemy import Column, Index, Integer, String, Table

from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.project_roles.model import ProjectRole

_roles = Table(
    "project_roles",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("display_name", String(255), nullable=False, unique=True),
    Column("rank", Integer, nullable=False),
    Column("description", String(255), nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_project_roles_created_at", "created_at", "name"),
)
_rows: Rows[ProjectRole, str] = Rows(_roles, ProjectRole, "name", owner=None, remembered=True)


class RoleStore(Store[ProjectRole, str]):
    """Reads and writes project roles."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def called(self, display_name: str) -> ProjectRole | None:
        """Return the role with this display name."""
        found = self.where(*self.with_members({"display_name": display_name}))
        return found[0] if found else None
