"""The application over the services: API, pages, health, and the loops that run while it does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI, Request
from starlette.types import Lifespan

from blockyard import __version__
from blockyard.server.app import health
from blockyard.server.app.info import info_routes
from blockyard.server.app.keys import installation_id
from blockyard.server.app.openapi import complete_document
from blockyard.server.app.settings import Settings
from blockyard.server.audit.api import audit_routes
from blockyard.server.binding_requests.api import binding_request_routes
from blockyard.server.blocks.api import routes as block_routes
from blockyard.server.blocks.api.bulk import bulk_routes
from blockyard.server.blocks.loops import loops as block_loops
from blockyard.server.brakes.api import brake_routes
from blockyard.server.brakes.loops import loops as brake_loops
from blockyard.server.definitions.api import routes as definition_routes
from blockyard.server.drift.api import routes as drift_routes
from blockyard.server.drift.loops import loops as drift_loops
from blockyard.server.home.api import home_routes
from blockyard.server.identity.api import (
    SignIn,
    admin_binding_routes,
    authenticate_with,
    group_routes,
    key_routes,
    login_routes,
    people_routes,
    sign_in_method_routes,
)
from blockyard.server.identity.api.scim import scim_routes
from blockyard.server.identity.api.scim.addresses import BASE as SCIM_BASE
from blockyard.server.identity.api.scim.refusals import scim_problem
from blockyard.server.identity.api.scim.tokens import fixed_tokens
from blockyard.server.identity.loops import loops as identity_loops
from blockyard.server.identity_providers.api import identity_provider_routes, identity_routes
from blockyard.server.integrations.api import routes as integration_routes
from blockyard.server.issuer.api import (
    client_session_routes,
    issuer_of,
    issuer_routes,
    signing_key_routes,
    workload_routes,
)
from blockyard.server.issuer.loops import loops as issuer_loops
from blockyard.server.kit.access_log import AccessLog, SingleSlash
from blockyard.server.kit.connections import BodyGuard
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.headers import SafeHeaders
from blockyard.server.kit.http import install_errors, shape_below
from blockyard.server.kit.idempotency import IdempotencyKeys
from blockyard.server.kit.loops import Loop, run_loops
from blockyard.server.landing_zones.api import landing_zone_routes
from blockyard.server.order_drafts.api import order_draft_routes
from blockyard.server.order_drafts.loops import loops as draft_loops
from blockyard.server.orders.api import marketplace_routes, order_routes
from blockyard.server.payment_methods.api import payment_method_routes
from blockyard.server.platforms.api import location_routes, platform_routes, platform_type_routes
from blockyard.server.principal_tags.api import principal_tag_routes
from blockyard.server.project_bindings.api import project_binding_routes
from blockyard.server.project_roles.api import project_role_routes
from blockyard.server.projects.api import project_routes
from blockyard.server.publications.api import publication_routes
from blockyard.server.runners.api import identity_routes as runner_identity_routes
from blockyard.server.runners.api import own_key_routes as runner_key_routes
from blockyard.server.runners.api import routes as runner_routes
from blockyard.server.runners.loops import loops as runner_loops
from blockyard.server.runners.service import RunnerKeys
from blockyard.server.runs.api import routes as run_routes
from blockyard.server.runs.loops import loops as run_loops_of
from blockyard.server.service_instances.api import service_instance_routes
from blockyard.server.services import Services
from blockyard.server.tags.api import policy_routes, tag_definition_routes, violation_routes
from blockyard.server.tags.loops import loops as tag_loops
from blockyard.server.tenants.api import tenant_routes
from blockyard.server.tofu_state.api import routes as state_routes
from blockyard.server.tofu_state.api.remains import remains_routes
from blockyard.server.tofu_state.api.resources import resource_routes
from blockyard.server.tofu_state.api.working import working_routes
from blockyard.server.tofu_state.loops import loops as state_loops
from blockyard.server.ui.routes import add_pages
from blockyard.server.workspaces.api import binding_routes, workspace_routes
from blockyard.server.workspaces.loops import loops as workspace_loops


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
    shape_below(app, SCIM_BASE, scim_problem)
    sign_in = SignIn(db=db, users=services.users, factors=services.second_factors, throttle=services.throttle)
    app.state.authenticate = authenticate_with(
        db, services.authenticator, services.sessions, fixed_tokens(db, services.api_keys, sign_in)
    )
    _include_routes(app, settings, db, services, sign_in)

    async def identify(request: Request) -> str:
        author = (await app.state.authenticate(request)).author
        return f"{author.type} {author.identifier}"

    async def may_send_much(request: Request) -> None:
        (await app.state.authenticate(request)).require_anything()

    metrics = health.Metrics()
    app.router.routes.extend(
        health.routes(
            db,
            metrics,
            lambda tx: _queue_numbers(services, tx),
            installation=installation_id(services.master_key),
            attempt_minutes=settings.attempt_ceiling_minutes,
        ).routes
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


def _include_routes(app: FastAPI, settings: Settings, db: Database, services: Services, sign_in: SignIn) -> None:
    links = services.links
    for router in (  # the busiest first: they are looked through in this order
        state_routes(db, services.state, master_key=services.master_key),
        remains_routes(db, services.state, services.blocks, services.master_key),
        working_routes(db, services.state_work),
        resource_routes(db, services.resources, links),
        drift_routes(db, services.drift, links),
        run_routes(
            db,
            runs=services.runs,
            claims=services.claims,
            reports=services.reports,
            views=services.views,
            plans=services.plans,
            failures=services.failures,
            identities=services.run_identities,
            signing_keys=services.signing_keys,
            links=links,
            master_key=services.master_key,
            clock=services.clock,
        ),
        block_routes(db, services.blocks, services.views, links),
        bulk_routes(db, services.bulk, links),
        info_routes(settings.announced_version, settings.admin_workspace, issuer_of(links.base_url)),
        login_routes(db, services.api_keys, sign_in, services.tokens, services.authenticator, new_id=services.new_id),
        key_routes(db, services.api_keys, links),
        people_routes(db, services.users, sign_in, links),
        sign_in_method_routes(
            db,
            sessions=services.sessions,
            factors=services.second_factors,
            passkeys=services.passkeys,
            tickets=services.tickets,
        ),
        client_session_routes(db, services.client_sessions),
        issuer_routes(
            db,
            keys=services.signing_keys,
            protocol=services.issuer,
            sessions=services.client_sessions,
            links=links,
        ),
        workload_routes(services.signing_keys, services.installation),
        signing_key_routes(db, services.signing_keys),
        group_routes(db, services.groups, links),
        scim_routes(db, services.users, services.groups, links),
        admin_binding_routes(db, services.admin_bindings, links),
        identity_provider_routes(db, services.identity_providers, links),
        identity_routes(db, services.identity_providers),
        workspace_routes(db, services.workspaces, links),
        binding_routes(db, services.bindings, links),
        binding_request_routes(db, services.binding_requests, links),
        tag_definition_routes(db, services.tag_definitions, links),
        publication_routes(db, services.publications, links),
        policy_routes(db, services.policies, links),
        violation_routes(db, services.policies, links),
        payment_method_routes(db, services.payment_methods, links),
        project_role_routes(db, services.project_roles, links),
        project_routes(db, services.projects, links),
        project_binding_routes(db, services.project_bindings, links),
        principal_tag_routes(db, services.principal_tags),
        tenant_routes(db, services.tenants, links),
        audit_routes(db, services.audit, links),
        service_instance_routes(db, services.service_instances, links),
        runner_routes(db, services.runners, links),
        runner_identity_routes(db, services.runners),
        runner_key_routes(db, RunnerKeys(runners=services.runners, keys=services.api_keys)),
        integration_routes(db, services.integrations, links, services.installation),
        location_routes(db, services.locations, links),
        platform_type_routes(db, services.platform_types, links),
        platform_routes(db, services.platforms, links),
        definition_routes(db, services.definitions, links),
        landing_zone_routes(db, services.landing_zones, links),
        order_draft_routes(db, services.order_drafts, links),
        order_routes(db, services.orders, links),
        marketplace_routes(db, services.orders, links),
        brake_routes(db, services.brakes, links),
        home_routes(db, services.home),
    ):
        app.router.routes.extend(router.routes)
    add_pages(
        app,
        db,
        services,
        sign_in=sign_in,
        secure_cookies=settings.effective_public_url.startswith("https://"),
        style_page=settings.style_page,
    )


def _loops(db: Database, services: Services) -> Sequence[Loop]:
    return [
        *brake_loops(db, services.brakes),
        *run_loops_of(db, services.sweeper),
        *block_loops(db, services.blocks.hooks, services.bulk, services.blocks.expiring),
        *identity_loops(db, services.admin_bindings),
        *issuer_loops(db, services.signing_keys, services.client_sessions),
        *runner_loops(db, services.runners),
        *tag_loops(db, services.policies),
        *workspace_loops(db, services.bindings),
        *draft_loops(db, services.order_drafts),
        *drift_loops(db, services.drift),
        *state_loops(db, services.resources, services.master_key),
    ]


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
