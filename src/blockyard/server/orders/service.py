"""Use cases of whole orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from blockyard.protocol.kinds import TENANT, WORKSPACE
from blockyard.protocol.names import ImplementationType
from blockyard.server.blocks.model.inputs import SentInput, missing_inputs, refused_inputs
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.access import operates
from blockyard.server.blocks.service.adapting import Place
from blockyard.server.definitions.model import (
    AssignmentType,
    Definition,
    TagOwner,
    TargetType,
    Value,
    Version,
    VersionId,
)
from blockyard.server.definitions.model.catalogue import CatalogueQuery
from blockyard.server.definitions.model.hiding import settled
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Invalid, NotFound, Refusal
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.orders.model import Asked, Caution, Judged, Made, NewTenant, Order, OrderedBlock, Placed
from blockyard.server.orders.pointing import TENANT_FIELDS, block_fields, pointing
from blockyard.server.projects.model import ProjectKey, ProjectSpec
from blockyard.server.projects.service import ProjectService
from blockyard.server.runs.model.outcomes import Outcomes
from blockyard.server.runs.service import RunViews
from blockyard.server.tags.model import Tags
from blockyard.server.tenants.model import Tenant
from blockyard.server.tenants.service import TenantService

_LIST = "BUILDINGBLOCKDEFINITION_LIST"
_SILENT_AFTER = timedelta(minutes=5)
"""A runner asks for work every few seconds; one that has not been heard from for so long is away."""

_TOLD = (Invalid, Denied, NotFound, Conflict)
"""What is wrong with an order, and not with the server or with how often it is asked."""


class OrderService:
    """Use cases of whole orders, and of those who look for something to order."""

    def __init__(
        self,
        basics: Basics,
        *,
        definitions: DefinitionService,
        projects: ProjectService,
        tenants: TenantService,
        blocks: BlockService,
        views: RunViews,
    ) -> None:
        self._clock = basics.clock
        self._definitions = definitions
        self._projects = projects
        self._tenants = tenants
        self._blocks = blocks
        self._views = views

    def place(self, tx: Transaction, principal: Principal, order: Order) -> Placed:
        """Make all of an order, or nothing of it; refusals point into the order. Raises Denied, NotFound, Invalid, Conflict."""
        order.check()
        chosen = [self._chosen(tx, principal, order, at) for at in range(len(order.blocks))]
        sequence = order.in_sequence()
        site = self._site(tx, principal, order)
        made: dict[int, Made] = {}
        for at in sequence:
            made[at] = self._made(tx, principal, order, at, chosen=chosen, site=site, made=made)
        return Placed(
            workspace=order.workspace,
            project=site.project,
            tenant_id=site.tenant_id,
            blocks=[made[at] for at in range(len(order.blocks))],
            warnings=self.warnings(tx, chosen),
        )

    def judge(self, tx: Transaction, principal: Principal, order: Order) -> Judged:
        """Return how an order asks for its inputs, and all that is wrong with it. Raises Denied, NotFound, Invalid, Conflict.

        It is placed for that as far as it goes: the caller has to throw the transaction away.
        """
        order.check()
        chosen = [self._chosen(tx, principal, order, at) for at in range(len(order.blocks))]
        place = self._spot(tx, principal, order)
        asked: list[Asked] = []
        refusals: list[Refusal] = []
        for at, (block, (_, version)) in enumerate(zip(order.blocks, chosen, strict=True)):
            found, wrong = self._judged(tx, principal, version, block, place)
            asked.append(found)
            for refusal in wrong:
                refusal.field = f"/blocks/{at}{(refusal.field or '').removeprefix('/spec')}"
                refusals.append(refusal)
        outcomes = self._views.outcomes(tx, [definition.id for definition, _ in chosen])
        warnings = self.warnings(tx, chosen)
        told = {(refusal.field, refusal.code) for refusal in refusals}
        rehearsed = self._rehearsed(tx, principal, order, chosen)
        return Judged(
            blocks=asked,
            refusals=[*refusals, *(one for one in rehearsed if (one.field, one.code) not in told)],
            warnings=warnings,
            usual=usual_duration([definition for definition, _ in chosen], outcomes),
        )

    def warnings(self, tx: Transaction, chosen: Sequence[tuple[Definition, Version]]) -> Sequence[Caution]:
        """Return one sentence for each runner that is away, with what waits for it."""
        waiting: dict[tuple[str, str], list[str]] = {}
        for definition, version in chosen:
            if version.implementation_type is ImplementationType.MANUAL:
                continue
            seen_at = self._definitions.runner_of(tx, version).last_seen_at
            away = None if seen_at is None else self._clock() - seen_at
            if away is None:
                key = ("NoRunner", "no runner has come yet that makes {}")
            elif away > _SILENT_AFTER:
                key = ("RunnerAway", f"the runner that makes {{}} has not been heard from for {_rough(away)}")
            else:
                continue
            names = waiting.setdefault(key, [])
            if definition.display_name not in names:
                names.append(definition.display_name)
        return [
            Caution(code, f"{text.replace('{}', ' and '.join(names))}; the order will wait for it")
            for (code, text), names in waiting.items()
        ]

    def search(
        self, tx: Transaction, principal: Principal, query: CatalogueQuery, request: PageRequest
    ) -> tuple[Page[Definition], Mapping[UUID, Outcomes]]:
        """Return what the principal's workspaces may order, and how well it works."""
        principal.listing(_LIST)
        found = self._definitions.catalogue.page(tx, principal, query, request)
        return found, self._views.outcomes(tx, [definition.id for definition in found.items])

    def _chosen(self, tx: Transaction, principal: Principal, order: Order, at: int) -> tuple[Definition, Version]:
        block, where = order.blocks[at], f"/blocks/{at}"
        with pointing(where, _block_fields(order, at), otherwise=f"{where}/definitionUuid", denied="/workspace"):
            if block.version_id is not None:
                form = self._definitions.order_form(tx, principal, VersionId(block.version_id), order.workspace)
                if form[0].id != block.definition_id:
                    raise Invalid(
                        "the version belongs to another definition",
                        code="ForeignVersion",
                        field=f"{where}/versionUuid",
                        remedy="Name a version of the definition, or leave versionUuid out.",
                    )
                return form
            offer = self._definitions.catalogue.offer(tx, principal, block.definition_id)
            if offer.version is None:
                raise Conflict(
                    f"'{offer.definition.display_name}' cannot be ordered now",
                    code="NothingToOrder",
                    remedy="Choose another definition, or ask its owner to release a version.",
                )
            return self._definitions.order_form(tx, principal, offer.version.id, order.workspace)

    def _site(self, tx: Transaction, principal: Principal, order: Order) -> "_Site":
        """Return where the blocks of an order shall be; a new project and a new tenant are made."""
        new = order.new_tenant
        if new is None:
            if order.tenant_id is not None:
                _require_own(self._tenants.orderable(tx, principal, order.tenant_id, field="/tenantUuid"), order)
            return _Site(None, order.tenant_id, {})
        key = ProjectKey(order.workspace, new.project)
        with pointing("/newTenant", TENANT_FIELDS):
            if new.new_project is not None:
                self._projects.create(tx, principal, key, _project(new))
            tenant = self._tenants.create(tx, principal, key, new.spec).tenant
        return _Site(new.project, tenant.id, self._blocks.of_landing_zone(tx, tenant.id))

    def _made(
        self,
        tx: Transaction,
        principal: Principal,
        order: Order,
        at: int,
        *,
        chosen: Sequence[tuple[Definition, Version]],
        site: "_Site",
        made: Mapping[int, Made],
    ) -> Made:
        """Order one building block; those of the order that it depends on are `made`."""
        block, (definition, version) = order.blocks[at], chosen[at]
        by_name = {one.name: one.block_id for one in made.values() if one.name is not None}
        named = [by_name[one] if isinstance(one, str) else one for one in block.parents]
        ordered = {order.blocks[place].definition_id for place in made if made[place].block_id in named}
        coming = (site.coming[one] for one in version.dependencies if one in site.coming and one not in ordered)
        with pointing(f"/blocks/{at}", _block_fields(order, at)):
            view = self._blocks.order(
                tx,
                principal,
                BlockRequest(
                    version_id=version.id,
                    target=_target(definition, order.workspace, site.tenant_id),
                    display_name=block.display_name,
                    inputs=block.inputs,
                    parents=(*named, *coming),
                ),
            )
        return Made(
            name=block.name,
            block_id=view.block.id,
            display_name=view.block.name,
            status=view.block.status.value,
        )

    def _rehearsed(
        self, tx: Transaction, principal: Principal, order: Order, chosen: Sequence[tuple[Definition, Version]]
    ) -> Sequence[Refusal]:
        """Place an order as far as it goes, and return what is refused: what needs something refused is not tried."""
        found: list[Refusal] = []
        made: dict[int, Made] = {}
        try:
            with tx.part():
                site = self._site(tx, principal, order)
            sequence = order.in_sequence()
        except _TOLD as refusal:
            return [refusal]
        for at in sequence:
            if order.needed_by(at) - made.keys():
                continue
            try:
                with tx.part():
                    made[at] = self._made(tx, principal, order, at, chosen=chosen, site=site, made=made)
            except _TOLD as refusal:
                found.append(refusal)
        return found

    def _spot(self, tx: Transaction, principal: Principal, order: Order) -> Place:
        if order.tenant_id is not None:
            with pointing("/tenantUuid", {}):
                tenant = self._tenants.get(tx, principal, order.tenant_id).tenant
            _require_own(tenant, order)
            return Place.for_(principal, tenant.workspace, tenant.id)
        tags: Mapping[TagOwner, Tags] = {}
        if order.new_tenant is not None:
            new = order.new_tenant
            key = ProjectKey(order.workspace, new.project)
            if new.new_project is None:
                principal.require("PROJECT_LIST", workspace=order.workspace)
            is_known = new.new_project is None and principal.sees_project(order.workspace, new.project)
            tags = self._tenants.tags_to_be(tx, key if is_known else None, new.spec.landing_zone)
        return Place.for_(principal, order.workspace, None, tags)

    def _judged(
        self, tx: Transaction, principal: Principal, version: Version, block: OrderedBlock, place: Place
    ) -> tuple[Asked, Sequence[Refusal]]:
        looked = self._blocks.adapting.look(tx, version, place)
        given = _plain(version, block.inputs)
        now = settled(version.inputs, given, fill=True)
        wrong = [*refused_inputs(version.inputs, block.inputs, operator=operates(principal, version.workspace))]
        secret = {key for key, item in block.inputs.items() if key in version.inputs and item.value is not None}
        filled = {**now.values, **{key: "given" for key in secret if version.inputs[key].is_sensitive}}
        specs = {
            key: spec
            for key, spec in version.inputs.items()
            if spec.assignment_type in {AssignmentType.USER_INPUT, AssignmentType.PAYMENT_METHOD}
        }
        plain = {key: spec for key, spec in specs.items() if not (spec.is_sensitive and key in secret)}
        missing = missing_inputs(plain, filled, lambda _: True) - block.inputs.keys()
        wrong += [_missing(version, key) for key in sorted(missing)]
        if not wrong:
            wrong += [misfit.refusal for misfit in self._blocks.adapting.misfits(tx, version, now.values, place)]
        as_of = {key: min(found) for key, spec in specs.items() if (found := looked.ages(spec))}
        asked = Asked(
            version_id=version.id,
            hidden=sorted(now.hidden & specs.keys()),
            options={key: found for key, found in now.options(version.inputs, looked.lists).items() if key in specs},
            as_of=as_of,
            defaults={key: value for key, value in now.defaults.items() if key in specs and key not in given},
        )
        return asked, wrong


