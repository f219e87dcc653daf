"""Making tenants. Source: api.md 3.11 (creation), concepts.md 3."""

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.kit.usage import Above, named
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.platforms.model import Platform
from blockyard.server.platforms.service import PlatformService
from blockyard.server.projects.model import ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.tenants.model import (
    PLATFORM_TENANT_ID_FIELD,
    Tenant,
    TenantId,
    TenantSpec,
    applied_quotas,
    check_platform_tenant_id,
)
from blockyard.server.tenants.service.access import IMPORT, SAVE
from blockyard.server.tenants.service.news import News
from blockyard.server.tenants.service.ports import TenantBlocks
from blockyard.server.tenants.service.related import TenantRelations
from blockyard.server.tenants.store import TenantStore
from blockyard.server.workspaces.service import WorkspaceService

PLATFORM_FIELD = "/spec/platformRef/uuid"
LANDING_ZONE_FIELD = "/spec/landingZoneRef/name"


class Creating:
    """Makes tenants."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        projects: ProjectService,
        platforms: PlatformService,
        landing_zones: LandingZoneService,
        blocks: Above[TenantBlocks],
        relations: TenantRelations,
        news: News,
    ) -> None:
        self._clock = basics.clock
        self._new_id = basics.new_id
        self._workspaces = workspaces
        self._projects = projects
        self._platforms = platforms
        self._landing_zones = landing_zones
        self._blocks = blocks
        self._relations = relations
        self._news = news

    def create(self, tx: Transaction, principal: Principal, key: ProjectKey, spec: TenantSpec) -> Tenant:
        """Make a tenant with the building blocks that its landing zone asks for, or import one that is there.

        Raises Denied, NotFound (workspace), Invalid, Conflict (the project has one on this platform, or a policy forbids it).
        """
        principal.require(SAVE, workspace=key.workspace)
        self._workspaces.require_active(tx, key.workspace)
        project = self._projects.require_active(tx, key, field="/metadata/ownedByProject")
        platform = self._platforms.require_usable(tx, key.workspace, spec.platform_id, field=PLATFORM_FIELD)
        zone = self._zone(tx, principal, key.workspace, platform, spec.landing_zone)
        quotas = applied_quotas(
            {quota.quota_key: quota for quota in platform.quota_definitions},
            {} if zone is None else zone.quotas,
            spec.requested_quotas,
            approves=principal.allows(SAVE, workspace=None),
        )
        tenants = TenantStore(tx)
        for other in tenants.of_project(project.id):
            if other.platform_id == platform.id:
                raise _second(other)
        if spec.platform_tenant_id is not None:
            _check_import(principal, platform, zone, spec.platform_tenant_id)
        tenant = tenants.add(
            Tenant(
                id=TenantId(self._new_id()),
                workspace=key.workspace,
                project=key.name,
                project_id=project.id,
                platform_id=platform.id,
                platform=platform.identifier,
                platform_type=platform.type_name,
                provider=platform.workspace,
                landing_zone=None if zone is None else zone.name,
                landing_zone_owner=None if zone is None else zone.workspace,
                author=principal.author,
                created_at=self._clock(),
                platform_tenant_id=spec.platform_tenant_id,
                quotas=quotas,
            )
        )
        if zone is not None:
            self._relations.made(tx, principal, tenant, zone, by=SAVE, field=LANDING_ZONE_FIELD)
        self._news.tell(tx, principal.author, tenant, "Created", EventType.CREATED)
        mandatory = () if zone is None else zone.mandatory
        if mandatory or spec.block_inputs:
            self._blocks().order_mandatory(tx, principal, tenant, mandatory, spec.block_inputs)
        return tenants.get(tenant.id) or tenant

    def _zone(
        self, tx: Transaction, principal: Principal, workspace: str, platform: Platform, name: str | None
    ) -> LandingZone | None:
        """Return the landing zone `name` of the platform, or the only one that the workspace may use; None if there is none at all.

        Raises Invalid: it may use none, or several and names none.
        """
        zones = self._landing_zones
        if name is None:
            found = zones.usable_of(tx, workspace, platform.id)
            if found.total == 0:
                if zones.has_any(tx, platform.id):
                    raise _choose(
                        platform, "no landing zone that the workspace may use", "Ask who offers the platform."
                    )
                return None
            if found.total > 1:
                names = named("landing zone", sorted(zone.name for zone in found.items), found.total)
                raise _choose(platform, f"several landing zones: {', '.join(names)}", "Name one of them.")
            name = found.items[0].name
        return zones.require_usable(tx, principal, workspace, name, platform.id, field=LANDING_ZONE_FIELD)


def _check_import(principal: Principal, platform: Platform, zone: LandingZone | None, platform_tenant_id: str) -> None:
    """Refuse an import by those who may not, or that landing zone blocks would make once more. Source: concepts.md 3."""
    principal.require(IMPORT, workspace=None, provider=platform.workspace)
    check_platform_tenant_id(platform_tenant_id, field_=PLATFORM_TENANT_ID_FIELD)
    if zone is not None and zone.mandatory:
        raise Invalid(
            f"landing zone '{zone.name}' has mandatory building blocks, which would make what is there already",
            code="ImportWithBlocks",
            field=PLATFORM_TENANT_ID_FIELD,
            remedy="Use a landing zone without mandatory building blocks, or send null to make a new tenant.",
        )


def _choose(platform: Platform, problem: str, remedy: str) -> Invalid:
    return Invalid(
        f"platform '{platform.identifier}' has {problem}",
        code="LandingZoneNeeded",
        field=LANDING_ZONE_FIELD,
        remedy=remedy,
    )


def _second(other: Tenant) -> Conflict:
    more = "" if other.is_active else ", which is being deleted"
    return Conflict(
        f"project '{other.project_key}' has a tenant on platform '{other.platform}' already{more}",
        code="TenantExists",
        field=PLATFORM_FIELD,
        remedy="Use that tenant, or make one in another project.",
    )
