"""Ordering a block. Source: api.md 3.18 (create), concepts.md 10."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from blockyard.protocol.binding import Owner, SealedFor, input_key
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TENANT, WORKSPACE
from blockyard.server.blocks.model.block import Block, BlockId, BlockStatus, InputValue, OnTenant, Parent
from blockyard.server.blocks.model.inputs import Seal, SentInput, merge_inputs
from blockyard.server.blocks.model.order import BlockContent, BlockRequest, NamedOrder, Target
from blockyard.server.blocks.model.resolution import block_name
from blockyard.server.blocks.service.access import SAVE, operates
from blockyard.server.blocks.service.adapting import Adapting, Place
from blockyard.server.blocks.service.expiring import at_order
from blockyard.server.blocks.service.parents import check_definitions, check_parents
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.service.related import BlockRelations
from blockyard.server.blocks.service.starting import SUBJECT, RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Definition, NumberedVersion, TargetType, Version, VersionId
from blockyard.server.definitions.model.hiding import visible_values, with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runners.model import SealingKey, StoredSecret
from blockyard.server.runners.service import SecretSealer
from blockyard.server.runs.model import TriggerReason
from blockyard.server.tenants.model import Tenant, TenantId
from blockyard.server.tenants.service import TenantService
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

VERSION_FIELD = "/spec/buildingBlockDefinitionVersionRef"
TARGET_FIELD = "/spec/targetRef"


def sealing(sealer: SecretSealer, runner: SealingKey, block_id: UUID, workspace: str) -> Seal:
    """Return what seals secrets of a block of `workspace` to the runner."""

    def seal(key: str, plaintext: str) -> StoredSecret:
        place = SealedFor(workspace=workspace, owner=Owner.BLOCK, uuid=str(block_id), key=input_key(key))
        return sealer.seal(runner, plaintext, context=f"building block {block_id} input {key}", place=place)

    return seal


@dataclass(frozen=True, slots=True)
class Site:
    """Where a block shall be: in the workspace itself, or on a tenant of it."""

    workspace: str
    tenant: Tenant | None = None

    @property
    def tenant_id(self) -> TenantId | None:
        """The id of the tenant."""
        return None if self.tenant is None else self.tenant.id


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block that shall be made; without a display name it is called as its definition says."""

    definition: Definition
    version: Version
    site: Site
    display_name: str | None = None
    parents: tuple[Parent, ...] = ()
    inputs: Mapping[str, SentInput] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """The display name."""
        return self.display_name or self.definition.display_name_template or self.definition.display_name


class Ordering:
    """Makes new blocks."""

    def __init__(
        self,
        basics: Basics,
        *,
        definitions: DefinitionService,
        workspaces: WorkspaceService,
        tenants: TenantService,
        sealer: SecretSealer,
        reading: Reading,
        starter: RunStarter,
        payments: PaymentChoices,
        relations: BlockRelations,
        adapting: Adapting,
    ) -> None:
        self._relations = relations
        self._adapting = adapting
        self._reading = reading
        self._payments = payments
        self._clock = basics.clock
        self._new_id = basics.new_id
        self._event_log = basics.event_log
        self._definitions = definitions
        self._workspaces = workspaces
        self._tenants = tenants
        self._sealer = sealer
        self._starter = starter

    def order(self, tx: Transaction, principal: Principal, request: BlockRequest) -> Block:
        """Store a block with its first run requested, or parked if it lacks something."""
        site = self._site(tx, principal, request.target)
        return self._order(tx, principal, request.version_id, site, request)

    def order_by_name(self, tx: Transaction, principal: Principal, order: NamedOrder) -> Block:
        """Do what `order` does for a version by its number and a tenant by its name."""
        site = self._on_tenant(tx, principal, order.tenant_name, field=TARGET_FIELD)
        block = self._order(tx, principal, order.version, site, order)
        check_definitions(block.parents, order.definitions)
        return block

    def _order(
        self,
        tx: Transaction,
        principal: Principal,
        wanted: VersionId | NumberedVersion,
        site: Site,
        request: BlockContent,
    ) -> Block:
        definition, version = self._definitions.orderable_version(tx, principal, wanted, site.workspace)
        _check_level(definition, site)
        _check_offered(principal, definition)
        _check_limit(tx, version, site)
        principal.require_covers(
            version.run_permissions,
            site.workspace,
            of=f"version {version.number} of '{definition.display_name}'",
            field=VERSION_FIELD,
        )
        parents = check_parents(tx, version, site.workspace, request.parents or (), tenant_id=site.tenant_id)
        new = NewBlock(definition, version, site, request.display_name, parents, request.inputs)
        return self.add(tx, principal, new)

    def add(self, tx: Transaction, principal: Principal, new: NewBlock, *, of_landing_zone: bool = False) -> Block:
        """Do what `order` does once everything is checked but the values of the inputs."""
        version, workspace, parents = new.version, new.site.workspace, new.parents
        block_id = BlockId(self._new_id())
        inputs = self._inputs(tx, principal, new, block_id)
        tenant = new.site.tenant
        block = Block(
            id=block_id,
            display_name=new.called,
            name=block_name(new.called, new.definition.display_name_template, visible_values(version.inputs, inputs)),
            workspace=workspace,
            tenant=None if tenant is None else OnTenant.of(tenant, of_landing_zone=of_landing_zone),
            provider=version.workspace,
            definition_id=version.definition_id,
            version_id=version.id,
            version_number=version.number,
            author=principal.author,
            created_at=self._clock(),
            status_since=self._clock(),
            parents=parents,
            status=BlockStatus.PENDING,
        ).with_inputs(version.inputs, inputs)
        self._relations.ordered(tx, principal, block, by=SAVE, field=VERSION_FIELD)
        BlockStore(tx).add(block)
        at_order(tx, block.id, new.definition, block.created_at)
        self._payments.keep(tx, block, version.inputs, new.inputs)
        BlockStore(tx).touch(parents)
        self._event_log.append(
            tx,
            principal.author,
            "Building Block Created",
            EventType.CREATED,
            workspace=workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content=summary(block),
        )
        log.info("block ordered", block_id=block.id, version_id=version.id, workspace=workspace)
        return self._starter.run_again(tx, block, principal.author, TriggerReason.BUILDING_BLOCK_CREATION)

    def _site(self, tx: Transaction, principal: Principal, target: Target) -> Site:
        """Return where a block shall be; the workspace and the tenant stay until the end of this transaction."""
        target.check()
        if target.tenant_id is not None:
            return self._on_tenant(tx, principal, target.tenant_id, field=f"{TARGET_FIELD}/uuid")
        workspace = target.workspace()
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_active(tx, workspace, field=f"{TARGET_FIELD}/name")
        return Site(workspace)

    def _on_tenant(self, tx: Transaction, principal: Principal, wanted: UUID | str, *, field: str) -> Site:
        tenant = self._tenants.orderable(tx, principal, wanted, field=field)
        principal.require(SAVE, workspace=tenant.workspace)
        return Site(tenant.workspace, tenant)

    def _inputs(
        self, tx: Transaction, principal: Principal, new: NewBlock, block_id: BlockId
    ) -> Mapping[str, InputValue]:
        reader, version = self._reading(tx), new.version
        merged = merge_inputs(
            version.inputs,
            {},
            new.inputs,
            operator=operates(principal, version.workspace),
            opens=reader.runner_key(version).opens,
            seal=sealing(self._sealer, reader.runner_key(version), block_id, new.site.workspace),
        )
        inputs = with_defaults(version.inputs, merged.values)
        place = Place.for_(principal, new.site.workspace, new.site.tenant_id)
        self._adapting.check(tx, version, inputs, place)
        return inputs


