"""The form of an order: what it is about, what was entered, and the order that comes of it, all in one transaction."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from blockyard.server.blocks.model.block import Lifecycle
from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.definitions.model import Definition, DefinitionId, TargetType, Version
from blockyard.server.definitions.model.catalogue import CatalogueQuery, Offer
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Refusal
from blockyard.server.kit.paging import PageRequest
from blockyard.server.orders.model import MAX_BLOCKS, NewTenant, Order, OrderedBlock, Parent, Reference
from blockyard.server.platforms.model import PlatformId
from blockyard.server.publications.model import PublicationState
from blockyard.server.services import Services
from blockyard.server.tenants.model import TenantSpec
from blockyard.server.ui.frame.entries import problem_of
from blockyard.server.ui.frame.refusals import sentence
from blockyard.server.ui.frame.twins import told_apart
from blockyard.server.ui.pages.orders.items import Item, item_of, prefix_of
from blockyard.server.ui.pages.orders.places import NEW, Choice, Place, Places
from blockyard.server.ui.pages.orders.typed import PARENT, Fields

ZONE = "zone"
"""Chosen for a dependency that comes with the new tenant, or is ordered already."""

_MAX_CANDIDATES = 100

_PLACES_BY_FIELD = {
    "/newTenant/project": "project_name",
    "/newTenant/newProject": "project_display_name",
    "/newTenant/platformUuid": "platform",
    "/newTenant/landingZone": "platform",
    "/tenantUuid": "tenant",
}
_OF_BLOCK = re.compile(r"/blocks/([0-9]+)/inputs/([^/]+)")
_OF_ZONE = re.compile(r"/newTenant/buildingBlockInputs/([^/]+)/([^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A dependency: a block that is there, or a new one.

    Attributes:
        chosen: the id of a block, `new`, `zone` if it comes with the new tenant, or nothing yet.
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
    """The form as it was filled in.

    Attributes:
        items: the first is what it is about, the others are ordered with it.
        coming: what comes with a new tenant by its landing zone.
        also: the definitions that were added; `more` can be added.
    """

    offer: Offer
    place: Place
    items: Sequence[Item]
    needs: Sequence[Need]
    name: str
    coming: Sequence[Item] = ()
    also: Sequence[Choice] = ()
    more: Sequence[Choice] = ()
    refusal: Refusal | None = None
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_items(self) -> Sequence[Item]:
        """Everything that asks for inputs."""
        return [*self.items, *self.coming]

    @property
    def all_problems(self) -> Mapping[str, str]:
        """What is wrong, by the name of the field."""
        found = {**self.place.problems}
        found |= {need.field_name: need.problem for need in self.needs if need.problem}
        found |= {item.field_name(key): text for item in self.all_items for key, text in item.problems.items()}
        found |= {f"{item.prefix}checks": " ".join(item.broken) for item in self.all_items if item.broken}
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
        coming = self._coming(tx, principal, place, fields)
        also = self._also(tx, principal, offer.definition, place, fields)
        for added in also:
            if added.version is not None:
                prefix = prefix_of(added.definition)
                items.append(self._item(tx, principal, added.definition, added.version, place, fields, prefix=prefix))
        needs: dict[DefinitionId, Need] = {}
        there = {item.definition.id for item in items}
        zone = frozenset(item.definition.id for item in coming)
        for item in items:  # grows while it is looked through
            for wanted in item.version.dependencies:
                if wanted in needs or len(items) >= MAX_BLOCKS:
                    continue
                need = needs[wanted] = self._need(
                    tx, principal, wanted, needed_by=item.definition, place=place, fields=fields, coming=zone | there
                )
                if need.is_new and need.offer is not None and need.offer.version is not None and wanted not in there:
                    parent = need.offer.definition
                    prefix = prefix_of(parent)
                    there.add(wanted)
                    items.append(self._item(tx, principal, parent, need.offer.version, place, fields, prefix=prefix))
        return Filled(
            offer=offer,
            place=place,
            items=items,
            coming=coming,
            needs=[*needs.values()],
            name=fields.text("name"),
            also=[Choice(str(one.definition.id), one.definition.display_name) for one in also],
            more=self._more(tx, principal, offer.definition, place, there),
        )

    def _coming(self, tx: Transaction, principal: Principal, place: Place, fields: Fields) -> Sequence[Item]:
        """Return the building blocks that come with a new tenant."""
        if not place.is_new_tenant or place.workspace is None or place.platform is None or not place.platform[1]:
            return []
        zone = self._services.landing_zones.living_named(tx, {place.platform[1]}).get(place.platform[1])
        found = [] if zone is None else zone.mandatory
        usable = [one for wanted in found for one in self._services.definitions.usable(tx, wanted, place.workspace)]
        return [
            self._item(tx, principal, definition, version, place, fields, prefix=prefix_of(definition))
            for definition, version in usable
        ]

    def _also(
        self, tx: Transaction, principal: Principal, about: Definition, place: Place, fields: Fields
    ) -> Sequence[Offer]:
        """Return what somebody has added to the order."""
        found: list[Offer] = []
        for text in fields.several("also")[: MAX_BLOCKS - 1]:
            try:
                wanted = DefinitionId(UUID(text))
            except ValueError:
                continue
            offer = self._offer(tx, principal, wanted) if wanted != about.id else None
            if offer is not None and offer.version is not None and _fits(principal, offer, place):
                found.append(offer)
        return found

    def _more(
        self, tx: Transaction, principal: Principal, about: Definition, place: Place, there: Collection[DefinitionId]
    ) -> Sequence[Choice]:
        """Return what else can be ordered to the same place."""
        level = None if place.is_for_tenants else TargetType.WORKSPACE_LEVEL
        query = CatalogueQuery(target_type=level)
        page = self._services.definitions.catalogue.page(tx, principal, query, PageRequest(0, _MAX_CANDIDATES))
        return [
            Choice(str(one.id), one.display_name)
            for one in page.items
            if one.id not in there
            and one.id != about.id
            and (one.workspace == place.workspace or one.publication.offered_to(place.workspace or ""))
            and one.publication.state is not PublicationState.DEPRECATED
        ]

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
        """Make what the form asks for, all of it or nothing, and return the block. Raises what ordering raises."""
        ordered = {item.definition.id for item in filled.items}
        chosen = {need.definition_id: need for need in filled.needs}

        def parents(item: Item) -> Iterator[Parent]:
            for wanted in item.version.dependencies:
                need = chosen[wanted]
                if need.is_new or wanted in ordered:
                    yield Reference(str(wanted))
                elif need.chosen != ZONE:
                    yield UUID(need.chosen)

        blocks = [
            OrderedBlock(
                definition_id=item.definition.id,
                version_id=item.version.id,
                name=Reference(str(item.definition.id)),
                display_name=(filled.name or None) if at == 0 else None,
                inputs=item.sent,
                parents=[*parents(item)],
            )
            for at, item in enumerate(filled.items)
        ]
        place = filled.place
        order = Order(
            workspace=place.workspace or "",
            blocks=blocks,
            tenant_id=None if place.tenant is None else place.tenant.id,
            new_tenant=_new_tenant(filled) if place.is_for_tenants and place.tenant is None else None,
        )
        return self._services.orders.place(tx, principal, order).blocks[0].block_id

    def _need(
        self,
        tx: Transaction,
        principal: Principal,
        wanted: DefinitionId,
        *,
        needed_by: Definition,
        place: Place,
        fields: Fields,
        coming: Collection[DefinitionId],
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
        if wanted in coming and not (chosen and chosen != NEW):
            chosen = ZONE
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
        fitting = [
            line.block
            for line in found
            if line.block.lifecycle is Lifecycle.ACTIVE
            and not is_nowhere
            and (None if line.block.tenant is None else line.block.tenant.id) == at
        ]
        more = told_apart(fitting)
        return [
            Choice(str(block.id), f"{block.name} ({more[block.id]})" if block.id in more else block.name)
            for block in fitting
        ]


def blamed(filled: Filled, refusal: Refusal) -> Filled:
    """Return the form with a refusal at the field that it is about, or as a whole."""
    field = refusal.field or ""
    name = _PLACES_BY_FIELD.get(field)
    if name is not None:
        return replace(filled, problems={name: sentence(refusal.message)})
    of_block, of_zone = _OF_BLOCK.match(field), _OF_ZONE.match(field)
    found = next(
        (
            (item, key)
            for at, item in enumerate(filled.all_items)
            for key in item.version.inputs
            if (of_block is not None and int(of_block[1]) == at and of_block[2] == _escaped(key))
            or (of_zone is not None and of_zone[1] == str(item.definition.id) and of_zone[2] == _escaped(key))
        ),
        None,
    )
    if found is None:
        return replace(filled, refusal=refusal)
    item, key = found
    told = item.blamed(key, problem_of(item.version.inputs[key], refusal))
    return replace(
        filled,
        items=[told if one is item else one for one in filled.items],
        coming=[told if one is item else one for one in filled.coming],
    )


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _new_tenant(filled: Filled) -> NewTenant:
    place = filled.place
    if place.platform is None:
        raise Conflict("there is no platform to make a tenant on", code="NoPlatform", remedy="Choose a platform.")
    inputs = {
        item.definition.id: {key: sent.value for key, sent in item.sent.items()} for item in filled.coming if item.sent
    }
    spec = TenantSpec(platform_id=PlatformId(place.platform[0]), landing_zone=place.platform[1], block_inputs=inputs)
    name = place.project_name if place.is_new_project else place.project or ""
    called = (place.project_display_name or place.project_name) if place.is_new_project else None
    return NewTenant(project=name, spec=spec, new_project=called)


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


def _fits(principal: Principal, offer: Offer, place: Place) -> bool:
    """Whether a building block can be ordered to a place."""
    is_for_tenants = offer.definition.target_type is TargetType.TENANT_LEVEL
    return _reaches(principal, offer, place) and (place.is_for_tenants or not is_for_tenants)
