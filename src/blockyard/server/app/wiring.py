"""Everything is built here, by hand, in the order of the features; nothing else makes a service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
from fastapi import FastAPI, Request
from starlette.types import Lifespan

from blockyard import __version__
from blockyard.server.app import health
from blockyard.server.app.keys import installation_id
from blockyard.server.app.openapi import complete_document
from blockyard.server.app.settings import Settings
from blockyard.server.audit.api import audit_routes
from blockyard.server.audit.service import AuditService
from blockyard.server.blocks.api import routes as block_routes
from blockyard.server.blocks.loops import loops as block_loops
from blockyard.server.blocks.service import BlockService
from blockyard.server.definitions.api import routes as definition_routes
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.identity.api import (
    SignIn,
    authenticate_with,
    info_routes,
    key_routes,
    login_routes,
    people_routes,
)
from blockyard.server.identity.service import (
    ApiKeyService,
    Authenticator,
    GroupService,
    SignInLinks,
    Throttle,
    Tokens,
    UserService,
)
from blockyard.server.integrations.api import routes as integration_routes
from blockyard.server.integrations.service import IntegrationService, IntegrationUsage
from blockyard.server.kit.clock import Clock, utc_now
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.hal import Links
from blockyard.server.kit.headers import SafeHeaders
from blockyard.server.kit.http import AccessLog, SingleSlash, install_errors
from blockyard.server.kit.idempotency import IdempotencyKeys
from blockyard.server.kit.ids import NewId, new_id
from blockyard.server.kit.loops import Loop, run_loops
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.payment_methods.api import payment_method_routes
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.projects.api import project_routes
from blockyard.server.projects.service import ProjectService
from blockyard.server.runners.api import own_key_routes as runner_key_routes
from blockyard.server.runners.api import routes as runner_routes
from blockyard.server.runners.keys import RunnerKeys
from blockyard.server.runners.secrets import SecretSealer
from blockyard.server.runners.service import RunnerService, RunnerUsage
from blockyard.server.runs.api import routes as run_routes
from blockyard.server.runs.loops import loops as run_loops_of
from blockyard.server.runs.model import RunLimits
from blockyard.server.runs.ports import RunPorts
from blockyard.server.runs.service import ClaimService, ReportService, RunContext, RunService, RunSweeper, RunViews
from blockyard.server.tofu_state.api import routes as state_routes
from blockyard.server.tofu_state.service import StateLockbook, StateService
from blockyard.server.ui.routes import add_pages
from blockyard.server.workspaces.api import binding_routes, workspace_routes
from blockyard.server.workspaces.service import (
    BindingService,
    PeopleListener,
    WorkspaceDirectory,
    WorkspaceService,
)


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
    sign_in_links: SignInLinks
    groups: GroupService
    api_keys: ApiKeyService
    workspaces: WorkspaceService
    bindings: BindingService
    payment_methods: PaymentMethodService
    projects: ProjectService
    audit: AuditService
    runners: RunnerService
    integrations: IntegrationService
    definitions: DefinitionService
    runs: RunService
    claims: ClaimService
    reports: ReportService
    views: RunViews
    sweeper: RunSweeper
    blocks: BlockService
    state: StateService


def wire(settings: Settings, master_key: MasterKey, *, clock: Clock = utc_now, draw_id: NewId = new_id) -> Services:
    """Build all services; each feature gets the ones below it, and the ports of those above it."""
    links = Links(settings.effective_public_url)
    basics = Basics.of(clock, draw_id)
    event_log = basics.event_log

    groups = GroupService()
    directory = WorkspaceDirectory(groups=groups)
    users = UserService(clock=clock, new_id=draw_id, master_key=master_key, event_log=event_log, workspaces=directory)
    api_keys = ApiKeyService(
        clock=clock, new_id=draw_id, master_key=master_key, event_log=event_log, workspaces=directory
    )
    workspaces = WorkspaceService(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        users=users,
        groups=groups,
        keys=api_keys,
        admin_workspace=settings.admin_workspace,
    )
    people_listeners: list[PeopleListener] = []
    bindings = BindingService(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        directory=directory,
        users=users,
        groups=groups,
        listeners=people_listeners,
    )
    payment_methods = PaymentMethodService(basics, workspaces=workspaces)
    projects = ProjectService(basics, workspaces=workspaces, payment_methods=payment_methods)

    runner_usages: list[RunnerUsage] = []
    runners = RunnerService(
        clock=clock, new_id=draw_id, event_log=event_log, workspaces=workspaces, keys=api_keys, usages=runner_usages
    )
    sealer = SecretSealer(master_key)
    integration_usages: list[IntegrationUsage] = []
    integrations = IntegrationService(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        workspaces=workspaces,
        runners=runners,
        sealer=sealer,
        usages=integration_usages,
    )
    definitions = DefinitionService(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        workspaces=workspaces,
        runners=runners,
        integrations=integrations,
        sealer=sealer,
        allow_file_repositories=settings.allow_file_repositories,
        repository_hosts=settings.repository_hosts,
    )

    context = RunContext(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        master_key=master_key,
        links=links,
        runners=runners,
        ports=lambda: RunPorts(content=blocks.hooks, listener=blocks.hooks, locks=locks),
        limits=RunLimits(ceiling=timedelta(minutes=settings.attempt_ceiling_minutes)),
    )
    runs = RunService(context)
    locks = StateLockbook()
    blocks = BlockService(
        clock=clock,
        new_id=draw_id,
        event_log=event_log,
        definitions=definitions,
        runs=runs,
        workspaces=workspaces,
        sealer=sealer,
        state=locks,
    )
    state = StateService(clock=clock, event_log=event_log, runs=runs, kept_versions=settings.state_versions)

    for contents in (projects, runners, integrations, definitions, blocks.usage):
        workspaces.uses.add(contents.of_workspace)
    workspaces.listeners.append(payment_methods)
    payment_methods.uses.add(projects.of_payment_method)
    runner_usages += [definitions, integrations]
    integration_usages.append(definitions)
    definitions.usage = blocks.usage
    people_listeners.append(blocks.people)
    tokens = Tokens(master_key=master_key, clock=clock)
    return Services(
        clock=clock,
        master_key=master_key,
        links=links,
        new_id=draw_id,
        throttle=Throttle(clock=clock, master_key=master_key, event_log=event_log),
        tokens=tokens,
        authenticator=Authenticator(clock=clock, tokens=tokens, run_tokens=runs, workspaces=directory),
        users=users,
        sign_in_links=SignInLinks(clock=clock, master_key=master_key, users=users),
        groups=groups,
        api_keys=api_keys,
        workspaces=workspaces,
        bindings=bindings,
        payment_methods=payment_methods,
        projects=projects,
        audit=AuditService(clock=clock, event_log=event_log),
        runners=runners,
        integrations=integrations,
        definitions=definitions,
        runs=runs,
        claims=ClaimService(context),
        reports=ReportService(context),
        views=RunViews(context),
        sweeper=RunSweeper(context),
        blocks=blocks,
        state=state,
    )


def create_app(settings: Settings, db: Database, services: Services) -> FastAPI:
    """Return the application: API, pages, health, and the loops that run while it does."""
    app = FastAPI(
        title="Blockyard",
        summary="A self-hosted control plane for building blocks.",
        description="The meshObject API, and Blockyard's own endpoints below `/api/blockyard/v1`.",
        version=__version__,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        lifespan=_lifespan(db, _loops(db, services)),
    )
    install_errors(app)
    app.state.authenticate = authenticate_with(db, services.authenticator, services.users)
    _include_routes(app, settings, db, services)

    async def identify(request: Request) -> str:
        author = (await app.state.authenticate(request)).author
        return f"{author.type} {author.identifier}"

    async def may_send_much(request: Request) -> None:
        (await app.state.authenticate(request)).require_anything()

    metrics = health.Metrics()
    app.router.routes.extend(
        health.routes(db, metrics, lambda tx: _queue_numbers(services, tx), installation_id(services.master_key)).routes
    )
    complete_document(app)
    app.add_middleware(
        IdempotencyKeys,
        db=db,
        master_key=services.master_key,
        clock=services.clock,
        identify=identify,
        may_send_much=may_send_much,
    )
    app.add_middleware(BodyGuard)
    app.add_middleware(AccessLog, observe=metrics.observe)
    app.add_middleware(SingleSlash)
    app.add_middleware(SafeHeaders, https=settings.effective_public_url.startswith("https://"))
    return app


def _include_routes(app: FastAPI, settings: Settings, db: Database, services: Services) -> None:
    links = services.links
    sign_in = SignIn(db=db, users=services.users, throttle=services.throttle)
    for router in (  # the busiest first: they are looked through in this order
        state_routes(db, services.state, master_key=services.master_key),
        run_routes(
            db,
            runs=services.runs,
            claims=services.claims,
            reports=services.reports,
            views=services.views,
            links=links,
            master_key=services.master_key,
            clock=services.clock,
        ),
        block_routes(db, services.blocks, services.views, links),
        info_routes(settings.admin_workspace),
        login_routes(db, services.api_keys, sign_in, services.tokens, services.authenticator, new_id=services.new_id),
        key_routes(db, services.api_keys, links),
        people_routes(db, services.users, sign_in, links),
        workspace_routes(db, services.workspaces, links),
        binding_routes(db, services.bindings, links),
        payment_method_routes(db, services.payment_methods, links),
        project_routes(db, services.projects, links),
        audit_routes(db, services.audit, links),
        runner_routes(db, services.runners, links),
        runner_key_routes(db, RunnerKeys(runners=services.runners, keys=services.api_keys)),
        integration_routes(db, services.integrations, links),
        definition_routes(db, services.definitions, links),
    ):
        app.router.routes.extend(router.routes)
    add_pages(
        app,
        db,
        sign_in=sign_in,
        links=services.sign_in_links,
        users=services.users,
        workspaces=services.workspaces,
        blocks=services.blocks,
        runs=services.runs,
        views=services.views,
        clock=services.clock,
        master_key=services.master_key,
        secure_cookies=settings.effective_public_url.startswith("https://"),
        style_page=settings.style_page,
    )


def _loops(db: Database, services: Services) -> Sequence[Loop]:
    return [*run_loops_of(db, services.sweeper), *block_loops(db, services.blocks.hooks)]


def _lifespan(db: Database, loops: Sequence[Loop]) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        db.listen()
        async with anyio.create_task_group() as group:
            group.start_soon(run_loops, loops, db.signals)
            yield
            group.cancel_scope.cancel()

    return lifespan


def _queue_numbers(services: Services, tx: Transaction) -> dict[str, int]:
    figures = services.runs.figures(tx)
    return {"PENDING": figures.pending, "IN_PROGRESS": figures.in_progress}
