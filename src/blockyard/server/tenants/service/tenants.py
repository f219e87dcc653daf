"""Everything a principal can do with tenants, in one place, and what other services ask about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import TagOwner
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import NAMED, Above, counted, named
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.payment_methods.model import PaymentMethod
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.platforms.model import PlatformId
from blockyard.server.platforms.service import PlatformService
from blockyard.server.project_bindings.service import ProjectBindingService
from blockyard.server.projects.model import ProjectKey
from blockyard.server.projects.service import ProjectService
from blockyard.server.tags.model import Tags
from blockyard.server.tags.service import TagService
from blockyard.server.tenants.model import Replication, Tenant, TenantId, TenantQuery, TenantSpec, merged_tags
from blockyard.server.tenants.service.access import (
    DELETE,
    LIST,
    PLATFORM_LIST,
    ZONE_LIST,
    may_decide,
    may_purge,
    require_known,
    require_list,
)
from blockyard.server.tenants.service.changing import Changing
from blockyard.server.tenants.service.creating import Creating
from blockyard.server.tenants.service.ending import Ending
from blockyard.server.tenants.service.news import News
from blockyard.server.tenants.service.ports import TenantBlocks
from blockyard.server.tenants.service.related import TenantRelations
from blockyard.server.tenants.store import TenantStore
from blockyard.server.workspaces.service import WorkspaceService


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant with the tags it has from its project, payment method and workspace."""

    tenant: Tenant
    tags: Mapping[str, Sequence[str]]

    @property
    def key(self) -> TenantId:
        """What addresses this tenant."""
        return self.tenant.id


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDetail:
    """A tenant for people; the last three say what the principal may do."""

    view: TenantView
    replication: Replication
    may_delete: bool
    may_decide: bool
    may_purge: bool


