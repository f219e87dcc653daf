"""The table of locations."""

from collections.abc import Collection

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, Uuid, or_

from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, index_list, life
from blockyard.server.platforms.model import Location, LocationId

_locations = Table(
    "locations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("is_public", Boolean, nullable=False),
    *life(),
    Index("ix_locations_name", "name"),
)
index_list(_locations, "workspace", seen=("workspace", "is_public"))
_rows: Rows[Location, LocationId] = Rows(_locations, Location, "id", address=("name",))


class LocationStore(Store[Location, LocationId]):
    """Reads and writes locations."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(self, request: PageRequest, owners: Collection[str] | None, workspace: str | None) -> Page[Location]:
        """Return one page of the public locations and those of `owners` (None: of all), of `workspace` if given."""
        conditions = self.with_members({"workspace": workspace})
        if owners is not None:
            conditions.append(or_(_locations.c.is_public, _rows.owned_by(owners)))
        return self.page_of(request, *conditions)
