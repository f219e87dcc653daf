"""The table of tenants. Every filter of a list has its index."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    Uuid,
    and_,
    literal,
    select,
    tuple_,
    union,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.events.model import Author
from blockyard.server.kit.columns import Instant, JsonText, Packed
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, in_reach, index_list, life
from blockyard.server.projects.model import ProjectId
from blockyard.server.tenants.model import Tenant, TenantId, TenantQuery


def _author(stored: Json) -> Author:
    return Author.read(stored if isinstance(stored, dict) else {})


_tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("project", String(64), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id"), nullable=False),
    Column("platform_id", Uuid, ForeignKey("platforms.id"), nullable=False),
    Column("platform", String(255), nullable=False),
    Column("platform_type", String(255), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("landing_zone", String(255)),
    Column("landing_zone_owner", String(64)),
    Column("author", Packed(Author.document, _author), nullable=False),
    Column("platform_tenant_id", String(255)),
    Column("quotas", JsonText, nullable=False),
    Column("sign_in_url", Text),
    Column("marked_at", Instant),
    Column("marked_by", String(255)),
    Column("approved_at", Instant),
    Column("by_hand", Boolean, nullable=False),
    Column("decline_comment", String(255)),
    *life(),
)
_LIVING = _tenants.c.deleted_at.is_(None)
index_list(
    _tenants,
    "workspace",
    "project",
    "platform",
    "platform_id",
    "platform_type",
    "provider",
    "landing_zone",
    "landing_zone_owner",
    "platform_tenant_id",
    seen=("marked_at",),
)
Index(
    "uq_tenants_live_place",
    _tenants.c.project_id,
    _tenants.c.platform_id,
    unique=True,
    sqlite_where=_LIVING,
    postgresql_where=_LIVING,
)

for _owner in ("workspace", "project_id"):
    Index(
        f"ix_tenants_live_{_owner}_landing_zone",
        _tenants.c[_owner],
        _tenants.c.landing_zone,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    )

_AWAITED = and_(_LIVING, _tenants.c.marked_at.is_not(None))
Index(
    "ix_tenants_awaited",
    *(_tenants.c[name] for name in ("approved_at", "created_at", "id", "marked_at", "deleted_at")),
    sqlite_where=_AWAITED,
    postgresql_where=_AWAITED,
)
_rows: Rows[Tenant, TenantId] = Rows(_tenants, Tenant, "id", remembered=True)


class User(StrEnum):
    """Who has tenants in landing zones, by the column that says so."""

    WORKSPACE = "workspace"
    PROJECT = "project_id"

    def of(self, tenant: Tenant) -> str:
        """Return who has a tenant."""
        return tenant.workspace if self is User.WORKSPACE else str(tenant.project_id)

    def value_of(self, identifier: str) -> str | UUID:
        """Return an identifier as the column has it."""
        return identifier if self is User.WORKSPACE else UUID(identifier)


class TenantStore(Store[Tenant, TenantId]):
    """Reads and writes tenants."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def hold(self, tenant_id: TenantId) -> Tenant | None:
        """Return a tenant, unless it is deleted, for a change; others who keep or hold it wait until this transaction ends."""
        return self._remember(tenant_id, self.held(tenant_id))

    def active(
        self,
        request: PageRequest,
        *,
        owners: Collection[str] | None,
        only: Mapping[str, Collection[str]],
        wanted: Mapping[str, object | None],
    ) -> Page[Tenant]:
        """Return one page of the tenants that are neither deleted nor about to be, oldest first.

        Of the workspaces in `only` those of these projects alone.
        """
        conditions = [*self.with_members(wanted), _tenants.c.marked_at.is_(None)]
        if owners is not None:
            conditions.append(_owned(owners, only))
        return self.page_of(request, *conditions)

    def search(self, query: TenantQuery, request: PageRequest) -> Page[Tenant]:
        """Return one page of the tenants that match, for people, oldest first: also those that are being deleted."""
        conditions = self.with_members(
            {"workspace": query.workspace, "project": query.project, "platform": query.platform}
        )
        conditions += self.with_text(query.search, "project", "platform", "platform_tenant_id")
        if query.awaits_approval:
            conditions += [_tenants.c.marked_at.is_not(None), _tenants.c.approved_at.is_(None)]
        if query.workspaces is not None:
            conditions.append(_tenants.c.id.in_(_within(query)))
        return self.page_of(request, *conditions)

    def of_project(self, project_id: ProjectId) -> Sequence[Tenant]:
        """Return the tenants of a project that are not deleted, oldest first."""
        return self.where(_tenants.c.project_id == project_id)

    def called(self, name: str) -> TenantId | None:
        """Return the tenant with a name such as `shop.dev.repos.global`, unless it is deleted: no two have one."""
        workspace, project, platform = (*name.split(".", 2), "", "")[:3]
        found = self.where(*self.with_members({"workspace": workspace, "project": project, "platform": platform}))
        return next((tenant.id for tenant in found), None)

    def zones_of(self, user: User, identifier: str) -> Sequence[str]:
        """Return the landing zones in which somebody has tenants that are not deleted."""
        return self._distinct("landing_zone", _tenants.c[user] == user.value_of(identifier))

    def users_of_zone(self, user: User, landing_zone: str) -> Sequence[str]:
        """Return who has tenants in a landing zone that are not deleted."""
        return self._distinct(user, _tenants.c.landing_zone == landing_zone)

    def used_zones(self, user: User, behind: tuple[str, str] | None, limit: int) -> Sequence[tuple[str, str]]:
        """Return the first users and landing zones in which they have tenants behind such a pair, in their order."""
        pair = (_tenants.c[user], _tenants.c.landing_zone)
        found = select(*pair).where(_LIVING, _tenants.c.landing_zone.is_not(None)).distinct().order_by(*pair)
        if behind is not None:
            place = (literal(user.value_of(behind[0])), literal(behind[1]))
            found = found.where(tuple_(*pair) > tuple_(*place))
        rows = [tuple(map(str, row)) for row in self._tx.execute(found.limit(limit))]
        return [(one, zone) for one, zone in rows]

    def matching(self, wanted: Mapping[str, object], request: PageRequest) -> Page[Tenant]:
        """Return one page of those that are not deleted and have these values of members, oldest first."""
        return self.page_of(request, *self.with_members(wanted))

    def _distinct(self, column: str, condition: ColumnElement[bool]) -> Sequence[str]:
        found = select(_tenants.c[column]).where(_LIVING, condition, _tenants.c[column].is_not(None)).distinct()
        return [str(one) for one in self._tx.execute(found).scalars()]

    def _remember(self, tenant_id: TenantId, found: Tenant | None) -> Tenant | None:
        if found is not None and _rows.memory is not None:
            _rows.memory.of(self._tx)[tenant_id] = found
        return found


def _within(query: TenantQuery) -> CompoundSelect[tuple[UUID]]:
    """Return the ids of the tenants within somebody's reach, each kind of reach in its own index."""
    reach = (
        _owned(query.workspaces or (), query.only_projects),
        _tenants.c.provider.in_(sorted(query.providers)),
        _tenants.c.landing_zone_owner.in_(sorted(query.zone_owners)),
    )
    return union(*(select(_tenants.c.id).where(_LIVING, condition) for condition in reach))


def _owned(workspaces: Collection[str], only: Mapping[str, Collection[str]]) -> ColumnElement[bool]:
    """Return that a tenant belongs to one of the workspaces, in those of `only` to one of these projects."""
    return in_reach(_tenants.c.workspace, _tenants.c.project, workspaces, only)
