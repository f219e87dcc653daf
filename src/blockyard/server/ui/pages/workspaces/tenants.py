"""Tenants: their list, the form that makes one, and the page of one with its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, Invalid, NotFound
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.platforms.model import PlatformFilter, PlatformId
from blockyard.server.projects.model import ProjectKey
from blockyard.server.services import Services
from blockyard.server.tenants.model import Replication, TenantQuery, TenantSpec, TenantState
from blockyard.server.tenants.service import TenantDetail, TenantView
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.lists import Asked, Cell, Column, Listing, add_list
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.workspaces.around import around, home_of, tenant_home

_MOST = 200

INPUTS_NEEDED = "InputsNeeded"
"""The refusal of a tenant whose landing zone has building blocks with inputs that have no value yet."""

_REPLICATIONS = {
    Replication.IN_PROGRESS: words.Badge("In progress", "loader-circle", "info"),
    Replication.SUCCESSFUL: words.Badge("Ready", "circle-check", "success"),
    Replication.FAILED: words.Badge("Failed", "circle-x", "error"),
}


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant in a short list."""

    href: str
    platform: str
    detail: str
    badge: words.Badge


def replication_badge(detail: TenantDetail) -> words.Badge:
    """Return how a tenant is: its end goes before its replication."""
    tenant = detail.view.tenant
    if tenant.state is TenantState.DELETED:
        return words.Badge("Deleted", "trash-2", "neutral")
    if tenant.awaits_approval:
        return words.Badge("Waiting for approval of its deletion", "hand", "warning")
    if tenant.is_leaving:
        return words.Badge("Deleting", "loader-circle", "info")
    return _REPLICATIONS[detail.replication]


def tenant_row(detail: TenantDetail) -> TenantRow:
    """Return a tenant as a row."""
    tenant = detail.view.tenant
    parts = (tenant.platform_tenant_id or "no id on the platform yet", tenant.landing_zone)
    return TenantRow(
        tenant_home(tenant), tenant.platform, " · ".join(part for part in parts if part), replication_badge(detail)
    )


def platform_options(tx: Transaction, principal: Principal, services: Services, workspace: str) -> Sequence[Option]:
    """Return where a project of a workspace may have a tenant: each platform with each landing zone it may use there."""
    if not principal.allows("TENANT_SAVE", workspace=workspace):
        return []
    try:
        platforms = services.platforms.page(tx, principal, PlatformFilter(), PageRequest(0, _MOST)).items
    except Denied:
        return []
    options: list[Option] = []
    for platform in platforms:
        if not platform.serves(workspace):
            continue
        zones = services.landing_zones.usable_of(tx, workspace, platform.id).items
        if not zones and not services.landing_zones.has_any(tx, platform.id):
            options.append(Option(str(platform.id), platform.display_name, platform.description))
        for zone in zones:
            label = f"{platform.display_name}, {zone.display_name}" if len(zones) > 1 else platform.display_name
            about = zone.description or platform.description
            options.append(Option(f"{platform.id} {zone.name}", label, about))
    return options


def zone_of(place: str) -> tuple[UUID, str | None]:
    """Return the platform and the landing zone that an option of `platform_options` names."""
    platform, _, zone = place.partition(" ")
    return UUID(platform), zone or None


def inputs_at(key: ProjectKey, place: str) -> str:
    """Return where a tenant is made whose landing zone has building blocks that ask for something."""
    return f"{home_of(key.workspace)}/tenants/new/inputs?{urlencode({'project': key.name, 'platform': place})}"