@dataclass(frozen=True, slots=True)
class _Site:
    """Where the blocks of an order shall be; `coming` are those that came with a new tenant, by their definitions."""

    project: str | None
    tenant_id: UUID | None
    coming: Mapping[UUID, UUID]


def usual_duration(definitions: Sequence[Definition], outcomes: Mapping[UUID, Outcomes]) -> timedelta | None:
    """Return how long blocks usually take one after the other; None if that is not known of each."""
    usual = [outcomes[one.id].usual if one.id in outcomes else None for one in definitions]
    known = [one for one in usual if one is not None]
    return sum(known, timedelta()) if known and len(known) == len(usual) else None


def _block_fields(order: Order, at: int) -> Mapping[str, str]:
    block = order.blocks[at]
    return block_fields(at, has_version=block.version_id is not None, is_for_new_tenant=order.new_tenant is not None)


def _require_own(tenant: Tenant, order: Order) -> None:
    if tenant.workspace != order.workspace:
        raise Invalid(
            f"the tenant belongs to workspace '{tenant.workspace}'",
            code="ForeignTenant",
            field="/tenantUuid",
            remedy="Name a tenant of the workspace that orders.",
        )


def _target(definition: Definition, workspace: str, tenant_id: UUID | None) -> Target:
    if tenant_id is None or definition.target_type is TargetType.WORKSPACE_LEVEL:
        return Target(kind=WORKSPACE.name, name=workspace)
    return Target(kind=TENANT.name, tenant_id=tenant_id)


def _project(new: NewTenant) -> ProjectSpec:
    return ProjectSpec(
        display_name=new.new_project or new.project,
        tags={},
        payment_method_identifier=None,
        substitute_payment_method_identifier=None,
    )


def _plain(version: Version, inputs: Mapping[str, SentInput]) -> dict[str, Value]:
    """Return values as expressions read them: no secrets, and none of inputs that are not there."""
    return {
        key: item.value
        for key, item in inputs.items()
        if key in version.inputs and not version.inputs[key].is_sensitive and item.value is not None
    }


def _missing(version: Version, key: str) -> Refusal:
    return Invalid(
        f"input '{version.inputs[key].label}' is required: without it the building block cannot run",
        code="InputMissing",
        field=f"/spec/inputs/{key.replace('~', '~0').replace('/', '~1')}/value",
        remedy="Send a value.",
    )


def _rough(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a minute"
