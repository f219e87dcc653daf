"""Where a block that is ordered shall be: what there is to choose from, and what was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from blockyard.server.blocks.service.adapting import Place as Spot
from blockyard.server.definitions.model import Definition, TargetType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.platforms.model import PlatformFilter
from blockyard.server.projects.model import Project, ProjectKey
from blockyard.server.services import Services
from blockyard.server.tenants.model import Tenant, TenantQuery
from blockyard.server.ui.pages.orders.typed import Fields

_MAX_CHOICES = 200
"""So many projects, tenants and platforms a page offers."""

_ORDER, _NEW_PROJECT, _NEW_TENANT = "BUILDINGBLOCK_SAVE", "PROJECT_SAVE", "TENANT_SAVE"

NEW = "new"
EXISTING = "existing"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: what is sent, what is read, and why it cannot be chosen, if so."""

    value: str
    text: str
    why_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a block shall be, and what there was to choose from.

    Attributes:
        workspace: None if there is none to choose.
        tenant: one that is there.
        is_new_tenant, is_new_project: made with the order.
        platform: the id of the platform and the name of the landing zone of a new tenant.
        problems: sentences by field.
    """

    workspaces: Sequence[Choice]
    workspace: str | None
    is_for_tenants: bool = False
    tenants: Sequence[Choice] = ()
    tenant: Tenant | None = None
    is_new_tenant: bool = False
    projects: Sequence[Choice] = ()
    project: str | None = None
    is_new_project: bool = False
    project_name: str = ""
    project_display_name: str = ""
    platforms: Sequence[Choice] = ()
    platform: tuple[UUID, str | None] | None = None
    may_make_tenant: bool = False
    may_make_project: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """Where it is, for a review."""
        if not self.is_for_tenants:
            return f"Workspace {self.workspace}"
        if self.tenant is not None:
            return f"Tenant of project {self.tenant.project} on {self.tenant.platform}"
        project = self.project_name if self.is_new_project else self.project
        chosen = next((one.text for one in self.platforms if one.value == platform_value(self.platform)), "")
        new = "new project" if self.is_new_project else "project"
        return f"New tenant of {new} {project} on {chosen}"


class Places:
    """Reads where blocks may be."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def of(
        self, tx: Transaction, principal: Principal, definition: Definition, workspaces: Sequence[str], fields: Fields
    ) -> Place:
        """Return where a block of `definition` shall be, by what was entered."""
        names = workspaces or self._all_workspaces(tx, principal)
        found = self._services.workspaces.find_all(tx, names)
        choices = [Choice(name, found[name].display_name or name) for name in names if name in found]
        asked = fields.text("workspace")
        workspace = asked if asked in found else (choices[0].value if choices else None)
        if workspace is None or definition.target_type is TargetType.WORKSPACE_LEVEL:
            return Place(workspaces=choices, workspace=workspace)
        return self._with_tenants(tx, principal, definition, fields, workspaces=choices, workspace=workspace)

    def spot(self, tx: Transaction, principal: Principal, place: Place) -> Spot:
        """Return the place as options of inputs depend on it: with the tags that a new tenant will have."""
        workspace = place.workspace or ""
        if place.tenant is not None or not place.is_for_tenants:
            return Spot.for_(principal, workspace, None if place.tenant is None else place.tenant.id)
        key = None if place.is_new_project or place.project is None else ProjectKey(workspace, place.project)
        zone = None if place.platform is None else place.platform[1]
        return Spot.for_(principal, workspace, None, self._services.tenants.tags_to_be(tx, key, zone))

    def _all_workspaces(self, tx: Transaction, principal: Principal) -> Sequence[str]:
        """Return the workspaces that an administrator orders for."""
        if _ORDER not in principal.everywhere:
            return []
        page = self._services.workspaces.page(tx, principal, PageRequest(0, _MAX_CHOICES))
        return [workspace.name for workspace in page.items]

    def _with_tenants(
        self,
        tx: Transaction,
        principal: Principal,
        definition: Definition,
        fields: Fields,
        *,
        workspaces: Sequence[Choice],
        workspace: str,
    ) -> Place:
        types = definition.supported_platforms or ()
        query = TenantQuery(workspace=workspace)
        details = self._services.tenants.search(tx, principal, query, PageRequest(0, _MAX_CHOICES)).items
        tenants = [detail.view.tenant for detail in details if detail.view.tenant.workspace == workspace]
        choices = sorted((_choice(tenant, types) for tenant in tenants), key=lambda one: (bool(one.why_not), one.text))
        usable = {one.value for one in choices if not one.why_not}
        may_tenant = principal.allows(_NEW_TENANT, workspace=workspace)
        platforms = self._platforms(tx, principal, workspace, types) if may_tenant else []
        wants_new = fields.text("place") == NEW or (fields.text("place") != EXISTING and not usable)
        is_new = wants_new and bool(platforms)
        tenant = next((one for one in tenants if str(one.id) == fields.text("tenant") and str(one.id) in usable), None)
        if tenant is None and len(usable) == 1:
            tenant = next(one for one in tenants if str(one.id) in usable)
        projects = self._projects(tx, principal, workspace)
        place = Place(
            workspaces=workspaces,
            workspace=workspace,
            is_for_tenants=True,
            tenants=choices,
            tenant=None if is_new else tenant,
            is_new_tenant=is_new,
            projects=[Choice(one.name, one.display_name or one.name) for one in projects],
            platforms=platforms,
            may_make_tenant=bool(platforms),
            may_make_project=principal.allows(_NEW_PROJECT, workspace=workspace),
        )
        place = _with_new(place, fields)
        return replace(place, problems=_problems(place))

    def _projects(self, tx: Transaction, principal: Principal, workspace: str) -> Sequence[Project]:
        if not principal.allows("PROJECT_LIST", workspace=workspace):
            return []
        page = self._services.projects.page(tx, principal, PageRequest(0, _MAX_CHOICES), workspace=workspace)
        return sorted(page.items, key=lambda one: (one.display_name or one.name).casefold())

    def _platforms(
        self, tx: Transaction, principal: Principal, workspace: str, types: Sequence[str]
    ) -> Sequence[Choice]:
        """Return the platforms, with their landing zones, where the workspace may have a new tenant that fits."""
        if not principal.holds_somewhere("PLATFORMINSTANCE_LIST"):
            return []
        found: list[Choice] = []
        for name in types:
            page = self._services.platforms.page(
                tx, principal, PlatformFilter(type_name=name), PageRequest(0, _MAX_CHOICES)
            )
            for platform in page.items:
                if not platform.serves(workspace):
                    continue
                zones = self._services.landing_zones.usable_of(tx, workspace, platform.id).items
                label = platform.display_name or platform.identifier
                found += [
                    Choice(f"{platform.id} {zone.name}", f"{label}, {zone.display_name or zone.name}") for zone in zones
                ]
                if not zones and not self._services.landing_zones.has_any(tx, platform.id):
                    found.append(Choice(str(platform.id), label))
        return found


