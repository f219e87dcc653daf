"""The tables of landing zones, and of the definitions that they name."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    Uuid,
    and_,
    delete,
    false,
    insert,
    or_,
    select,
    update,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.kit.columns import JsonText, Packed
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Found, Rows, Store, index_list, life
from blockyard.server.landing_zones.model import LandingZone, LandingZoneFilter, LandingZoneId
from blockyard.server.platforms.model import PlatformId


def _packed(named: Sequence[DefinitionId]) -> Json:
    return [str(one) for one in named]


def _unpacked(stored: Json) -> Sequence[DefinitionId]:
    return [DefinitionId(UUID(str(one))) for one in stored] if isinstance(stored, list) else []


_zones = Table(
    "landing_zones",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("platform_id", Uuid, ForeignKey("platforms.id"), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("automate_deletion_approval", Boolean, nullable=False),
    Column("automate_deletion_replication", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("info_link", Text),
    Column("platform_properties", JsonText, nullable=False),
    Column("quotas", JsonText, nullable=False),
    Column("mandatory", Packed(_packed, _unpacked), nullable=False),
    Column("recommended", Packed(_packed, _unpacked), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("platform_is_open", Boolean, nullable=False, server_default=false()),
    *life(),
    Index("ix_landing_zones_name", "name"),
)
index_list(
    _zones,
    *("workspace", "platform_id", "display_name", "restricted"),
    seen=("workspace", "restricted", "platform_is_open", "platform_id"),
)
_named = Table(
    "landing_zone_definitions",
    metadata,
    Column("landing_zone_id", Uuid, ForeignKey("landing_zones.id", ondelete="CASCADE"), primary_key=True),
    Column("definition_id", Uuid, primary_key=True),
    Index("ix_landing_zone_definitions_definition_id", "definition_id"),
)
"""Which definitions landing zones name, to be found by these. No foreign key to definitions: they go first, then their names."""

_rows: Rows[LandingZone, LandingZoneId] = Rows(_zones, LandingZone, "id", address=("name",), apart=["platform_is_open"])


class LandingZoneStore(Store[LandingZone, LandingZoneId]):
    """Reads and writes landing zones."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def add(self, model: LandingZone) -> LandingZone:
        """Write a new landing zone, and which definitions it names."""
        added = super().add(model)
        self._note_definitions(added)
        return added

    def save(self, model: LandingZone) -> LandingZone:
        """Write a changed landing zone, and which definitions it names. Raises Stale."""
        saved = super().save(model)
        self._tx.execute(delete(_named).where(_named.c.landing_zone_id == saved.id))
        self._note_definitions(saved)
        return saved

    def visible(
        self, wanted: LandingZoneFilter, owners: Collection[str] | None, shown: Found | None, request: PageRequest
    ) -> Page[LandingZone]:
        """Return one page of the wanted landing zones, oldest first.

        Only those of the workspaces `owners`, and of the platforms that all may know of, or are `shown`, those that are not
        restricted; all where `owners` is None.
        """
        conditions = self.with_members(members(wanted))
        if owners is not None and shown is not None:
            columns = _zones.c
            known = or_(columns.platform_is_open.is_(True), shown.has(columns.platform_id))
            offered = and_(columns.restricted.is_(False), known)
            conditions.append(or_(_rows.owned_by(owners), offered))
        return self.page_of(request, *conditions)

    def note_openness(self, platform_id: PlatformId, *, is_open: bool) -> None:
        """Write whether everybody may know of a platform, with its landing zones."""
        columns = _zones.c
        self._tx.execute(update(_zones).where(columns.platform_id == platform_id).values(platform_is_open=is_open))

    def named(self, names: Collection[str]) -> Sequence[LandingZone]:
        """Return the landing zones with these names that are not deleted, oldest first."""
        return self.where(_zones.c.name.in_(sorted(names)))

    def usable(self, workspace: str, platform_id: PlatformId, request: PageRequest) -> Page[LandingZone]:
        """Return one page of the landing zones of a platform that new tenants of a workspace may have, oldest first."""
        columns = _zones.c
        may = or_(columns.restricted.is_(False), columns.workspace == workspace)
        return self.page_of(request, columns.platform_id == platform_id, columns.is_disabled.is_(False), may)

    def of_platform(self, platform_id: PlatformId, request: PageRequest) -> Page[LandingZone]:
        """Return one page of the landing zones of a platform, oldest first."""
        return self.page_of(request, _zones.c.platform_id == platform_id)

    def naming(self, definition_id: DefinitionId) -> Sequence[LandingZone]:
        """Return the landing zones that name a definition, oldest first."""
        found = select(_named.c.landing_zone_id).where(_named.c.definition_id == definition_id)
        return self.where(_zones.c.id.in_(found))

    def _note_definitions(self, zone: LandingZone) -> None:
        named = sorted({*zone.mandatory, *zone.recommended}) if zone.deleted_at is None else []
        if named:
            rows = [{"landing_zone_id": zone.id, "definition_id": one} for one in named]
            self._tx.execute(insert(_named), rows)
