"""Which workspaces and projects use which landing zones: what policies relate by tenants. Source: concepts.md 20."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.landing_zones.model import LandingZone, LandingZoneId
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.projects.model import ProjectId
from blockyard.server.projects.service import ProjectService
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import Pair, Relation, TagService
from blockyard.server.tenants.model import Tenant
from blockyard.server.tenants.store import TenantStore, User
from blockyard.server.workspaces.service import WorkspaceService

Found = Callable[[Transaction, Collection[str]], Mapping[str, Tagged]]
"""Returns those of the things with these ids that exist."""


class TenantRelations:
    """Tells policies which workspaces and projects have tenants in which landing zones."""

    def __init__(
        self, *, tags: TagService, workspaces: WorkspaceService, projects: ProjectService, zones: LandingZoneService
    ) -> None:
        self._tags = tags
        self._zones = zones
        self._users: Mapping[User, tuple[TargetKind, Found]] = {
            User.WORKSPACE: (TargetKind.WORKSPACE, workspaces.tagged),
            User.PROJECT: (
                TargetKind.PROJECT,
                lambda tx, ids: {
                    str(one): tagged for one, tagged in projects.tagged(tx, {ProjectId(UUID(i)) for i in ids}).items()
                },
            ),
        }

    def relations(self) -> Sequence[Relation]:
        """Return how workspaces and projects are related to landing zones."""
        return [self._relation(user, kind, found) for user, (kind, found) in self._users.items()]

    def made(
        self, tx: Transaction, principal: Principal, tenant: Tenant, zone: LandingZone, *, by: str, field: str
    ) -> None:
        """Look at the workspace and the project of a new tenant, and at its landing zone. Raises Conflict (a policy forbids it)."""
        affected = self._zones.tagged(tx, [zone.name])[zone.name]
        for user, (_, found) in self._users.items():
            authoritative = found(tx, [user.of(tenant)])[user.of(tenant)]
            self._tags.related(tx, principal, authoritative, affected, by=by, field=field)

    def gone(self, tx: Transaction, tenant: Tenant) -> None:
        """Forget what is violated with a landing zone in which there is no tenant any more."""
        zone = None if tenant.landing_zone is None else self._zones.by_name(tx, tenant.landing_zone)
        for user in self._users if zone is not None else ():
            if zone is not None and zone.name not in TenantStore(tx).zones_of(user, user.of(tenant)):
                self._tags.parted(tx, user.of(tenant), str(zone.id))

    def _relation(self, user: User, kind: TargetKind, found: Found) -> Relation:
        def authorities_of(tx: Transaction, what: Tagged) -> Sequence[Tagged]:
            zone = self._zones.by_id(tx, LandingZoneId(UUID(what.id)))
            return [] if zone is None else [*found(tx, TenantStore(tx).users_of_zone(user, zone.name)).values()]

        def affected_by(tx: Transaction, what: Tagged) -> Sequence[Tagged]:
            return [*self._zones.tagged(tx, TenantStore(tx).zones_of(user, what.id)).values()]

        def pairs(tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
            behind = after.split(" ", 1)
            listed = TenantStore(tx).used_zones(user, (behind[0], behind[1]) if after else None, limit)
            users = found(tx, {one for one, _ in listed})
            zones = self._zones.tagged(tx, {zone for _, zone in listed})
            return [Pair(users[one], zones[zone], f"{one} {zone}") for one, zone in listed]

        return Relation(
            authoritative=kind,
            affected=TargetKind.LANDING_ZONE,
            authorities_of=authorities_of,
            affected_by=affected_by,
            pairs=pairs,
        )
