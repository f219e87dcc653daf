"""All pages: their routes, their static files, and errors in their frame."""

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from blockyard.server.identity.api import SignIn
from blockyard.server.kit.database import Database
from blockyard.server.services import Services
from blockyard.server.ui.frame.bundle import FOLDER, PREFIX
from blockyard.server.ui.frame.drafts import Drafts
from blockyard.server.ui.frame.layout import Frame
from blockyard.server.ui.frame.refusals import Refusals
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.visitor import Visitors
from blockyard.server.ui.pages.account.app import add_app
from blockyard.server.ui.pages.account.consent import add_consent
from blockyard.server.ui.pages.account.overview import add_overview
from blockyard.server.ui.pages.account.passkeys import add_passkeys
from blockyard.server.ui.pages.account.password import add_password
from blockyard.server.ui.pages.account.provider import add_provider
from blockyard.server.ui.pages.account.sign_in import add_sign_in
from blockyard.server.ui.pages.account.sign_in_link import add_sign_in_link
from blockyard.server.ui.pages.account.start import add_start
from blockyard.server.ui.pages.admin.identity_providers import add_identity_providers
from blockyard.server.ui.pages.blocks.activity import add_activity
from blockyard.server.ui.pages.blocks.acts import add_acts
from blockyard.server.ui.pages.blocks.block import add_block
from blockyard.server.ui.pages.blocks.graph import add_graph
from blockyard.server.ui.pages.blocks.input_form import add_inputs
from blockyard.server.ui.pages.blocks.jobs import add_block_jobs
from blockyard.server.ui.pages.blocks.list import add_block_list
from blockyard.server.ui.pages.blocks.lives import add_lives
from blockyard.server.ui.pages.blocks.runs import add_block_runs
from blockyard.server.ui.pages.blocks.settings import add_block_settings
from blockyard.server.ui.pages.blocks.whole_values import add_whole_values
from blockyard.server.ui.pages.home.search import add_search_page
from blockyard.server.ui.pages.home.start import add_home
from blockyard.server.ui.pages.marketplace.catalogue import add_catalogue
from blockyard.server.ui.pages.marketplace.detail import add_detail
from blockyard.server.ui.pages.orders.list import add_draft_list
from blockyard.server.ui.pages.orders.order import add_draft, add_order
from blockyard.server.ui.pages.orders.tenant_blocks import add_tenant_blocks
from blockyard.server.ui.pages.reference.reference import add_reference
from blockyard.server.ui.pages.runs.comparison import add_comparison
from blockyard.server.ui.pages.runs.deciding import add_deciding
from blockyard.server.ui.pages.runs.lines import add_lines
from blockyard.server.ui.pages.runs.plans import add_changes
from blockyard.server.ui.pages.runs.run import add_runs
from blockyard.server.ui.pages.runs.search import add_search
from blockyard.server.ui.pages.style.style import add_style
from blockyard.server.ui.pages.workspaces.access import add_access
from blockyard.server.ui.pages.workspaces.compliance import add_compliance
from blockyard.server.ui.pages.workspaces.groups import add_groups
from blockyard.server.ui.pages.workspaces.keys import add_keys
from blockyard.server.ui.pages.workspaces.list import add_workspace_list
from blockyard.server.ui.pages.workspaces.money import add_money
from blockyard.server.ui.pages.workspaces.new_workspace import add_new_workspace
from blockyard.server.ui.pages.workspaces.overview import add_workspace_overview
from blockyard.server.ui.pages.workspaces.project import add_project
from blockyard.server.ui.pages.workspaces.projects import add_projects
from blockyard.server.ui.pages.workspaces.settings import add_settings
from blockyard.server.ui.pages.workspaces.tenants import add_tenants

_PAGES = (
    add_sign_in_link,
    add_catalogue,
    add_detail,
    add_order,
    add_draft_list,
    add_draft,
    add_overview,
    add_consent,
    add_passkeys,
    add_app,
    add_block_list,
    add_block_jobs,
    add_block,
    add_block_runs,
    add_graph,
    add_activity,
    add_block_settings,
    add_acts,
    add_lives,
    add_inputs,
    add_whole_values,
    add_search,
    add_lines,
    add_changes,
    add_deciding,
    add_comparison,
    add_runs,
)
_HOME = (add_home, add_search_page)
_ADMIN = (add_identity_providers,)
_WORKSPACES = (
    add_new_workspace,
    add_workspace_list,
    add_workspace_overview,
    add_projects,
    add_project,
    add_tenant_blocks,
    add_tenants,
    add_access,
    add_groups,
    add_keys,
    add_money,
    add_compliance,
    add_settings,
)

_FOR_EVER = "public, max-age=31536000, immutable"
"""Names of bundled files change with their content."""


def add_pages(
    app: FastAPI,
    db: Database,
    services: Services,
    *,
    sign_in: SignIn,
    secure_cookies: bool,
    style_page: bool = False,
) -> None:
    """Give `app` all pages, their static files, and error pages for browsers.

    Call it after `kit.http.install_errors`: what no browser asked for is answered as before.
    """
    frame = Frame(secure_cookies=secure_cookies)
    visitors = Visitors(db, services.sessions, services.workspaces)
    site = Site(db, frame, visitors, Drafts(services.master_key, services.clock, secure=secure_cookies), services.clock)
    refusals = Refusals(frame, visitors)
    router = APIRouter(route_class=refusals.route_class(), include_in_schema=False)

    sign_in_pages = add_sign_in(router, site, services, sign_in)
    add_provider(router, site, services, sign_in_pages)
    for add in (add_password, add_start):
        add(router, site, services, sign_in)
    add_reference(router, site)
    for add_page in (*_PAGES, *_HOME, *_WORKSPACES, *_ADMIN):
        add_page(router, site, services)
    if style_page:
        add_style(router, site)
    app.router.routes.extend(router.routes)
    frame.lead_to({route.path for route in router.routes if isinstance(route, APIRoute)})
    refusals.install(app)
    app.mount(PREFIX, GZipMiddleware(_Bundled(directory=FOLDER, check_dir=False)))


class _Bundled(StaticFiles):
    """The bundled files; browsers keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        if path != "manifest.json" and response.status_code < 400:  # noqa: PLR2004  what is no error
            response.headers["Cache-Control"] = _FOR_EVER
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
