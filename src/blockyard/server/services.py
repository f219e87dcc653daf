"""All use cases of the server, as one object.

What stands above every feature takes it: pages, which combine features, and the application. A feature knows only those
below it, so its routes take its own service. `app.wiring` builds it.
"""

from dataclasses import dataclass

from blockyard.server.audit.service import AuditService
from blockyard.server.binding_requests.service import BindingRequestService
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.bulk import BulkService
from blockyard.server.brakes.service import BrakeService
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.drift.service import DriftService
from blockyard.server.home.service import HomeService
from blockyard.server.identity.service import (
    AdminBindingService,
    ApiKeyService,
    Authenticator,
    GroupService,
    PasskeyService,
    SecondFactors,
    SessionService,
    SignInLinks,
    Throttle,
    Tokens,
    UserService,
)
from blockyard.server.identity_providers.client import ProviderClient
from blockyard.server.identity_providers.service import ProviderService
from blockyard.server.integrations.service import IntegrationService
from blockyard.server.issuer.model.workload import Installation
from blockyard.server.issuer.service import ClientSessionService, Protocol, SigningKeys
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.hal import Links
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.tickets import Tickets
from blockyard.server.landing_zones.service import LandingZoneService
from blockyard.server.order_drafts.service import OrderDraftService
from blockyard.server.orders.service import OrderService
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.platforms.service import LocationService, PlatformService, PlatformTypeService
from blockyard.server.principal_tags.service import PrincipalTagService
from blockyard.server.project_bindings.service import ProjectBindingService
from blockyard.server.project_roles.service import ProjectRoleService
from blockyard.server.projects.service import ProjectService
from blockyard.server.publications.service import PublicationService
from blockyard.server.runners.service import RunnerService
from blockyard.server.runs.service import (
    ClaimService,
    FailureService,
    PlanViews,
    ReportService,
    RunIdentities,
    RunService,
    RunSweeper,
    RunViews,
)
from blockyard.server.service_instances.service import ServiceInstanceService
from blockyard.server.tags.service import PolicyService, TagDefinitionService, TagService
from blockyard.server.tenants.service import TenantService
from blockyard.server.tofu_state.service import ResourceService, StateService, StateWork
from blockyard.server.workspaces.service import BindingService, WorkspaceService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All use cases of the server."""

    clock: Clock
    master_key: MasterKey
    links: Links
    new_id: NewId
    throttle: Throttle
    tokens: Tokens
    authenticator: Authenticator
    users: UserService
    sessions: SessionService
    second_factors: SecondFactors
    passkeys: PasskeyService
    tickets: Tickets
    sign_in_links: SignInLinks
    groups: GroupService
    admin_bindings: AdminBindingService
    identity_providers: ProviderService
    provider_client: ProviderClient
    signing_keys: SigningKeys
    installation: Installation
    client_sessions: ClientSessionService
    issuer: Protocol
    api_keys: ApiKeyService
    tag_definitions: TagDefinitionService
    tags: TagService
    policies: PolicyService
    workspaces: WorkspaceService
    bindings: BindingService
    binding_requests: BindingRequestService
    publications: PublicationService
    payment_methods: PaymentMethodService
    project_roles: ProjectRoleService
    projects: ProjectService
    project_bindings: ProjectBindingService
    principal_tags: PrincipalTagService
    audit: AuditService
    runners: RunnerService
    integrations: IntegrationService
    locations: LocationService
    platform_types: PlatformTypeService
    platforms: PlatformService
    definitions: DefinitionService
    landing_zones: LandingZoneService
    service_instances: ServiceInstanceService
    tenants: TenantService
    brakes: BrakeService
    runs: RunService
    claims: ClaimService
    reports: ReportService
    views: RunViews
    plans: PlanViews
    sweeper: RunSweeper
    failures: FailureService
    run_identities: RunIdentities
    blocks: BlockService
    state: StateService
    state_work: StateWork
    resources: ResourceService
    drift: DriftService
    order_drafts: OrderDraftService
    orders: OrderService
    bulk: BulkService
    home: HomeService
