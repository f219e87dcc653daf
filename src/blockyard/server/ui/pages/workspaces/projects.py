"""Projects: their list, the form that makes one with its first tenant, and the pages of one project."""

from collections.abc import Sequence
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.platforms.model import PlatformId
from blockyard.server.project_bindings.model import BindingKind, NewBinding
from blockyard.server.projects.model import Project, ProjectKey, ProjectSpec
from blockyard.server.services import Services
from blockyard.server.tags.model import TargetKind
from blockyard.server.tenants.model import TenantSpec
from blockyard.server.ui.frame.lists import Asked, Cell, Column, Listing, add_list
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option, again, is_review, send
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.workspaces.around import around, home_of, project_home
from blockyard.server.ui.pages.workspaces.tags import tag_asks, tags_in
from blockyard.server.ui.pages.workspaces.tenants import INPUTS_NEEDED, inputs_at, platform_options, zone_of

_MOST_METHODS = 100
_MOST_ROLES = 200


def add_projects(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the list and of the form."""
    add_list(router, site, _listing(services))

    def asks(tx: Transaction, principal: Principal, workspace: str) -> tuple[dict[str, object], list[Ask]]:
        context = around(tx, principal, services, workspace)
        principal.require("PROJECT_SAVE", workspace=workspace)
        return context, _asks(tx, principal, services, workspace)

    @router.get("/w/{workspace}/projects/new")
    async def show_new_project(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context, wanted = await site.db.read(lambda tx: asks(tx, visitor.principal, workspace))
        context["asks"] = filled = again(wanted, request, site, visitor)
        context["review"] = is_review(request, site, visitor)
        if context["review"]:
            place = next((one.value for one in filled if one.name == "platform"), "")
            context["follows"] = await site.db.read(lambda tx: _follows(tx, services, workspace, place))
        return site.page(request, visitor, "pages/workspaces/new_project.html", context)

    @router.post("/w/{workspace}/projects/new")
    async def make_project(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        _, wanted = await site.db.read(lambda tx: asks(tx, visitor.principal, workspace))

        def done(made: tuple[Project, str | None]) -> Response:
            project, path = made
            if path is None:
                return site.go(project_home(workspace, project.name), visitor, said="The project was made.")
            asks = "needs a few more words" if "?" in path else "is being prepared"
            return site.go(path, visitor, said=f"The project was made. Its tenant {asks}.")

        return await send(
            site,
            visitor,
            wanted,
            form,
            at=f"{home_of(workspace)}/projects/new",
            work=lambda filled: _made(site, services, visitor.principal, workspace, filled, asks=wanted),
            done=done,
        )


async def _made(
    site: Site, services: Services, principal: Principal, workspace: str, filled: Filled, *, asks: Sequence[Ask]
) -> tuple[Project, str | None]:
    """Make a project and its first tenant; return where to go on: to the tenant, to what that still needs, or nowhere."""

    def with_tenant(tx: Transaction) -> tuple[Project, str | None]:
        project, place = _make(tx, principal, services, workspace, filled, asks=asks)
        key = ProjectKey(workspace, project.name)
        tenant = _first_tenant(tx, principal, services, key, place) if place else None
        return project, tenant and f"{home_of(workspace)}/tenants/{tenant}"

    try:
        return await site.db.write(with_tenant)
    except Invalid as refusal:
        if refusal.code != INPUTS_NEEDED:
            raise
    project, place = await site.db.write(lambda tx: _make(tx, principal, services, workspace, filled, asks=asks))
    return project, inputs_at(ProjectKey(workspace, project.name), place)


def _listing(services: Services) -> Listing[Project]:
    def find(tx: Transaction, principal: Principal, asked: Asked) -> Page[Project]:
        request = PageRequest(asked.request.number, asked.request.size, newest_first=asked.descending)
        return services.projects.page(
            tx, principal, request, workspace=asked.within["workspace"], search=asked.search or None
        )

    def context(tx: Transaction, principal: Principal, asked: Asked) -> dict[str, object]:
        name = asked.within["workspace"]
        return {
            **around(tx, principal, services, name),
            "may_create": principal.allows("PROJECT_SAVE", workspace=name),
        }

    return Listing(
        path="/w/{workspace}/projects",
        title="Projects",
        one="project",
        many="projects",
        about=lambda _: "Environments of the workspace, such as development and production",
        columns=[
            Column(label="Name", cell=lambda one: Cell(text=one.display_name or one.name)),
            Column(label="Identifier", cell=lambda one: Cell(text=one.name)),
            Column(label="Payment method", cell=lambda one: Cell(text=one.payment_method_identifier or "")),
            Column(label="Tags", cell=lambda one: Cell(text=_tag_line(one))),
            Column(label="Made", sort="created", turned=True, cell=lambda one: Cell(at=one.created_at)),
        ],
        sort="created",
        href=lambda one: project_home(one.workspace, one.name),
        find=find,
        around=context,
        template="pages/workspaces/projects.html",
    )


def _tag_line(project: Project) -> str:
    return ", ".join(f"{key}: {' '.join(values)}" for key, values in project.tags.items())


def method_options(tx: Transaction, principal: Principal, services: Services, workspace: str) -> Sequence[Option]:
    """Return the payment methods that a project may name; nothing where the principal may not read them."""
    if not principal.allows("PAYMENTMETHOD_LIST", workspace=workspace):
        return []
    page = services.payment_methods.page(tx, principal, PageRequest(0, _MOST_METHODS), workspace=workspace)
    return [Option(one.name, one.display_name or one.name) for one in page.items]


def _asks(tx: Transaction, principal: Principal, services: Services, workspace: str) -> list[Ask]:
    methods = method_options(tx, principal, services, workspace)
    platforms = platform_options(tx, principal, services, workspace)
    return [
        Ask(
            name="name",
            label="Name",
            needed=True,
            longest=30,
            pointers=["/spec/displayName"],
            placeholder="Development",
            help="How people see it in lists.",
        ),
        Ask(
            name="identifier",
            label="Identifier",
            needed=True,
            longest=30,
            pointers=["/metadata/name"],
            placeholder="dev",
            help="Lower-case letters, digits and single hyphens. It never changes.",
        ),
        *([_method_ask(methods)] if methods else []),
        *tag_asks(tx, principal, services, TargetKind.PROJECT, {}),
        *([_platform_ask(platforms)] if platforms else []),
        *_access_asks(tx, principal, services, workspace),
    ]


def _access_asks(tx: Transaction, principal: Principal, services: Services, workspace: str) -> list[Ask]:
    """Propose whoever makes the project as the one with most rights in it. Source: concepts.md 3."""
    may_bind = principal.allows("PROJECTPRINCIPALROLE_SAVE", workspace=workspace) and principal.belongs_to(workspace)
    may_bind = may_bind and not services.project_bindings.needs_approval(principal)
    roles = services.project_roles.page(tx, principal, PageRequest(0, _MOST_ROLES)).items if may_bind else ()
    if not roles:
        return []
    role = max(roles, key=lambda one: one.rank)
    options = [Option(role.display_name, f"{principal.author.display_name} (you), as {role.display_name}")]
    return [
        Ask(
            name="access",
            label="Who is in it",
            kind="checkboxes",
            options=options,
            chosen=[role.display_name],
            help="Others get a role on its page, once it is there.",
        )
    ]


def _method_ask(methods: Sequence[Option], value: str = "") -> Ask:
    return Ask(
        name="method",
        label="Payment method",
        kind="select",
        options=[Option("", "None"), *methods],
        value=value,
        pointers=["/spec/paymentMethodIdentifier"],
    )


def _platform_ask(platforms: Sequence[Option]) -> Ask:
    return Ask(
        name="platform",
        label="First tenant",
        kind="radios",
        options=[Option("", "None for now", "You can add tenants at any time."), *platforms],
        pointers=["/spec/platformRef", "/spec/landingZoneRef"],
        help="Where the project works. The platform team's building blocks prepare it.",
    )


def _follows(tx: Transaction, services: Services, workspace: str, place: str) -> Sequence[tuple[str, str]]:
    """Return what else is made with the first tenant, for a review: the building blocks of its landing zone."""
    zone_name = zone_of(place)[1] if place else None
    zone = services.landing_zones.living_named(tx, {zone_name}).get(zone_name) if zone_name else None
    names = [
        definition.display_name
        for wanted in (zone.mandatory if zone else ())
        for definition, _ in services.definitions.usable(tx, wanted, workspace)
    ]
    return [("Its building blocks", ", ".join(names))] if names else []


def spec_of(filled: Filled, asks: Sequence[Ask], before: Project | None = None) -> ProjectSpec:
    """Return what a form says about a project."""
    method = before.payment_method_identifier if before else None
    if any(one.name == "method" for one in asks):
        method = filled.texts["method"] or None
    substitute = before.substitute_payment_method_identifier if before and method else None
    return ProjectSpec(
        display_name=filled.texts["name"],
        tags=tags_in(filled, asks, before.tags if before else {}),
        payment_method_identifier=method,
        substitute_payment_method_identifier=substitute,
    )


def _make(
    tx: Transaction, principal: Principal, services: Services, workspace: str, filled: Filled, *, asks: Sequence[Ask]
) -> tuple[Project, str]:
    """Make a project with whoever is ticked in it; return where its first tenant is wanted, if anywhere."""
    key = ProjectKey(workspace, filled.texts["identifier"])
    project = services.projects.create(tx, principal, key, spec_of(filled, asks))
    for role in filled.lists.get("access", ()):
        username = principal.author.identifier
        new = NewBinding(
            kind=BindingKind.USER,
            name=f"{username[:36]}-{uuid4().hex[:8]}",
            role=role,
            project=key,
            subject=username,
        )
        services.project_bindings.create(tx, principal, new)
    return project, filled.texts.get("platform", "")


def _first_tenant(tx: Transaction, principal: Principal, services: Services, key: ProjectKey, place: str) -> str:
    """Make a tenant in a project that was just made; return its id."""
    platform, zone = zone_of(place)
    view = services.tenants.create(tx, principal, key, TenantSpec(platform_id=PlatformId(platform), landing_zone=zone))
    return str(view.tenant.id)