def add_tenants(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of tenants."""
    add_list(router, site, _listing(services))
    _add_new(router, site, services)
    _add_page(router, site, services)
    _add_acts(router, site, services)


def _listing(services: Services) -> Listing[TenantDetail]:
    def find(tx: Transaction, principal: Principal, asked: Asked) -> Page[TenantDetail]:
        request = PageRequest(asked.request.number, asked.request.size, newest_first=asked.descending)
        query = TenantQuery(workspace=asked.within["workspace"], search=asked.search or None)
        return services.tenants.search(tx, principal, query, request)

    def context(tx: Transaction, principal: Principal, asked: Asked) -> dict[str, object]:
        name = asked.within["workspace"]
        return {
            **around(tx, principal, services, name),
            "may_create": principal.allows("TENANT_SAVE", workspace=name),
        }

    return Listing(
        path="/w/{workspace}/tenants",
        title="Tenants",
        one="tenant",
        many="tenants",
        about=lambda _: "What projects have on platforms",
        columns=[
            Column(
                label="Project and platform",
                cell=lambda one: Cell(text=f"{one.view.tenant.project} on {one.view.tenant.platform}"),
            ),
            Column(
                label="Id on the platform",
                cell=lambda one: Cell(text=one.view.tenant.platform_tenant_id or "no id yet"),
            ),
            Column(label="Landing zone", cell=lambda one: Cell(text=one.view.tenant.landing_zone or "no landing zone")),
            Column(label="Status", cell=lambda one: Cell(badge=replication_badge(one))),
            Column(label="Made", sort="created", turned=True, cell=lambda one: Cell(at=one.view.tenant.created_at)),
        ],
        sort="-created",
        href=lambda one: tenant_home(one.view.tenant),
        find=find,
        around=context,
        is_moving=lambda one: one.replication is Replication.IN_PROGRESS or one.view.tenant.is_leaving,
        searches="project, platform or id",
        template="pages/workspaces/tenants.html",
    )


def _add_new(router: APIRouter, site: Site, services: Services) -> None:
    def look(
        tx: Transaction, principal: Principal, workspace: str, project: str
    ) -> tuple[dict[str, object], list[Ask]]:
        context = around(tx, principal, services, workspace)
        principal.require("TENANT_SAVE", workspace=workspace)
        projects = services.projects.page(tx, principal, PageRequest(0, _MOST), workspace=workspace).items
        platforms = platform_options(tx, principal, services, workspace)
        first = platforms[0].word if len(platforms) == 1 else ""
        context["has_projects"], context["has_platforms"] = bool(projects), bool(platforms)
        return context, [
            Ask(
                name="project",
                label="Project",
                kind="select",
                needed=True,
                value=project,
                options=[Option(one.name, one.display_name or one.name) for one in projects],
                pointers=["/metadata/ownedByProject"],
            ),
            Ask(
                name="platform",
                label="Platform",
                kind="radios",
                needed=True,
                value=first,
                options=platforms,
                pointers=["/spec/platformRef", "/spec/landingZoneRef"],
            ),
        ]

    @router.get("/w/{workspace}/tenants/new")
    async def show_new_tenant(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        project = request.query_params.get("project", "")
        context, asks = await site.db.read(lambda tx: look(tx, visitor.principal, workspace, project))
        context["asks"] = again(asks, request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/new_tenant.html", context)

    @router.post("/w/{workspace}/tenants/new")
    async def make_tenant(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        _, asks = await site.db.read(lambda tx: look(tx, visitor.principal, workspace, ""))

        def make(tx: Transaction, key: ProjectKey, place: str) -> TenantView:
            platform, zone = zone_of(place)
            spec = TenantSpec(platform_id=PlatformId(platform), landing_zone=zone)
            return services.tenants.create(tx, visitor.principal, key, spec)

        async def made(filled: Filled) -> TenantView | str:
            key, place = ProjectKey(workspace, filled.texts["project"]), filled.texts["platform"]
            try:
                return await site.db.write(lambda tx: make(tx, key, place))
            except Invalid as refusal:
                if refusal.code != INPUTS_NEEDED:
                    raise
                return inputs_at(key, place)

        def done(made: TenantView | str) -> Response:
            if isinstance(made, str):
                return site.go(made, visitor)
            return site.go(tenant_home(made.tenant), visitor, said="The tenant is being prepared.")

        return await send(
            site,
            visitor,
            asks,
            form,
            at=f"{home_of(workspace)}/tenants/new",
            work=made,
            done=done,
        )


def _add_page(router: APIRouter, site: Site, services: Services) -> None:
    def read(tx: Transaction, principal: Principal, workspace: str, tenant_id: UUID) -> dict[str, object]:
        detail = services.tenants.detail(tx, principal, tenant_id)
        tenant = detail.view.tenant
        if tenant.workspace != workspace:
            raise NotFound(f"workspace '{workspace}' has no tenant {tenant_id}")
        key = ProjectKey(tenant.workspace, tenant.project)
        may_see = principal.allows("WORKSPACE_LIST", workspace=tenant.workspace)
        project = services.projects.get(tx, principal, key) if may_see and tenant.deleted_at is None else None
        context = around(tx, principal, services, workspace, project=project, tenant=tenant) if may_see else {}
        platform = services.platforms.known(tx, [tenant.platform_id]).get(tenant.platform_id)
        query = BlockQuery(tenant_id=tenant_id)
        blocks = services.blocks.search(tx, principal, query, PageRequest(0, _MOST))
        return {
            "workspace": None,
            "home": home_of(tenant.workspace),
            **context,
            "thing": Thing(
                kind=Kind.TENANT, id=str(tenant.id), name=tenant.name, where=tenant.platform_tenant_id or ""
            ),
            "detail": detail,
            "tenant": tenant,
            "project": project,
            "platform": platform,
            "state": replication_badge(detail),
            "moving": detail.replication is Replication.IN_PROGRESS or tenant.is_leaving,
            "tenant_tags": detail.view.tags,
            "blocks": [(line, words.block_badge(line.block, is_yours=line.is_yours)) for line in blocks.items],
        }

    @router.get("/w/{workspace}/tenants/{tenant_id}")
    async def show_tenant(request: Request, workspace: str, tenant_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, workspace, tenant_id))
        return site.page(request, visitor, "pages/workspaces/tenant.html", context)


_Decide = Callable[[Transaction, Principal, UUID], object]


def _add_acts(router: APIRouter, site: Site, services: Services) -> None:
    tenants = services.tenants
    acts: dict[str, tuple[_Decide, str]] = {
        "delete": (tenants.delete, "The deletion was requested."),
        "approve": (tenants.approve_deletion, "The deletion was approved."),
        "confirm": (tenants.confirm_deletion, "The tenant is gone."),
        "purge": (tenants.purge, "The tenant was forgotten. The platform was left as it is."),
    }

    @router.post("/w/{workspace}/tenants/{tenant_id}")
    async def act_on_tenant(request: Request, workspace: str, tenant_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/tenants/{tenant_id}"
        word, comment = form.texts.get("act", ""), form.texts.get("comment", "").replace("\0", "").strip()[:255]

        def work(tx: Transaction) -> object:
            if word == "decline":
                return tenants.decline_deletion(tx, visitor.principal, tenant_id, comment)
            return acts[word][0](tx, visitor.principal, tenant_id)

        if word != "decline" and word not in acts:
            return site.go(path, visitor)
        said = "The tenant stays." if word == "decline" else acts[word][1]
        return await submit(
            site.db.write(work),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, said=said),
        )