def summary(block: Block) -> JsonObject:
    """Return what events tell about a block: names and ids, never a value of an input."""
    return {
        "displayName": block.name,
        "definition": str(block.definition_id),
        "version": str(block.version_id),
        "versionNumber": block.version_number,
        "parents": [*(str(parent.block_id) for parent in block.parents)],
        "inputs": [*sorted(block.inputs)],
    }


def _check_level(definition: Definition, site: Site) -> None:
    """Refuse a definition for the other level, or for platforms of other types. Raises Invalid."""
    of_tenants = definition.target_type is TargetType.TENANT_LEVEL
    if of_tenants is not (site.tenant is not None):
        level, other = ("tenants", "workspaces") if of_tenants else ("workspaces", "tenants")
        raise Invalid(
            f"'{definition.display_name}' is for {level}, not for {other}",
            code="WrongLevel",
            field=f"{TARGET_FIELD}/kind",
            remedy=f"Name a target of kind {TENANT.name if of_tenants else WORKSPACE.name}.",
        )
    if site.tenant is not None and site.tenant.platform_type not in (definition.supported_platforms or ()):
        raise Invalid(
            f"'{definition.display_name}' does not support platforms of type '{site.tenant.platform_type}'",
            code="UnsupportedPlatform",
            field=VERSION_FIELD,
            remedy=f"Choose a tenant on a platform of type: {', '.join(definition.supported_platforms or ())}.",
        )


def _check_offered(principal: Principal, definition: Definition) -> None:
    """Refuse what only landing zones order, unless the team that offers it tries it out. Raises Conflict."""
    is_hidden = definition.use_in_landing_zones_only and definition.target_type is TargetType.TENANT_LEVEL
    if is_hidden and not operates(principal, definition.workspace):
        raise Conflict(
            f"'{definition.display_name}' comes with landing zones only",
            code="LandingZonesOnly",
            field=VERSION_FIELD,
            remedy="Make a tenant from a landing zone that has it, or choose another definition.",
        )


def _check_limit(tx: Transaction, version: Version, site: Site) -> None:
    if not version.only_apply_once_per_tenant:
        return
    where = {"workspace": site.workspace} if site.tenant is None else {"tenant_id": site.tenant.id}
    if BlockStore(tx).count_live(definition_id=version.definition_id, **where):
        what = f"workspace '{site.workspace}'" if site.tenant is None else f"tenant '{site.tenant.name}'"
        raise Conflict(
            f"{what} has a building block of this definition already, and only one is allowed",
            code="AssignmentLimit",
            field=VERSION_FIELD,
            remedy="Use or delete the existing building block.",
        )
