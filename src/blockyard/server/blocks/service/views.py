"""Blocks as a principal sees them, with everything they refer to read once per transaction."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.model.block import Block, BlockHead, BlockOutput, BlockStatus
from blockyard.server.blocks.model.inputs import missing_inputs, waiting_status
from blockyard.server.blocks.model.resolution import (
    ResolvedInput,
    Surroundings,
    lacking_parents,
    parents_provide,
    resolve_inputs,
    without_tenant_id,
)
from blockyard.server.blocks.service.access import may_give_input
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Definition, DefinitionId, TagOwner, Version, VersionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runners.model import SealingKey
from blockyard.server.tags.model import Tags
from blockyard.server.tenants.model import Tenant, TenantId
from blockyard.server.tenants.service import TenantService
from blockyard.server.workspaces.service import WorkspaceService


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A block with its definition, its version and its inputs resolved.

    Attributes:
        is_yours: whether the principal can give the input that the block waits for.
    """

    block: Block
    definition: Definition
    version: Version
    inputs: Sequence[ResolvedInput]
    is_yours: bool


class Reader:
    """Reads what blocks refer to; lives as long as one transaction."""

    def __init__(
        self,
        tx: Transaction,
        *,
        definitions: DefinitionService,
        workspaces: WorkspaceService,
        tenants: TenantService,
        payments: PaymentChoices,
    ) -> None:
        self._tx = tx
        self._tenants = tenants
        self._payments = payments
        self._definitions = definitions
        self._workspaces = workspaces
        self._versions: dict[VersionId, tuple[Definition, Version]] = {}
        self._people: dict[str, Sequence[JsonObject]] = {}
        self._tags: dict[str, Tags] = {}
        self._tags_around: dict[TenantId, Mapping[TagOwner, Tags]] = {}

    def version_of(self, block: Block) -> tuple[Definition, Version]:
        """Return the definition and the version of a block; a draft with its content of now."""
        if block.version_id not in self._versions:
            self._versions[block.version_id] = self._definitions.version(self._tx, block.version_id)
        return self._versions[block.version_id]

    def view(self, principal: Principal, block: Block) -> BlockView:
        """Return the block as the principal sees it."""
        definition, version = self.version_of(block)
        return BlockView(
            block=block,
            definition=definition,
            version=version,
            inputs=self.inputs_of(block, version),
            is_yours=may_give_input(principal, block),
        )

    def views(self, principal: Principal, blocks: Sequence[Block]) -> list[BlockView]:
        """Return blocks as the principal sees them."""
        BlockStore(self._tx).find_all({parent_id for block in blocks for parent_id in block.parent_ids})
        self._tenants.find_all(self._tx, {block.tenant.id for block in blocks if block.tenant is not None})
        self.load_versions(blocks)
        self._load_all_tags(blocks)
        return [self.view(principal, block) for block in blocks]

    def inputs_of(self, block: Block, version: Version) -> Sequence[ResolvedInput]:
        """Return all inputs of a block with their values of now."""
        return resolve_inputs(block, version.inputs, self._around(block))

    def run_inputs_of(self, block: Block, version: Version) -> Sequence[ResolvedInput]:
        """Return all inputs of a block as runs get them: a payment method as a whole, not by its name."""
        return self._payments.spelled_out(self._tx, block.workspace, self.inputs_of(block, version))

    def waiting_for(self, block: Block, version: Version) -> BlockStatus | None:
        """Return what keeps the block from running; None if nothing does."""
        missing = self.missing(block, version)
        ready = self._parents_succeeded(block) and parents_provide(version.inputs, self._around(block))
        given = not without_tenant_id(version.inputs, self.tenant_of(block)) and not lacking_parents(block, version)
        return waiting_status(version.inputs, missing, parents_ready=ready and given)

    def missing(self, block: Block, version: Version) -> frozenset[str]:
        """Return the keys of the inputs that people have to fill in."""
        standing = block.standing(version.inputs)
        unknown = self._payments.unknown(self._tx, block.workspace, version.inputs, standing)
        return missing_inputs(version.inputs, standing, self.runner_key(version).opens) | unknown

    def tenant_of(self, block: BlockHead) -> Tenant | None:
        """Return the tenant that the block is on."""
        return None if block.tenant is None else self._tenants.find(self._tx, block.tenant.id)

    def runner_key(self, version: Version) -> SealingKey:
        """Return how secrets for the version's runner are sealed."""
        return SealingKey.of(self._definitions.runner_of(self._tx, version))

    def _around(self, block: Block) -> Surroundings:
        parents = BlockStore(self._tx).find_all(block.parent_ids)
        outputs: Mapping[DefinitionId, Mapping[str, BlockOutput]] = {
            parent.definition_id: parents[parent.block_id].outputs
            for parent in block.parents
            if parent.block_id in parents
        }
        tenant = self.tenant_of(block)
        return Surroundings(
            people=lambda: self._people_of(block.workspace, tenant),
            tenant=tenant,
            parents=outputs,
            tags=lambda owner: self.tags_at(block.workspace, block.tenant_id, owner),
        )

    def tags_at(self, workspace: str, tenant_id: TenantId | None, owner: TagOwner) -> Tags:
        """Return the tags of a workspace, or of what a tenant has; nothing in a workspace."""
        if owner is TagOwner.WORKSPACE:
            self._load_tags({workspace})
            return self._tags.get(workspace, {})
        if tenant_id is None:
            return {}
        self._load_tags_around({tenant_id})
        return self._tags_around.get(tenant_id, {}).get(owner, {})

    def _load_all_tags(self, blocks: Iterable[Block]) -> None:
        """Read the tags that blocks read: one statement for each kind of owner, however many blocks there are."""
        read = [(block, _tag_owners(self.version_of(block)[1])) for block in blocks]
        self._load_tags({block.workspace for block, owners in read if TagOwner.WORKSPACE in owners})
        on_tenants = {(block.tenant.id, owners) for block, owners in read if block.tenant is not None}
        self._load_tags_around({tenant_id for tenant_id, owners in on_tenants if owners - {TagOwner.WORKSPACE}})

    def _load_tags_around(self, tenant_ids: Collection[TenantId]) -> None:
        wanted = {*tenant_ids} - self._tags_around.keys()
        if wanted:
            tenants = self._tenants.find_all(self._tx, wanted)
            self._tags_around |= self._tenants.tags_around(self._tx, tenants.values())

    def _load_tags(self, workspaces: Collection[str]) -> None:
        wanted = {*workspaces} - self._tags.keys()
        if wanted:
            self._tags |= self._workspaces.tags_of(self._tx, wanted)

    def _people_of(self, workspace: str, tenant: Tenant | None) -> Sequence[JsonObject]:
        if tenant is not None:
            return self._tenants.people_of(self._tx, tenant)
        if workspace not in self._people:
            self._people[workspace] = self._workspaces.people_of(self._tx, workspace)
        return self._people[workspace]

    def _parents_succeeded(self, block: Block) -> bool:
        parents = BlockStore(self._tx).find_all(block.parent_ids)
        return len(parents) == len(block.parent_ids) and all(parent.is_ready for parent in parents.values())

    def load_versions(self, blocks: Iterable[Block]) -> None:
        """Read the versions of blocks: one statement, however many there are."""
        wanted = {block.version_id for block in blocks} - self._versions.keys()
        if wanted:
            self._versions |= self._definitions.known_versions(self._tx, wanted)


def _tag_owners(version: Version) -> frozenset[TagOwner]:
    """Return whose tags the inputs of a version read."""
    return frozenset(spec.tag[0] for spec in version.inputs.values() if spec.tag is not None)


Reading = Callable[[Transaction], Reader]
"""Returns a reader for a transaction."""
