"""The tables of platforms, and of the workspaces that they name."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    Uuid,
    and_,
    delete,
    insert,
    or_,
    select,
    union_all,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.columns import JsonText, Packed, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Found, Rows, Store, index_list, life
from blockyard.server.platforms.model import (
    ConfigType,
    Platform,
    PlatformFilter,
    PlatformId,
    PublicationState,
    QuotaDefinition,
    Restriction,
    quota_definitions,
)


def _packed_quotas(quotas: Sequence[QuotaDefinition]) -> Json:
    return [quota.document() for quota in quotas]


_SEEN = ("workspace", "restriction", "publication_state")
"""What says who may know of a platform, beside the workspaces that it names."""

_platforms = Table(
    "platforms",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("location", String(64), nullable=False),
    Column("type_name", String(150), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("support_url", Text),
    Column("documentation_url", Text),
    Column("access_information", Text),
    Column("contributing_workspaces", JsonText, nullable=False),
    Column("restriction", Word(Restriction, 16), nullable=False),
    Column("publication_state", Word(PublicationState, 16), nullable=False),
    Column("restricted_to_workspaces", JsonText, nullable=False),
    Column("quota_definitions", Packed(_packed_quotas, quota_definitions), nullable=False),
    Column("config", JsonText, nullable=False),
    Column("config_type", Word(ConfigType, 16), nullable=False),
    Column("secrets", LargeBinary),
    *life(),
    Index("uq_platforms_identifier", "name", "location", unique=True),
)
index_list(
    _platforms,
    *("workspace", "location", "type_name", "display_name", "restriction", "publication_state"),
    seen=_SEEN,
)
_named = Table(
    "platform_workspaces",
    metadata,
    Column("platform_id", Uuid, ForeignKey("platforms.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("workspace", String(64), primary_key=True),
    Index("ix_platform_workspaces_workspace", "workspace", "role", "platform_id"),
)
"""Which workspaces platforms name, to be found by these."""

_SERVED, _CONTRIBUTING = "SERVED", "CONTRIBUTING"
_rows: Rows[Platform, PlatformId] = Rows(_platforms, Platform, "id", remembered=True)


class PlatformStore(Store[Platform, PlatformId]):
    """Reads and writes platforms."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def add(self, model: Platform) -> Platform:
        """Write a new platform, and which workspaces it names."""
        added = super().add(model)
        self._note_workspaces(added)
        return added

    def save(self, model: Platform) -> Platform:
        """Write a changed platform, and which workspaces it names. Raises Stale."""
        saved = super().save(model)
        self._tx.execute(delete(_named).where(_named.c.platform_id == saved.id))
        self._note_workspaces(saved)
        return saved

    def with_identifier(self, name: str, location: str) -> Platform | None:
        """Return the platform of this name in this location, a deleted one too; there never are two."""
        return self._one(select(_platforms).where(_platforms.c.name == name, _platforms.c.location == location))

    def visible(self, wanted: PlatformFilter, owners: Collection[str] | None, request: PageRequest) -> Page[Platform]:
        """Return one page of the wanted platforms that one of these workspaces may know of (None: all), oldest first."""
        filters = {name: value for name, value in members(wanted).items() if name != "contributing_workspace"}
        conditions = self.with_members(filters)
        if wanted.contributing_workspace is not None:
            conditions.append(_platforms.c.id.in_(_naming([wanted.contributing_workspace], _CONTRIBUTING)))
        if owners is not None:
            conditions.append(_shown_to(owners))
        return self.page_of(request, *conditions)

    def shown(self, workspaces: Collection[str]) -> Found:
        """Return which platforms one of these workspaces may know of that not everybody may know of."""
        columns, names = _platforms.c, sorted(workspaces)
        own = select(columns.id).where(columns.workspace.in_(names), columns.deleted_at.is_(None))
        serves = and_(
            columns.restriction == Restriction.RESTRICTED, columns.publication_state == PublicationState.PUBLISHED
        )
        naming = select(columns.id).where(
            columns.id == _named.c.platform_id,
            _named.c.workspace.in_(names),
            or_(_named.c.role == _CONTRIBUTING, serves),
            columns.deleted_at.is_(None),
        )
        return Found(union_all(own, naming))

    def of_location(self, name: str, request: PageRequest) -> Page[Platform]:
        """Return one page of the platforms in a location, oldest first."""
        return self.page_of(request, _platforms.c.location == name)

    def of_type(self, type_name: str, request: PageRequest) -> Page[Platform]:
        """Return one page of the platforms of a type, oldest first."""
        return self.page_of(request, _platforms.c.type_name == type_name)

    def naming(self, workspace: str) -> Sequence[Platform]:
        """Return the platforms that name a workspace, oldest first."""
        return self.where(_platforms.c.id.in_(select(_named.c.platform_id).where(_named.c.workspace == workspace)))

    def _note_workspaces(self, platform: Platform) -> None:
        by_role: Mapping[str, Sequence[str]] = {
            _SERVED: platform.restricted_to_workspaces,
            _CONTRIBUTING: platform.contributing_workspaces,
        }
        rows = [
            {"platform_id": platform.id, "role": role, "workspace": workspace}
            for role, workspaces in by_role.items()
            for workspace in sorted(set(workspaces))
        ]
        if rows:
            self._tx.execute(insert(_named), rows)


def _naming(workspaces: Collection[str], role: str) -> Select[tuple[object]]:
    columns = _named.c
    return select(columns.platform_id).where(columns.workspace.in_(sorted(workspaces)), columns.role == role)


def _serving(workspaces: Collection[str]) -> ColumnElement[bool]:
    columns = _platforms.c
    restricted = and_(columns.restriction == Restriction.RESTRICTED, columns.id.in_(_naming(workspaces, _SERVED)))
    return or_(
        columns.workspace.in_(sorted(workspaces)),
        and_(
            columns.publication_state == PublicationState.PUBLISHED,
            or_(columns.restriction == Restriction.PUBLIC, restricted),
        ),
    )


def _shown_to(workspaces: Collection[str]) -> ColumnElement[bool]:
    return or_(_serving(workspaces), _platforms.c.id.in_(_naming(workspaces, _CONTRIBUTING)))
