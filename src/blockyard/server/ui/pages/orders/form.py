"""The form of an order: what it is about, what was entered, and the order that comes of it, all in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from blockyard.protocol.kinds import TENANT, WORKSPACE
from blockyard.server.blocks.model.block import Lifecycle
from blockyard.server.blocks.model.inputs import pointer_of
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.definitions.model import Definition, DefinitionId, TargetType, Version
from blockyard.server.definitions.model.catalogue import Offer
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Refusal
from blockyard.server.kit.paging import PageRequest
from blockyard.server.platforms.model import PlatformId
from blockyard.server.projects.model import ProjectKey, ProjectSpec
from blockyard.server.services import Services
from blockyard.server.tenants.model import TenantSpec
from blockyard.server.ui.frame.entries import problem_of
from blockyard.server.ui.frame.refusals import sentence
from blockyard.server.ui.pages.orders.items import Item, item_of, prefix_of
from blockyard.server.ui.pages.orders.places import NEW, Choice, Place, Places
from blockyard.server.ui.pages.orders.typed import PARENT, Fields

T = TypeVar("T")

_MAX_ITEMS = 20
_MAX_CANDIDATES = 100

_PLACES_BY_FIELD = {
    "/metadata/name": "project_name",
    "/spec/displayName": "project_display_name",
    "/spec/platformRef/uuid": "platform",
    "/spec/landingZoneRef/name": "platform",
    "/spec/targetRef/uuid": "tenant",
}


class Blamed(Exception):
    """A refusal of a part of an order; `prefix` is that of the fields of a block, None for the place."""

    def __init__(self, prefix: str | None, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.prefix, self.refusal = prefix, refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A dependency: a block that is there, or a new one.

    Attributes:
        chosen: the id of a block, `new`, or nothing yet.
        offer: the definition, if a block of it can be ordered.
    """

    definition_id: DefinitionId
    name: str
    needed_by: str
    candidates: Sequence[Choice]
    chosen: str
    offer: Offer | None
    problem: str | None = None

    @property
    def field_name(self) -> str:
        """The name of its field."""
        return f"{PARENT}{self.definition_id}"

    @property
    def is_new(self) -> bool:
        """Whether it is ordered, too."""
        return self.chosen == NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form as it was filled in. The first of the items is what it is about, the others are ordered with it."""

    offer: Offer
    place: Place
    items: Sequence[Item]
    needs: Sequence[Need]
    name: str
    refusal: Refusal | None = None
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_problems(self) -> Mapping[str, str]:
        """What is wrong, by the name of the field."""
        found = {**self.place.problems}
        found |= {need.field_name: need.problem for need in self.needs if need.problem}
        found |= {item.field_name(key): text for item in self.items for key, text in item.problems.items()}
        found |= {f"{item.prefix}checks": " ".join(item.broken) for item in self.items if item.broken}
        return {**found, **self.problems}

    @property
    def is_sound(self) -> bool:
        """Whether it can be ordered, as far as can be told before."""
        return not self.all_problems and self.refusal is None and self.place.workspace is not None


class OrderForm:
    """Reads forms and places orders."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = Places(services)

    def look(self, tx: Transaction, principal: Principal, definition_id: UUID, fields: Fields) -> Filled:
        """Return the form with what was entered, judged. Raises NotFound, Conflict (nothing can be ordered)."""
        offer = self._services.definitions.catalogue.offer(tx, principal, definition_id)
        version = _orderable(offer)
        place = self._places.of(tx, principal, offer.definition, offer.workspaces, fields)
        items = [self._item(tx, principal, offer.definition, version, place, fields)]
        needs: dict[DefinitionId, Need] = {}
        for item in items:  # grows while it is looked through
            for wanted in item.version.dependencies:
                if wanted in needs or len(items) > _MAX_ITEMS:
                    continue
                need = needs[wanted] = self._need(
                    tx, principal, wanted, needed_by=item.definition, place=place, fields=fields
                )
                if need.is_new and need.offer is not None and need.offer.version is not None:
                    parent = need.offer.definition
                    prefix = prefix_of(parent)
                    items.append(self._item(tx, principal, parent, need.offer.version, place, fields, prefix=prefix))
        return Filled(offer=offer, place=place, items=items, needs=[*needs.values()], name=fields.text("name"))

    def _item(  # noqa: PLR0917  everything about one block
        self,
        tx: Transaction,
        principal: Principal,
        definition: Definition,
        version: Version,
        place: Place,
        fields: Fields,
        *,
        prefix: str = "",
    ) -> Item:
        looked = self._services.blocks.adapting.look(tx, version, self._places.spot(tx, principal, place))
        return item_of(definition, version, fields, looked, prefix=prefix)

    def order(self, tx: Transaction, principal: Principal, filled: Filled) -> UUID:
        """Make what the form asks for, all of it or nothing, and return the block. Raises Blamed."""
        target = _blaming(None, lambda: self._target(tx, principal, filled.place))
        by_definition = {item.definition.id: item for item in filled.items}
        chosen = {need.definition_id: need for need in filled.needs}
        made: dict[DefinitionId, UUID] = {}

        def make(item: Item, name: str | None) -> UUID:
            if item.definition.id not in made:
                parents = tuple(
                    make(by_definition[wanted], None) if chosen[wanted].is_new else UUID(chosen[wanted].chosen)
                    for wanted in item.version.dependencies
                )
                made[item.definition.id] = self._make(tx, principal, item, target, parents=parents, name=name)
            return made[item.definition.id]

        return make(filled.items[0], filled.name or None)

    def _make(
        self,
        tx: Transaction,
        principal: Principal,
        item: Item,
        target: tuple[str, Target],
        *,
        parents: tuple[UUID, ...],
        name: str | None,
    ) -> UUID:
        workspace, at = target
        in_workspace = item.definition.target_type is TargetType.WORKSPACE_LEVEL
        request = BlockRequest(
            version_id=item.version.id,
            target=Target(kind=WORKSPACE.name, name=workspace) if in_workspace else at,
            display_name=name,
            inputs=item.sent,
            parents=parents,
        )
        return _blaming(item.prefix, lambda: self._services.blocks.order(tx, principal, request)).block.id

    def _target(self, tx: Transaction, principal: Principal, place: Place) -> tuple[str, Target]:
        """Return where it shall be; a new project and a new tenant are made first."""
        workspace = place.workspace or ""
        if not place.is_for_tenants:
            return workspace, Target(kind=WORKSPACE.name, name=workspace)
        if place.tenant is not None:
            return workspace, Target(kind=TENANT.name, tenant_id=place.tenant.id)
        key = ProjectKey(workspace, place.project_name if place.is_new_project else place.project or "")
        if place.is_new_project:
            spec = ProjectSpec(
                display_name=place.project_display_name or place.project_name,
                tags={},
                payment_method_identifier=None,
                substitute_payment_method_identifier=None,
            )
            self._services.projects.create(tx, principal, key, spec)
        if place.platform is None:
            raise Conflict("there is no platform to make a tenant on", code="NoPlatform", remedy="Choose a platform.")
        wanted = TenantSpec(platform_id=PlatformId(place.platform[0]), landing_zone=place.platform[1])
        tenant = self._services.tenants.create(tx, principal, key, wanted).tenant
        return workspace, Target(kind=TENANT.name, tenant_id=tenant.id)

    def _need(
        self,
        tx: Transaction,
        principal: Principal,
        wanted: DefinitionId,
        *,
        needed_by: Definition,
        place: Place,
        fields: Fields,
    ) -> Need:
        offer = self._offer(tx, principal, wanted)
        names = self._services.definitions.names(tx, [wanted])
        level = TargetType.WORKSPACE_LEVEL if offer is None else offer.definition.target_type
        candidates = self._candidates(tx, principal, wanted, place, level)
        can_be_new = offer is not None and offer.version is not None and _reaches(principal, offer, place)
        usable = {one.value for one in candidates}
        chosen = fields.text(f"{PARENT}{wanted}")
        if chosen not in usable and not (chosen == NEW and can_be_new):
            chosen = candidates[0].value if len(candidates) == 1 else NEW if not candidates and can_be_new else ""
        name = names.get(wanted, "a building block") if offer is not None else "a building block that you cannot see"
        problem = (
            None if chosen else f"Choose {name}." if candidates else f"You need {name} first, and cannot order it."
        )
        return Need(
            definition_id=wanted,
            name=name,
            needed_by=needed_by.display_name,
            candidates=candidates,
            chosen=chosen,
            offer=offer if can_be_new else None,
            problem=problem,
        )

    def _offer(self, tx: Transaction, principal: Principal, wanted: DefinitionId) -> Offer | None:
        try:
            return self._services.definitions.catalogue.offer(tx, principal, wanted)
        except NotFound:
            return None

    def _candidates(
        self, tx: Transaction, principal: Principal, wanted: DefinitionId, place: Place, level: TargetType
    ) -> Sequence[Choice]:
        """Return the blocks that may be a parent, newest last: active ones of the workspace, or of the tenant."""
        query = BlockQuery(definition_id=wanted, workspace=place.workspace)
        found = self._services.blocks.search(tx, principal, query, PageRequest(0, _MAX_CANDIDATES)).items
        at = place.tenant.id if place.tenant is not None and level is TargetType.TENANT_LEVEL else None
        is_nowhere = level is TargetType.TENANT_LEVEL and at is None
        return [
            Choice(str(line.block.id), line.block.name)
            for line in found
            if line.block.lifecycle is Lifecycle.ACTIVE
            and not is_nowhere
            and (None if line.block.tenant is None else line.block.tenant.id) == at
        ]


