"""Everything is built here, by hand, in the order of the features; nothing else makes a service."""

from datetime import timedelta

from blockyard.server.app.settings import Settings
from blockyard.server.audit.service import AuditService
from blockyard.server.binding_requests.service import BindingRequestService
from blockyard.server.blocks.model.cascade import CascadeLimits
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.bulk import BulkService
from blockyard.server.brakes.service import BrakeService
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.drift.service import DriftService
from blockyard.server.events.basics import Basics
from blockyard.server.home.service import HomeService
from blockyard.server.identity.model import KeyLimits
from blockyard.server.identity.service import (
    Actors,
    AdminBindingService,
    ApiKeyService,
    Authenticator,
    GroupDirectory,
    GroupService,
    PasskeyService,
    Persons,
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
from blockyard.server.issuer.api import issuer_of
from blockyard.server.issuer.model import Algorithm
from blockyard.server.issuer.model.workload import Installation
from blockyard.server.issuer.service import ClientSessionService, IssuedTokens, Protocol, SigningKeys
from blockyard.server.kit.clock import Clock, utc_now
from blockyard.server.kit.hal import Links
from blockyard.server.kit.ids import NewId, new_id
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
from blockyard.server.runners.service import RunnerService, SecretSealer
from blockyard.server.runs.model import RunLimits
from blockyard.server.runs.ports import RunPorts
from blockyard.server.runs.service import (
    ClaimService,
    FailureService,
    PlanViews,
    ReportService,
    RunContext,
    RunIdentities,
    RunKeyring,
    RunService,
    RunSweeper,
    RunViews,
)
from blockyard.server.service_instances.service import ServiceInstanceService
from blockyard.server.services import Services
from blockyard.server.tags.model import TargetKind
from blockyard.server.tags.service import PolicyService, TagDefinitionService, TagService
from blockyard.server.tenants.service import TenantService
from blockyard.server.tofu_state.service import (
    LossGuard,
    ResourceService,
    StateLockbook,
    StateRestorer,
    StateService,
    StateWork,
)
from blockyard.server.workspaces.service import (
    BindingService,
    WorkspaceDirectory,
    WorkspacePeople,
    WorkspaceService,
)


def wire(settings: Settings, master_key: MasterKey, *, clock: Clock = utc_now, draw_id: NewId = new_id) -> Services:
    """Build all services; each feature gets the ones below it, and the ports of those above it."""
    links = Links(settings.effective_public_url)
    basics = Basics.of(clock, draw_id)

    directory = WorkspaceDirectory(groups=GroupDirectory())
    groups = GroupService(basics, workspaces=directory)
    admin_bindings = AdminBindingService(basics)
    users = UserService(
        basics,
        workspaces=directory,
        admin_bindings=admin_bindings,
    )
    persons = Persons(clock=clock, workspaces=directory, second_factor=settings.admin_second_factor)
    sessions = SessionService(basics, master_key=master_key, persons=persons)
    second_factors = SecondFactors(basics, master_key=master_key, users=users)
    issuer, installation = issuer_of(links.base_url), Installation(settings.workload_issuer_url or links.base_url)
    signing_keys = SigningKeys(basics, master_key=master_key, more=[Algorithm(settings.workload_signing_algorithm)])
    client_sessions = ClientSessionService(
        basics,
        master_key=master_key,
        users=users,
        persons=persons,
        tokens=IssuedTokens(keys=signing_keys, base_url=links.base_url, issuer=issuer, clock=clock, new_id=draw_id),
        admin_workspace=settings.admin_workspace,
    )
    api_keys = ApiKeyService(
        basics,
        master_key=master_key,
        workspaces=directory,
        limits=KeyLimits(settings.api_keys_per_workspace, settings.api_key_max_days),
    )
    people = WorkspacePeople(clock=clock, users=users, groups=groups)
    tag_definitions, tags = TagDefinitionService(basics), TagService(basics)
    workspaces = WorkspaceService(
        basics,
        people=people,
        keys=api_keys,
        tags=tags,
        admin_workspace=settings.admin_workspace,
        self_service=settings.workspace_self_service,
    )
    bindings = BindingService(
        basics,
        directory=directory,
        people=people,
        users=users,
        groups=groups,
        min_approvals=settings.min_approval_count,
    )
    publications = PublicationService(basics, workspaces=workspaces, review=settings.publication_review)
    payment_methods = PaymentMethodService(basics, workspaces=workspaces, tags=tags)
    project_roles = ProjectRoleService(basics, tags=tags)
    projects = ProjectService(basics, workspaces=workspaces, payment_methods=payment_methods, tags=tags)
    project_bindings = ProjectBindingService(
        basics,
        workspaces=workspaces,
        workspace_bindings=bindings,
        projects=projects,
        roles=project_roles,
        users=users,
        groups=groups,
        min_approvals=settings.min_approval_count,
    )
    binding_requests = BindingRequestService(
        basics,
        workspaces=workspaces,
        bindings=bindings,
        project_bindings=project_bindings,
        min_approvals=settings.min_approval_count,
    )

    principal_tags = PrincipalTagService(
        basics,
        tags=tags,
        users=users,
        groups=groups,
        workspaces=workspaces,
        bindings=bindings,
        projects=projects,
        project_bindings=project_bindings,
        roles=project_roles,
    )
    persons.projects_of.put(project_bindings.projects_of)

    runners = RunnerService(basics, workspaces=workspaces, keys=api_keys, installation=installation)
    sealer = SecretSealer(master_key)
    integrations = IntegrationService(
        basics, workspaces=workspaces, runners=runners, sealer=sealer, admin_workspace=settings.admin_workspace
    )
    locations = LocationService(basics, workspaces=workspaces)
    platform_types = PlatformTypeService(basics, workspaces=workspaces)
    platforms = PlatformService(
        basics,
        workspaces=workspaces,
        locations=locations,
        types=platform_types,
        publications=publications,
        master_key=master_key,
    )
    definitions = DefinitionService(
        basics,
        workspaces=workspaces,
        runners=runners,
        integrations=integrations,
        platform_types=platform_types,
        sealer=sealer,
        tags=tags,
        publications=publications,
        allow_file_repositories=settings.allow_file_repositories,
        repository_hosts=settings.repository_hosts,
    )
    landing_zones = LandingZoneService(
        basics, workspaces=workspaces, platforms=platforms, definitions=definitions, tags=tags
    )

    service_instances = ServiceInstanceService(basics, projects=projects)

    tenants = TenantService(
        basics,
        workspaces=workspaces,
        payment_methods=payment_methods,
        projects=projects,
        people=project_bindings,
        platforms=platforms,
        landing_zones=landing_zones,
        tags=tags,
    )

    brakes = BrakeService(basics, workspaces=workspaces, platforms=platforms, definitions=definitions)
    context = RunContext(
        basics=basics,
        master_key=master_key,
        links=links,
        runners=runners,
        brakes=brakes,
        limits=RunLimits(
            ceiling=timedelta(minutes=settings.attempt_ceiling_minutes),
            losses=settings.run_attempts,
            retries=settings.run_retries,
        ),
    )
    runs, locks = _runs(context, Actors(clock, persons)), StateLockbook(master_key)
    blocks = BlockService(
        basics,
        definitions=definitions,
        runs=runs,
        workspaces=workspaces,
        tenants=tenants,
        payment_methods=payment_methods,
        projects=projects,
        sealer=sealer,
        state=locks,
        tags=tags,
        brakes=brakes,
        cascade_limits=CascadeLimits(
            settings.cascade_limit, settings.cascade_stops_at_failure, timedelta(days=settings.bulk_job_days)
        ),
    )
    tenants.blocks.put(blocks.on_tenants)
    context.ports.put(
        RunPorts(
            content=blocks.hooks,
            listener=blocks.hooks,
            locks=locks,
            restoring=StateRestorer(basics, kept_versions=settings.state_versions),
        )
    )
    state = StateService(
        basics,
        runs=runs,
        kept_versions=settings.state_versions,
        guards=[blocks.holding.refuse],
        keepers=[LossGuard(blocks=blocks, contents=locks).require_kept],
    )

    policies = PolicyService(basics, tags.guard, tag_definitions)
    views, plans = RunViews(context), PlanViews(context)
    drift = DriftService(basics, definitions=definitions, blocks=blocks, plans=plans)
    home = HomeService(
        basics,
        users=users,
        workspaces=workspaces,
        bindings=bindings,
        binding_requests=binding_requests,
        policies=policies,
        projects=projects,
        tenants=tenants,
        blocks=blocks,
        definitions=definitions,
        runs=runs,
        drift=drift,
    )
    tokens = Tokens(master_key=master_key, clock=clock)
    services = Services(
        clock=clock,
        master_key=master_key,
        links=links,
        new_id=draw_id,
        throttle=Throttle(basics, master_key=master_key),
        tokens=tokens,
        authenticator=Authenticator(
            clock=clock,
            tokens=tokens,
            run_tokens=runs,
            run_keys=RunKeyring(context),
            client_tokens=client_sessions,
            persons=persons,
        ),
        users=users,
        sessions=sessions,
        second_factors=second_factors,
        passkeys=PasskeyService(basics, factors=second_factors, public_url=settings.effective_public_url),
        tickets=Tickets(master_key=master_key, clock=clock),
        sign_in_links=SignInLinks(clock=clock, master_key=master_key, users=users, sessions=sessions),
        groups=groups,
        admin_bindings=admin_bindings,
        identity_providers=ProviderService(
            basics,
            master_key=master_key,
            users=users,
            groups=groups,
            sessions=sessions,
            admin_bindings=admin_bindings,
            workspaces=directory,
            factors=second_factors,
        ),
        provider_client=ProviderClient(clock),
        signing_keys=signing_keys,
        installation=installation,
        client_sessions=client_sessions,
        issuer=Protocol(client_sessions, base_url=links.base_url, issuer=issuer),
        api_keys=api_keys,
        tag_definitions=tag_definitions,
        tags=tags,
        policies=policies,
        workspaces=workspaces,
        bindings=bindings,
        binding_requests=binding_requests,
        publications=publications,
        payment_methods=payment_methods,
        project_roles=project_roles,
        projects=projects,
        project_bindings=project_bindings,
        principal_tags=principal_tags,
        audit=AuditService(basics),
        runners=runners,
        integrations=integrations,
        locations=locations,
        platform_types=platform_types,
        platforms=platforms,
        definitions=definitions,
        landing_zones=landing_zones,
        service_instances=service_instances,
        tenants=tenants,
        brakes=brakes,
        runs=runs,
        claims=ClaimService(context),
        reports=ReportService(context),
        views=views,
        plans=plans,
        sweeper=RunSweeper(context),
        failures=FailureService(context, definitions=definitions),
        run_identities=RunIdentities(
            context,
            definitions=definitions,
            keys=signing_keys,
            algorithm=Algorithm(settings.workload_signing_algorithm),
        ),
        blocks=blocks,
        state=state,
        state_work=StateWork(basics, states=state, runs=runs, blocks=blocks, contents=locks),
        resources=ResourceService(basics, runs=runs, blocks=blocks.usage, definitions=definitions),
        drift=drift,
        order_drafts=OrderDraftService(basics, definitions=definitions, users=users),
        orders=OrderService(
            basics, definitions=definitions, projects=projects, tenants=tenants, blocks=blocks, views=views
        ),
        bulk=BulkService(
            basics,
            blocks=blocks,
            definitions=definitions,
            actors=Actors(clock, persons).principal,
            keep=timedelta(days=settings.bulk_job_days),
        ),
        home=home,
    )
    _connect(services, people)
    return services


def _runs(context: RunContext, actors: Actors) -> RunService:
    runs = RunService(context)
    runs.approvals.voters.put(actors.principal)
    return runs


def _connect(services: Services, people: WorkspacePeople) -> None:
    """Add to the lists of lower features what higher ones have to say."""
    providing = (
        services.runners,
        services.integrations,
        services.locations,
        services.platform_types,
        services.platforms,
        services.definitions,
        services.landing_zones,
    )
    for contents in (services.projects, *providing, services.tenants, services.blocks.usage):
        services.workspaces.uses.add(contents.of_workspace)
    services.tags.guard.relations.extend(
        (
            services.projects.relation(),
            *services.principal_tags.relations(),
            *services.blocks.relations.relations(),
            *services.tenants.relations.relations(),
        )
    )
    services.tag_definitions.holders |= {
        TargetKind.WORKSPACE: services.workspaces,
        TargetKind.PAYMENT_METHOD: services.payment_methods,
        TargetKind.PROJECT: services.projects,
        TargetKind.PROJECT_ROLE: services.project_roles,
        TargetKind.DEFINITION: services.definitions,
        TargetKind.LANDING_ZONE: services.landing_zones,
        TargetKind.PRINCIPAL: services.principal_tags,
    }
    services.workspaces.listeners.extend((services.payment_methods, services.groups, services.binding_requests))
    services.workspaces.listeners.extend((services.platforms, services.definitions.publishing, services.brakes))
    for followed in (services.users, services.groups):
        followed.followers.extend(
            (services.bindings, services.project_bindings, services.binding_requests, services.principal_tags)
        )
    services.groups.judges.extend((services.bindings, services.project_bindings))
    services.bindings.judges.append(services.principal_tags)
    services.project_bindings.judges.append(services.principal_tags)
    services.users.followers.append(services.order_drafts)
    services.workspaces.followers.append(services.blocks.tags.workspace_changed)
    services.projects.followers.append(services.blocks.tags.project_changed)
    services.payment_methods.followers.append(services.blocks.tags.payment_method_changed)
    services.landing_zones.followers.append(services.blocks.tags.landing_zone_changed)
    services.projects.uses.add(services.service_instances.of_project)
    services.payment_methods.uses.add(services.blocks.payments.of_payment_method)
    services.tag_definitions.uses.add(services.definitions.of_tag_definition)
    services.runners.uses.add(services.definitions.of_runner, services.integrations.of_runner)
    services.definitions.inventory.bound.put(services.bindings)
    services.definitions.inventory.keys.put(services.api_keys)
    services.runners.identities.users.add(services.definitions.identities.of_runner)
    services.integrations.uses.add(services.definitions.of_integration)
    services.platform_types.uses.add(services.definitions.of_platform_type)
    services.brakes.listeners.extend((services.runs.brakes, services.blocks.holding))
    services.definitions.usage.put(services.blocks.usage)
    people.listeners.extend((services.blocks.people, services.project_bindings))
    services.definitions.listeners.append(services.drift)
    services.definitions.followers.append(services.drift.definition_saved)
    services.blocks.hooks.followers.append(services.drift.run_ended)
    services.blocks.on_tenants.movers.append(services.drift.moved)
    services.project_roles.uses.add(services.project_bindings.of_role)
    services.projects.listeners.extend((services.project_bindings, services.binding_requests))
    services.project_bindings.listeners.append(services.blocks.on_tenants)
