"""What the building blocks of a landing zone ask for before a tenant is made: the second step of its form. Source: concepts.md 3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.service.adapting import Place
from blockyard.server.definitions.model import AssignmentType, DefinitionId
from blockyard.server.identity.model import Principal
from blockyard.server.kit.bodies import LARGE_BYTES
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Refusal
from blockyard.server.landing_zones.model import LandingZone
from blockyard.server.platforms.model import Platform, PlatformId
from blockyard.server.projects.model import ProjectKey
from blockyard.server.services import Services
from blockyard.server.tenants.model import TenantSpec
from blockyard.server.tenants.service import TenantView
from blockyard.server.ui.frame.entries import problem_of
from blockyard.server.ui.frame.following import checks_of
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import NOT_ABOUT_THE_FORM, Site
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.orders.items import Item, fields_of, item_of, prefix_of
from blockyard.server.ui.pages.orders.typed import Fields

INPUTS_FIELD = "/spec/buildingBlockInputs/"
"""How refusals of a tenant point at inputs of its building blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A tenant that shall be made, and its building blocks as they were filled in; `workspace` is the name that people read."""

    workspace: str
    key: ProjectKey
    platform: Platform
    zone: LandingZone
    items: Sequence[Item]

    @property
    def is_sound(self) -> bool:
        return not any(item.problems or item.broken for item in self.items)

    @property
    def inputs(self) -> Mapping[DefinitionId, Mapping[str, Json]]:
        return {item.definition.id: {key: sent.value for key, sent in item.sent.items()} for item in self.items}

    def blamed(self, refusal: Refusal) -> "_Wanted | None":
        """Return it with a refusal beside the field it is about; None if it is about none."""
        field = refusal.field or ""
        for at, item in enumerate(self.items):
            begin = f"{INPUTS_FIELD}{item.definition.id}/"
            if not field.startswith(begin):
                continue
            key = field.removeprefix(begin).partition("/")[0].replace("~1", "/").replace("~0", "~")
            if key in item.version.inputs:
                changed = item.blamed(key, problem_of(item.version.inputs[key], refusal))
                return replace(self, items=[*self.items[:at], changed, *self.items[at + 1 :]])
        return None


def add_tenant_blocks(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the form."""
    pages = _Pages(site, services)

    @router.get("/w/{workspace}/tenants/new/inputs")
    async def show_tenant_inputs(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        wanted = await site.db.read(lambda tx: pages.look(tx, visitor.principal, request, workspace, Fields()))
        return pages.shown(request, visitor, wanted, checked=False)

    @router.post("/w/{workspace}/tenants/new/inputs")
    async def make_tenant_with_inputs(request: Request, workspace: str) -> Response:
        return await pages.made(request, workspace)


class _Pages:
    """Shows the form, and makes the tenant."""

    def __init__(self, site: Site, services: Services) -> None:
        self._site, self._services = site, services

    def look(self, tx: Transaction, principal: Principal, request: Request, workspace: str, fields: Fields) -> _Wanted:
        """Return what the address asks for. Raises NotFound, Denied."""
        principal.require("TENANT_SAVE", workspace=workspace)
        services, unknown = self._services, NotFound("there is no such tenant to make", remedy="Begin again.")
        project = request.query_params.get("project", "").replace("\0", "")
        platform_id, _, zone_name = request.query_params.get("platform", "").partition(" ")
        try:
            wanted = PlatformId(UUID(platform_id))
        except ValueError:
            raise unknown from None
        key = ProjectKey(workspace, services.projects.get(tx, principal, ProjectKey(workspace, project)).name)
        platform = services.platforms.known(tx, [wanted]).get(wanted)
        zones = {zone.name: zone for zone in services.landing_zones.usable_of(tx, workspace, wanted).items}
        if platform is None or not platform.serves(workspace) or zone_name not in zones:
            raise unknown
        zone = zones[zone_name]
        place = Place.for_(principal, workspace, None, services.tenants.tags_to_be(tx, key, zone_name))
        items = [
            item_of(
                definition,
                version,
                fields,
                services.blocks.adapting.look(tx, version, place),
                prefix=prefix_of(definition),
            )
            for definition_id in zone.mandatory
            for definition, version in services.definitions.usable(tx, definition_id, workspace)
        ]
        home = services.workspaces.find_all(tx, [workspace])[workspace]
        called = home.display_name or workspace
        return _Wanted(
            workspace=called, key=key, platform=platform, zone=zone, items=[one for one in items if _asks(one)]
        )

    def shown(
        self,
        request: Request,
        visitor: Visitor,
        wanted: _Wanted,
        *,
        checked: bool,
        refusal: Refusal | None = None,
    ) -> Response:
        """Return the form."""
        sections = [
            (item, [(f"{at}-{n}", one) for n, one in enumerate(fields_of(item, (), checked=checked), 1)])
            for at, item in enumerate(wanted.items)
        ]
        home = f"/w/{quote(wanted.key.workspace, safe='')}"
        query = urlencode({"project": wanted.key.name, "platform": f"{wanted.platform.id} {wanted.zone.name}"})
        context = {
            "wanted": wanted,
            "sections": sections,
            "checks_of": checks_of,
            "checked": checked,
            "broken": [text for item in wanted.items for text in item.broken] if checked else [],
            "wrong": [(place, one) for _, placed in sections for place, one in placed if one.error],
            "refused": shown(refusal),
            "action": f"{home}/tenants/new/inputs?{query}",
            "back": f"{home}/tenants/new?{urlencode({'project': wanted.key.name})}",
            "crumbs": [(wanted.workspace, home), ("Tenants", f"{home}/tenants"), ("New tenant", None)],
        }
        response = self._site.page(request, visitor, "pages/orders/tenant_blocks.html", context)
        if checked:
            response.status_code = HTTPStatus.BAD_REQUEST
        return response

    async def made(self, request: Request, workspace: str) -> Response:
        """Make the tenant, or show what is wrong."""
        site = self._site

        async def may(sender: Request) -> None:
            (await site.visitors.of(sender)).principal.require("TENANT_SAVE", workspace=workspace)

        visitor, form = await site.visitors.of_form(request, LARGE_BYTES, may)
        fields = Fields.of_form(form)
        wanted = await site.db.read(lambda tx: self.look(tx, visitor.principal, request, workspace, fields))
        if not wanted.is_sound:
            return self.shown(request, visitor, wanted, checked=True)
        spec = TenantSpec(platform_id=wanted.platform.id, landing_zone=wanted.zone.name, block_inputs=wanted.inputs)

        def make(tx: Transaction) -> TenantView:
            return self._services.tenants.create(tx, visitor.principal, wanted.key, spec)

        try:
            view = await site.db.write(make)
        except NOT_ABOUT_THE_FORM:
            raise
        except Refusal as refusal:
            blamed = wanted.blamed(refusal)
            if blamed is None:
                return self.shown(request, visitor, wanted, checked=True, refusal=refusal)
            return self.shown(request, visitor, blamed, checked=True)
        path = f"/w/{quote(workspace, safe='')}/tenants/{view.tenant.id}"
        return site.go(path, visitor, said="The tenant is being prepared.")


def _asks(item: Item) -> bool:
    return any(spec.assignment_type is AssignmentType.USER_INPUT for spec in item.specs)