def blamed(filled: Filled, blame: Blamed) -> Filled:
    """Return the form with a refusal at the field that it is about, or as a whole."""
    refusal = blame.refusal
    if blame.prefix is None:
        name = _PLACES_BY_FIELD.get(refusal.field or "")
        if name is None:
            return replace(filled, refusal=refusal)
        return replace(filled, problems={name: sentence(refusal.message)})
    for at, item in enumerate(filled.items):
        key = next((key for key in item.version.inputs if _is_about(refusal, key)), None)
        if item.prefix == blame.prefix and key is not None:
            changed = item.blamed(key, problem_of(item.version.inputs[key], refusal))
            return replace(filled, items=[*filled.items[:at], changed, *filled.items[at + 1 :]])
    return replace(filled, refusal=refusal)


def _is_about(refusal: Refusal, key: str) -> bool:
    at = pointer_of(key).removesuffix("/value")
    return refusal.field is not None and f"{refusal.field}/".startswith(f"{at}/")


def _orderable(offer: Offer) -> Version:
    if offer.version is None:
        raise Conflict(
            f"'{offer.definition.display_name}' cannot be ordered now",
            code="NothingToOrder",
            remedy="Its page in the marketplace says why.",
        )
    return offer.version


def require_orderer(principal: Principal, filled: Filled) -> None:
    """Refuse who can order for nobody. Raises Denied."""
    if filled.place.workspace is None:
        principal.require_somewhere("BUILDINGBLOCK_SAVE")
        raise Denied(
            f"'{filled.offer.definition.display_name}' is not offered to a workspace that you may order for",
            code="NotOffered",
            remedy="Ask an owner or a manager of your workspace.",
        )


def _reaches(principal: Principal, offer: Offer, place: Place) -> bool:
    everywhere = "BUILDINGBLOCK_SAVE" in principal.everywhere
    return everywhere or place.workspace in offer.workspaces


def _blaming(prefix: str | None, work: Callable[[], T]) -> T:
    try:
        return work()
    except Refusal as refusal:
        raise Blamed(prefix, refusal) from refusal
