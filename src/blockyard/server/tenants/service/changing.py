"""What changes a tenant that stays: other quotas, another project. Source: concepts.md 3 and 4."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.kit.usage import Above
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.platforms.service import PlatformService
from blockyard.server.projects.model import ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.tenants.model import Tenant, TenantId, applied_quotas
from blockyard.server.tenants.service.access import SAVE, require_change, require_known
from blockyard.server.tenants.service.news import News
from blockyard.server.tenants.service.ports import TenantBlocks
from blockyard.server.tenants.service.related import TenantRelations
from blockyard.server.tenants.store import TenantStore

PROJECT_FIELD = "/projectIdentifier"
QUOTAS_FIELD = "/quotas"


class Changing:
    """Changes tenants."""

    def __init__(
        self,
        *,
        projects: ProjectService,
        platforms: PlatformService,
        landing_zones: LandingZoneService,
        blocks: Above[TenantBlocks],
        relations: TenantRelations,
        news: News,
    ) -> None:
        self._projects = projects
        self._platforms = platforms
        self._landing_zones = landing_zones
        self._blocks = blocks
        self._relations = relations
        self._news = news

    def set_quotas(
        self, tx: Transaction, principal: Principal, tenant_id: UUID, requested: Mapping[str, int]
    ) -> Tenant:
        """Lay other quotas over those of the landing zone. Raises NotFound, Denied, Invalid, Conflict (it is being deleted)."""
        tenant = self._held(tx, principal, tenant_id)
        require_change(principal, tenant)
        tenant.require_active(QUOTAS_FIELD)
        platform = self._platforms.living(tx, tenant.platform_id)
        zone = None if tenant.landing_zone is None else self._landing_zones.by_name(tx, tenant.landing_zone)
        quotas = applied_quotas(
            {quota.quota_key: quota for quota in (() if platform is None else platform.quota_definitions)},
            {} if zone is None else zone.quotas,
            requested,
            approves=True,
            at=QUOTAS_FIELD,
        )
        if quotas == tenant.quotas:
            return tenant
        changed = TenantStore(tx).save(replace(tenant, quotas=quotas))
        self._news.tell(tx, principal.author, changed, "Quotas Changed", EventType.CHANGED)
        return changed

    def move(self, tx: Transaction, principal: Principal, tenant_id: UUID, name: str) -> Tenant:
        """Give a tenant with its building blocks to another project of its workspace; doing it again changes nothing.

        Raises NotFound (tenant, project), Denied, Conflict (the project has one on this platform, a run is under way, a policy).
        """
        tenant = self._held(tx, principal, tenant_id)
        principal.require(SAVE, workspace=None)
        tenant.require_active(PROJECT_FIELD)
        project = self._projects.require_active(tx, ProjectKey(tenant.workspace, name), field=PROJECT_FIELD)
        if project.id == tenant.project_id:
            return tenant
        if any(other.platform_id == tenant.platform_id for other in TenantStore(tx).of_project(project.id)):
            raise Conflict(
                f"project '{project.key}' has a tenant on platform '{tenant.platform}' already",
                code="TenantExists",
                field=PROJECT_FIELD,
                remedy="Delete that tenant first, or choose another project.",
            )
        self._blocks().refuse_running(tx, tenant)
        moved = TenantStore(tx).save(replace(tenant, project=project.name, project_id=project.id))
        zone = None if moved.landing_zone is None else self._landing_zones.by_name(tx, moved.landing_zone)
        if zone is not None:
            self._relations.made(tx, principal, moved, zone, by=SAVE, field=PROJECT_FIELD)
        self._relations.gone(tx, tenant)
        self._news.tell(tx, principal.author, moved, "Moved", EventType.CHANGED, before=tenant)
        self._blocks().moved(tx, tenant, moved)
        return moved

    def _held(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        """Return a tenant for a change. Raises NotFound."""
        tenants, key = TenantStore(tx), TenantId(tenant_id)
        return require_known(principal, tenants.hold(key) or tenants.get(key), tenant_id)