def platform_value(platform: tuple[UUID, str | None] | None) -> str:
    """Return what is sent for a platform and a landing zone."""
    if platform is None:
        return ""
    return f"{platform[0]} {platform[1]}" if platform[1] else str(platform[0])


def _choice(tenant: Tenant, types: Sequence[str]) -> Choice:
    text = f"{tenant.project} on {tenant.platform}"
    if not tenant.is_active:
        return Choice(str(tenant.id), text, "is being deleted")
    if tenant.platform_type not in types:
        return Choice(str(tenant.id), text, "another kind of platform")
    return Choice(str(tenant.id), text)


def _with_new(place: Place, fields: Fields) -> Place:
    """Return the place with what was entered for a new tenant, and what is the only choice."""
    known = [one.value for one in place.projects]
    offered = [one.value for one in place.platforms]
    project = fields.text("project") if fields.text("project") in known else None
    chosen = fields.text("platform") if fields.text("platform") in offered else ""
    at, _, zone = (chosen or (offered[0] if len(offered) == 1 else "")).partition(" ")
    asks_new = fields.text("project_place") == NEW or not known
    return replace(
        place,
        is_new_project=asks_new and place.may_make_project,
        project=project or (known[0] if len(known) == 1 else None),
        project_name=fields.text("project_name"),
        project_display_name=fields.text("project_display_name"),
        platform=(UUID(at), zone or None) if at else None,
    )


def _problems(place: Place) -> dict[str, str]:
    if not place.is_new_tenant:
        missing = (
            "Choose a tenant." if any(not one.why_not for one in place.tenants) else "There is no tenant that fits."
        )
        return {} if place.tenant is not None else {"tenant": missing}
    found: dict[str, str] = {}
    if place.platform is None:
        found["platform"] = "Choose a platform."
    if place.is_new_project and not place.project_name:
        found["project_name"] = "Give the new project an identifier."
    if not place.is_new_project and place.project is None:
        found["project"] = "Choose a project."
    return found