class TenantService:
    """Use cases of tenants."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: WorkspaceService,
        payment_methods: PaymentMethodService,
        projects: ProjectService,
        people: ProjectBindingService,
        platforms: PlatformService,
        landing_zones: LandingZoneService,
        tags: TagService,
    ) -> None:
        self._workspaces = workspaces
        self._payment_methods = payment_methods
        self._projects = projects
        self._people = people
        self._landing_zones = landing_zones
        self.blocks: Above[TenantBlocks] = Above()
        self._news = News(basics.event_log)
        self.relations = TenantRelations(tags=tags, workspaces=workspaces, projects=projects, zones=landing_zones)
        self._creating = Creating(
            basics,
            workspaces=workspaces,
            projects=projects,
            platforms=platforms,
            landing_zones=landing_zones,
            blocks=self.blocks,
            relations=self.relations,
            news=self._news,
        )
        self._changing = Changing(
            projects=projects,
            platforms=platforms,
            landing_zones=landing_zones,
            blocks=self.blocks,
            relations=self.relations,
            news=self._news,
        )
        projects.uses.add(self._of_project)
        platforms.uses.add(self._of_platform)
        platforms.bound_by.add(self._of_platform)
        landing_zones.uses.add(self._of_landing_zone)
        self._ending = Ending(
            basics, blocks=self.blocks, landing_zones=landing_zones, relations=self.relations, news=self._news
        )

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, wanted: Mapping[str, object | None]
    ) -> Page[TenantView]:
        """Return active tenants of the principal's workspaces, oldest first, with these values of members (None: any). Raises Denied."""
        owners = principal.listing(LIST).owners
        found = TenantStore(tx).active(request, owners=owners, only=principal.only_projects, wanted=wanted)
        return Page(self._views(tx, found.items), found.total, request)

    def get(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantView:
        """Return a tenant, deleted ones too. Raises NotFound, Denied."""
        return self._view(tx, self._read(tx, principal, tenant_id))

    def create(self, tx: Transaction, principal: Principal, key: ProjectKey, spec: TenantSpec) -> TenantView:
        """Make or import a tenant. Raises Denied, NotFound, Invalid, Conflict."""
        return self._view(tx, self._creating.create(tx, principal, key, spec))

    def delete(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantView:
        """Ask for the deletion of a tenant. Raises NotFound, Denied, Conflict."""
        return self._view(tx, self._ending.delete(tx, principal, tenant_id))

    def approve_deletion(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantDetail:
        """Approve that a tenant is deleted. Raises NotFound, Denied, Conflict."""
        return self._detail(tx, principal, self._ending.approve(tx, principal, tenant_id))

    def decline_deletion(self, tx: Transaction, principal: Principal, tenant_id: UUID, comment: str) -> TenantDetail:
        """Decline that a tenant is deleted. Raises NotFound, Denied, Invalid, Conflict."""
        return self._detail(tx, principal, self._ending.decline(tx, principal, tenant_id, comment))

    def confirm_deletion(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantDetail:
        """Say that a tenant is gone from the platform. Raises NotFound, Denied, Conflict."""
        return self._detail(tx, principal, self._ending.confirm(tx, principal, tenant_id))

    def purge(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantDetail:
        """Forget a tenant and leave the platform as it is. Raises NotFound, Denied, Conflict."""
        return self._detail(tx, principal, self._ending.purge(tx, principal, tenant_id))

    def set_quotas(
        self, tx: Transaction, principal: Principal, tenant_id: UUID, requested: Mapping[str, int]
    ) -> TenantDetail:
        """Lay other quotas over those of the landing zone. Raises NotFound, Denied, Invalid, Conflict."""
        return self._detail(tx, principal, self._changing.set_quotas(tx, principal, tenant_id, requested))

    def move(self, tx: Transaction, principal: Principal, tenant_id: UUID, project: str) -> TenantDetail:
        """Give a tenant to another project of its workspace. Raises NotFound, Denied, Conflict."""
        return self._detail(tx, principal, self._changing.move(tx, principal, tenant_id, project))

    def search(
        self, tx: Transaction, principal: Principal, query: TenantQuery, request: PageRequest
    ) -> Page[TenantDetail]:
        """Return tenants that are not deleted, for people: of their workspaces, and of what their workspaces offer."""
        found = TenantStore(tx).search(_within_reach(principal, query), request)
        views = self._views(tx, found.items)
        replications = self.blocks().replications(tx, found.items)
        return Page([_detail(principal, view, replications[view.key]) for view in views], found.total, request)

    def detail(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> TenantDetail:
        """Return a tenant with all there is to know about it. Raises NotFound, Denied."""
        return self._detail(tx, principal, self._read(tx, principal, tenant_id))

    # For other services: no principal is asked but in `orderable`

    def orderable(self, tx: Transaction, principal: Principal, wanted: UUID | str, *, field: str) -> Tenant:
        """Return a tenant, by its id or name, on which building blocks can be ordered; nobody else changes it meanwhile.

        A block that has succeeded as soon as it is ordered tells its tenant: two who only kept it would wait for each other.
        Raises NotFound (or nothing the principal may know of), Conflict (it is deleted, or about to be).
        """
        tenants = TenantStore(tx)
        key = TenantId(wanted) if isinstance(wanted, UUID) else tenants.called(wanted)
        found = None if key is None else tenants.hold(key) or tenants.get(key)
        if found is None or not _is_targetable(principal, found):
            raise NotFound(f"there is no tenant {wanted} that you can see", code="UnknownTenant", field=field)
        found.require_active(field)
        return found

    def find(self, tx: Transaction, tenant_id: TenantId) -> Tenant | None:
        """Return a tenant, deleted ones too."""
        return TenantStore(tx).get(tenant_id)

    def find_all(self, tx: Transaction, tenant_ids: Collection[TenantId]) -> Mapping[TenantId, Tenant]:
        """Return those of the tenants that exist, deleted ones too: one statement, however many they are."""
        return TenantStore(tx).many(tenant_ids) if tenant_ids else {}

    def hold(self, tx: Transaction, tenant_id: TenantId) -> Tenant | None:
        """Return a tenant, unless it is deleted, and let nobody else change it until this transaction ends."""
        return TenantStore(tx).hold(tenant_id)

    def learn(
        self, tx: Transaction, tenant: Tenant, *, platform_tenant_id: str | None, sign_in_url: str | None
    ) -> Tenant:
        """Store what the platform calls a tenant that is held, and where people sign in to it; return the tenant."""
        after = replace(tenant, platform_tenant_id=platform_tenant_id, sign_in_url=sign_in_url)
        return tenant if after == tenant else TenantStore(tx).save(after)

    def emptied(self, tx: Transaction, tenant: Tenant, author: Author) -> None:
        """Tell that a tenant that is held and leaving has no building block any more."""
        self._ending.emptied(tx, tenant, author)

    def has_people(self, tx: Transaction, tenant: Tenant) -> bool:
        """Whether anybody may use the tenant while it is active."""
        return bool(self._people.people_of(tx, tenant.project_key))

    def people_of(self, tx: Transaction, tenant: Tenant) -> Sequence[JsonObject]:
        """Return who may use the tenant, as USER_PERMISSIONS inputs carry them: nobody once its deletion is asked for."""
        return self._people.people_of(tx, tenant.project_key) if tenant.is_active else []

    def tags_around(self, tx: Transaction, tenants: Collection[Tenant]) -> Mapping[TenantId, Mapping[TagOwner, Tags]]:
        """Return the tags of the project, its payment method and the landing zone of each of the tenants: three statements."""
        zones = self._landing_zones.living_named(
            tx, {one.landing_zone for one in tenants if one.landing_zone is not None}
        )
        of_zones = {name: zone.tags for name, zone in zones.items()}
        of_projects = self._tags_of_projects(tx, tenants)
        return {
            tenant.id: {
                TagOwner.PROJECT: of_projects[tenant.id][0],
                TagOwner.PAYMENT_METHOD: of_projects[tenant.id][1],
                TagOwner.LANDING_ZONE: of_zones.get(tenant.landing_zone or "", {}),
            }
            for tenant in tenants
        }

    def in_project(self, tx: Transaction, key: ProjectKey) -> Sequence[Tenant]:
        """Return the tenants of a project that are not deleted, oldest first."""
        project = self._projects.living(tx, key)
        return [] if project is None else TenantStore(tx).of_project(project.id)

    def in_landing_zone(self, tx: Transaction, landing_zone: str) -> Sequence[Tenant]:
        """Return the tenants of a landing zone that are not deleted, oldest first."""
        store = TenantStore(tx)
        return store.where(*store.with_members({"landing_zone": landing_zone}))

    def paid_with(self, tx: Transaction, method: PaymentMethod) -> Sequence[Tenant]:
        """Return the tenants of the projects that are paid with a payment method."""
        store = TenantStore(tx)
        return [tenant for project in self._projects.paid_with(tx, method) for tenant in store.of_project(project.id)]

    def tags_to_be(self, tx: Transaction, key: ProjectKey | None, landing_zone: str | None) -> Mapping[TagOwner, Tags]:
        """Return the tags that a tenant will have around it that is yet to be made, maybe with its project; no principal is asked."""
        project = None if key is None else self._projects.living(tx, key)
        paid = None if project is None else project.payment_method_identifier
        method = None if paid is None else self._payment_methods.living_named(tx, {paid}).get(paid)
        zones = {} if landing_zone is None else self._landing_zones.living_named(tx, {landing_zone})
        zone = zones.get(landing_zone or "")
        return {
            TagOwner.PROJECT: {} if project is None else project.tags,
            TagOwner.PAYMENT_METHOD: {}
            if method is None or key is None or method.workspace != key.workspace
            else method.tags,
            TagOwner.LANDING_ZONE: {} if zone is None else zone.tags,
        }

    def tags_of_payment_methods(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Tags]:
        """Return the tags of the payment methods with these names that there are."""
        return {name: one.tags for name, one in self._payment_methods.living_named(tx, {*names}).items()}

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(TenantStore(tx).count_of(workspace), "tenant")

    def _of_project(self, tx: Transaction, key: ProjectKey) -> Sequence[str]:
        return self._named(tx, {"workspace": key.workspace, "project": key.name})

    def _of_platform(self, tx: Transaction, platform_id: PlatformId) -> Sequence[str]:
        return self._named(tx, {"platform_id": platform_id})

    def _of_landing_zone(self, tx: Transaction, zone: LandingZone) -> Sequence[str]:
        return self._named(tx, {"landing_zone": zone.name})

    def _named(self, tx: Transaction, wanted: Mapping[str, object]) -> Sequence[str]:
        found = TenantStore(tx).matching(wanted, PageRequest(0, NAMED))
        return named("tenant", [tenant.name for tenant in found.items], found.total)

    def _read(self, tx: Transaction, principal: Principal, tenant_id: UUID) -> Tenant:
        tenant = require_known(principal, TenantStore(tx).get(TenantId(tenant_id)), tenant_id)
        require_list(principal, tenant)
        return tenant

    def _view(self, tx: Transaction, tenant: Tenant) -> TenantView:
        return self._views(tx, [tenant])[0]

    def _views(self, tx: Transaction, tenants: Sequence[Tenant]) -> list[TenantView]:
        """Return tenants with their tags: three statements, however many they are."""
        workspaces = self._workspaces.find_all(tx, {tenant.workspace for tenant in tenants})
        around = self._tags_of_projects(tx, tenants)
        return [
            TenantView(tenant, merged_tags(*around[tenant.id], workspaces[tenant.workspace].tags)) for tenant in tenants
        ]

    def _tags_of_projects(self, tx: Transaction, tenants: Collection[Tenant]) -> Mapping[TenantId, tuple[Tags, Tags]]:
        """Return the tags of the project and of its payment method for each of the tenants: two statements."""
        projects = self._projects.find_all(tx, {tenant.project_id for tenant in tenants})
        paid = {project.payment_method_identifier for project in projects.values()} - {None}
        methods = self._payment_methods.living_named(tx, {name for name in paid if name is not None})
        found: dict[TenantId, tuple[Tags, Tags]] = {}
        for tenant in tenants:
            project = projects[tenant.project_id]
            method = methods.get(project.payment_method_identifier or "")
            of_method = method.tags if method is not None and method.workspace == tenant.workspace else {}
            found[tenant.id] = (project.tags, of_method)
        return found

    def _detail(self, tx: Transaction, principal: Principal, tenant: Tenant) -> TenantDetail:
        return _detail(principal, self._view(tx, tenant), self.blocks().replications(tx, [tenant])[tenant.id])


def _detail(principal: Principal, view: TenantView, replication: Replication) -> TenantDetail:
    tenant = view.tenant
    return TenantDetail(
        view=view,
        replication=replication,
        may_delete=principal.allows(DELETE, workspace=tenant.workspace),
        may_decide=may_decide(principal, tenant),
        may_purge=may_purge(principal, tenant),
    )


def _is_targetable(principal: Principal, tenant: Tenant) -> bool:
    """Whether the principal may know that there is a tenant to order building blocks on."""
    may = any(principal.allows(code, workspace=tenant.workspace) for code in (LIST, "BUILDINGBLOCK_SAVE"))
    return may and principal.sees_project(tenant.workspace, tenant.project)


def _within_reach(principal: Principal, query: TenantQuery) -> TenantQuery:
    reach = principal.reach(LIST)
    if reach.everything:
        return query
    providers, zone_owners = principal.reach(PLATFORM_LIST).workspaces, principal.reach(ZONE_LIST).workspaces
    if not (providers or zone_owners):
        principal.listing(LIST)
    return replace(
        query,
        workspaces=reach.workspaces,
        only_projects=principal.only_projects,
        providers=providers,
        zone_owners=zone_owners,
    )
