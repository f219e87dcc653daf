"""The building blocks on tenants: what their landing zones ask for, and how they end with them. Source: concepts.md 3 and 23.

Whatever follows the end of a run of such a block happens in the transaction of that end, with the tenant held from its
beginning: the last of several blocks that end at the same time sees that it is the last.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import ImplementationType
from blockyard.server.blocks.model.block import WAITING, Block, BlockHead, BlockId, Lifecycle
from blockyard.server.blocks.model.deletion import DeletionEffect
from blockyard.server.blocks.model.outputs import sign_in_url_in
from blockyard.server.blocks.model.replication import replication_of
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.mandatory import Mandatory
from blockyard.server.blocks.service.related import BlockRelations
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import AssignmentType, DefinitionId
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.kit.usage import listed
from blockyard.server.projects.model import ProjectKey
from blockyard.server.runs.model import TriggerReason
from blockyard.server.runs.service import RunService
from blockyard.server.tenants.model import Replication, Tenant, TenantId
from blockyard.server.tenants.service import TenantService


class OnTenants:
    """Implements `TenantBlocks`; asks no principal. Higher features whose rows say where blocks are add to `movers`."""

    def __init__(
        self,
        *,
        tenants: TenantService,
        mandatory: Mandatory,
        reading: Reading,
        starter: RunStarter,
        deleting: Deleting,
        runs: RunService,
        relations: BlockRelations,
        holding: Holding,
    ) -> None:
        self._holding = holding
        self.movers: list[Callable[[Transaction, Sequence[UUID], str], None]] = []
        self._runs = runs
        self._relations = relations
        self._tenants = tenants
        self._mandatory = mandatory
        self._reading = reading
        self._starter = starter
        self._deleting = deleting

    # What tenants ask

    def order_mandatory(
        self,
        tx: Transaction,
        principal: Principal,
        tenant: Tenant,
        definitions: Sequence[DefinitionId],
        inputs: Mapping[DefinitionId, Mapping[str, Json]],
    ) -> None:
        """Order what the landing zone asks for on a new tenant. Raises Invalid: of an input."""
        self._mandatory.order(tx, principal, tenant, definitions, inputs)

    def refuse_added(self, tx: Transaction, tenant: Tenant) -> None:
        """Refuse the end of a tenant while people have building blocks there, or one is on hold. Raises Conflict."""
        self._holding.refuse_on_tenant(tx, tenant.id)
        added = [block for block in BlockStore(tx).heads_on([tenant.id]) if not block.is_of_landing_zone]
        if added:
            raise Conflict(
                f"tenant '{tenant.name}' still has "
                + listed([f"building block '{block.name}' ({block.id})" for block in added]),
                code="HasBuildingBlocks",
                remedy="Delete these building blocks first.",
            )

    def refuse_running(self, tx: Transaction, tenant: Tenant) -> None:
        """Refuse while a run of a building block on the tenant is unfinished. Raises Conflict."""
        running = [block for block in BlockStore(tx).heads_on([tenant.id]) if block.is_busy]
        if running:
            raise Conflict(
                f"a run of building block '{running[0].name}' of the tenant is {running[0].status}",
                code="RunUnfinished",
                remedy="Wait until the run has ended or have it aborted, then send the request again.",
            )

    def all_destroyed(self, tx: Transaction, tenant: Tenant) -> bool:
        """Whether a run will destroy what each of the building blocks made, and there is one."""
        blocks = BlockStore(tx).on_tenants([tenant.id])
        return bool(blocks) and all(self._is_destroyed(tx, block) for block in blocks)

    def moved(self, tx: Transaction, before: Tenant, after: Tenant) -> None:
        """Let the building blocks and their runs follow a tenant to another project."""
        moved = BlockStore(tx).move(after.id, after.project)
        self._runs.move(tx, moved, after.project)
        for mover in self.movers:
            mover(tx, moved, after.project)
        definitions = {head.definition_id for head in BlockStore(tx).heads_on([after.id])}
        old, new = (ProjectKey(one.workspace, one.project) for one in (before, after))
        self._relations.moved(tx, old, new, sorted(definitions))
        if self._tenants.has_people(tx, before) or self._tenants.has_people(tx, after):
            self._run_with_people(tx, after)

    def people_changed(self, tx: Transaction, tenant: Tenant) -> None:
        """Run those again that hand the people of the tenant to their module; nothing to do where there is nobody."""
        if self._tenants.has_people(tx, tenant):
            self._run_with_people(tx, tenant)

    def remove(self, tx: Transaction, tenant: Tenant, author: Author, *, again: bool = False) -> None:
        """Destroy what the building blocks made, children first; `again` also what could not be destroyed before."""
        store = BlockStore(tx)
        may_go_on = True
        while may_go_on:
            gone = [self._ends_at_once(tx, block, author, again=again) for block in store.on_tenants([tenant.id])]
            may_go_on, again = any(gone), False  # parents of what is gone already have no children now
        if not store.on_tenants([tenant.id]):
            current = self._tenants.hold(tx, tenant.id)
            if current is not None:
                self._tenants.emptied(tx, current, author)

    def forget(self, tx: Transaction, tenant: Tenant, author: Author) -> None:
        """Purge all building blocks, children first."""
        store = BlockStore(tx)
        while blocks := store.on_tenants([tenant.id]):
            for block in blocks:
                if not store.children(block.id):
                    self._deleting.purged(tx, block, author)

    def replications(self, tx: Transaction, tenants: Collection[Tenant]) -> Mapping[TenantId, Replication]:
        """Return how far the building blocks of each of the tenants are: one statement."""
        blocks: defaultdict[TenantId, list[BlockHead]] = defaultdict(list)
        for block in BlockStore(tx).heads_on([tenant.id for tenant in tenants]):
            if block.tenant is not None:
                blocks[block.tenant.id].append(block)
        return {tenant.id: replication_of(tenant, blocks[tenant.id]) for tenant in tenants}

    # What happens to the blocks

    def hold(self, tx: Transaction, block: Block) -> None:
        """Hold the tenant of a block, if it is on one, until this transaction ends."""
        if block.tenant is not None:
            self._tenants.hold(tx, block.tenant.id)

    def settle(self, tx: Transaction, block_id: BlockId, author: Author) -> None:
        """Let the tenant follow what has become of a block on it: the end of a run, or of the block."""
        block = BlockStore(tx).find(block_id)
        tenant = None if block is None or block.tenant is None else self._tenants.hold(tx, block.tenant.id)
        if block is None or tenant is None:
            return
        if not block.is_live and tenant.sign_in_url is not None:
            url = self._sign_in_url(tx, tenant)
            tenant = self._tenants.learn(tx, tenant, platform_tenant_id=tenant.platform_tenant_id, sign_in_url=url)
        if tenant.is_leaving:
            self.remove(tx, tenant, author)

    def project_people_changed(self, tx: Transaction, project: ProjectKey) -> None:
        """Run the building blocks on tenants of a project again that hand its people to their module."""
        for tenant in self._tenants.in_project(tx, project):
            if tenant.is_active:
                self._run_with_people(tx, tenant)

    def _ends_at_once(self, tx: Transaction, block: Block, author: Author, *, again: bool) -> bool:
        """Begin the end of a block, if its turn has come, and return whether it is gone already."""
        store = BlockStore(tx)
        block = store.find(block.id) or block
        was_tried = block.lifecycle is Lifecycle.MARKED_FOR_DELETION and not again
        if not block.is_live or block.is_busy or was_tried or store.children(block.id):
            return False
        try:
            return not self._deleting.end(tx, block, author).is_live
        except Conflict:
            return False  # a run is under way: its end looks again

    def _is_destroyed(self, tx: Transaction, block: Block) -> bool:
        """Whether a run destroys what the block made, or it made nothing."""
        _, version = self._reading(tx).version_of(block)
        effect = self._deleting.effect(tx, block, version)
        made_nothing = effect is DeletionEffect.REMOVES and version.implementation_type is not ImplementationType.MANUAL
        return block.latest_run_id is None or made_nothing or effect is DeletionEffect.DESTROYS

    def _run_with_people(self, tx: Transaction, tenant: Tenant) -> None:
        reader, store = self._reading(tx), BlockStore(tx)
        for block in store.one_by_one(store.on_tenants([tenant.id])):
            _, version = reader.version_of(block)
            sources = {spec.assignment_type for spec in version.inputs.values()}
            takes_people = AssignmentType.USER_PERMISSIONS in sources and block.status not in WAITING
            if takes_people and block.lifecycle is Lifecycle.ACTIVE:
                self._starter.rerun(tx, block, TriggerReason.PROJECT_PERMISSIONS_CHANGE)

    def _sign_in_url(self, tx: Transaction, tenant: Tenant) -> str | None:
        """Return where the blocks that are still there say that people sign in: the one applied last counts."""
        reader = self._reading(tx)
        found = None
        blocks = [block for block in BlockStore(tx).on_tenants([tenant.id]) if block.applied_at is not None]
        for block in sorted(blocks, key=lambda one: (one.applied_at, one.id)):
            _, version = reader.version_of(block)
            found = sign_in_url_in(version.outputs, block.outputs) or found
        return found
