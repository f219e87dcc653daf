"""Everything a principal can do with building blocks, in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from blockyard.server.blocks.model.block import Block, BlockHead, BlockId, Follows
from blockyard.server.blocks.model.cascade import Cascade, CascadeLimits
from blockyard.server.blocks.model.first_order import offers
from blockyard.server.blocks.model.graph import BlockGraph
from blockyard.server.blocks.model.inputs import changeable
from blockyard.server.blocks.model.order import BlockRequest, NamedOrder
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.blocks.model.upgrades import leads_on
from blockyard.server.blocks.service.access import (
    LIST,
    is_operator,
    may_delete,
    may_give_input,
    may_list,
    may_purge,
    may_run,
    may_save,
    require_known,
    require_list,
)
from blockyard.server.blocks.service.adapting import NOTHING_LOOKED_UP, Adapting, Place, opened
from blockyard.server.blocks.service.cascade import Cascades
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.changing import Changing
from blockyard.server.blocks.service.delegation import Delegation
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.details import BlockDetail, BlockLine, LastChange
from blockyard.server.blocks.service.ending import Ended, Ending
from blockyard.server.blocks.service.expiring import Expiring
from blockyard.server.blocks.service.graph import GraphReader
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.hooks import BlockHooks
from blockyard.server.blocks.service.mandatory import Mandatory
from blockyard.server.blocks.service.on_tenants import OnTenants
from blockyard.server.blocks.service.ordering import Ordering
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.service.people import PeopleFollower
from blockyard.server.blocks.service.planning import Planning
from blockyard.server.blocks.service.ports import BlockStates
from blockyard.server.blocks.service.readiness import Readiness
from blockyard.server.blocks.service.related import BlockRelations
from blockyard.server.blocks.service.scheduled import ScheduledRuns
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.tagged import TagFollower
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.usage import BlockUsage
from blockyard.server.blocks.service.views import BlockView, Reader, Reading
from blockyard.server.blocks.service.waiting import Waiting
from blockyard.server.blocks.service.withdrawing import Withdrawing
from blockyard.server.blocks.store import BlockStore
from blockyard.server.brakes.service import BrakeService
from blockyard.server.definitions.model.hiding import hidden_inputs
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.payment_methods.service import PaymentMethodService
from blockyard.server.projects.service import ProjectService
from blockyard.server.runners.service import SecretSealer
from blockyard.server.runs.model import Run, TriggerReason
from blockyard.server.runs.service import RunService
from blockyard.server.tags.service import TagService
from blockyard.server.tenants.model import TenantId
from blockyard.server.tenants.service import TenantService
from blockyard.server.workspaces.service import WorkspaceService

RECENT_RUNS = 10
"""How many runs the detail of a block lists."""


class BlockService:
    """Use cases of building blocks.

    `hooks` is for runs and for loops; `usage`, `people` and `payments` are for definitions, workspaces and payment methods,
    `adapting` for forms, `delegation` for work on states, `on_tenants` for tenants, `relations` for tags, `tags` for what has tags.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        definitions: DefinitionService,
        runs: RunService,
        workspaces: WorkspaceService,
        payment_methods: PaymentMethodService,
        projects: ProjectService,
        tenants: TenantService,
        sealer: SecretSealer,
        state: BlockStates,
        tags: TagService,
        brakes: BrakeService,
        cascade_limits: CascadeLimits = CascadeLimits(),  # noqa: B008  it never changes
    ) -> None:
        self._definitions = definitions
        self._cascading = CascadeControl(basics, cascade_limits, Withdrawing(basics, runs))
        self.relations = BlockRelations(tags=tags, workspaces=workspaces, projects=projects, definitions=definitions)
        self._runs = runs
        self.holding = Holding(brakes)
        self.payments = PaymentChoices(payment_methods)
        self._reading: Reading = partial(
            Reader, definitions=definitions, workspaces=workspaces, tenants=tenants, payments=self.payments
        )
        self.adapting = Adapting(reading=self._reading)
        upgrades = Upgrades(
            basics,
            reading=self._reading,
            definitions=definitions,
            payments=self.payments,
            holding=self.holding,
        )
        self.delegation = Delegation(reading=self._reading, upgrades=upgrades)
        starter = RunStarter(
            basics,
            reading=self._reading,
            definitions=definitions,
            runs=runs,
            tenants=tenants,
            upgrades=upgrades,
            cascading=self._cascading,
            states=state,
        )
        self._starter = starter
        self._ordering = Ordering(
            basics,
            definitions=definitions,
            workspaces=workspaces,
            tenants=tenants,
            sealer=sealer,
            reading=self._reading,
            starter=starter,
            payments=self.payments,
            relations=self.relations,
            adapting=self.adapting,
        )
        self._changing = Changing(
            basics,
            definitions=definitions,
            sealer=sealer,
            reading=self._reading,
            starter=starter,
            payments=self.payments,
            upgrades=upgrades,
            adapting=self.adapting,
            holding=self.holding,
            delegation=self.delegation,
        )
        self.readiness = Readiness(reading=self._reading, definitions=definitions, upgrades=upgrades)
        self.cascades = Cascades(reading=self._reading, cascading=self._cascading)
        self._planning = Planning(reading=self._reading, runs=runs, starter=starter, delegation=self.delegation)
        self._deleting = Deleting(
            basics,
            runs=runs,
            state=state,
            reading=self._reading,
            starter=starter,
            relations=self.relations,
            holding=self.holding,
        )
        self.expiring = Expiring(basics, definitions=definitions, deleting=self._deleting)
        self._ending = Ending(basics, runs=runs, starter=starter, deleting=self._deleting)
        self.on_tenants = OnTenants(
            tenants=tenants,
            mandatory=Mandatory(definitions=definitions, ordering=self._ordering, reading=self._reading),
            reading=self._reading,
            starter=starter,
            deleting=self._deleting,
            runs=runs,
            relations=self.relations,
            holding=self.holding,
        )
        self.holding.settle.put(self.on_tenants.settle)
        self.scheduled = ScheduledRuns(reading=self._reading, planning=self._planning, starter=starter)
        self.hooks = BlockHooks(
            reading=self._reading,
            definitions=definitions,
            starter=starter,
            deleting=self._deleting,
            on_tenants=self.on_tenants,
            cascading=self._cascading,
            adapting=self.adapting,
        )
        self._waiting = Waiting(
            reading=self._reading,
            definitions=definitions,
            runs=runs,
            cascading=self._cascading,
            holding=self.holding,
        )
        self.tags = TagFollower(reading=self._reading, starter=starter, tenants=tenants)
        self.people = PeopleFollower(reading=self._reading, starter=starter)
        self.usage = BlockUsage(runs=runs, state=state)

    def order(self, tx: Transaction, principal: Principal, request: BlockRequest) -> BlockView:
        """Order a block. Raises Denied, NotFound, Invalid, Conflict."""
        return self._view(tx, principal, self._ordering.order(tx, principal, request))

    def order_by_name(self, tx: Transaction, principal: Principal, order: NamedOrder) -> BlockView:
        """Order a block as older clients do. Raises Denied, NotFound, Invalid, Conflict."""
        return self._view(tx, principal, self._ordering.order_by_name(tx, principal, order))

    def of_landing_zone(self, tx: Transaction, tenant_id: UUID) -> Mapping[UUID, BlockId]:
        """Return the blocks that came with a tenant, by their definitions; no principal is asked."""
        found = BlockStore(tx).on_tenants([TenantId(tenant_id)])
        return {block.definition_id: block.id for block in found if block.is_of_landing_zone}

    def get(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Return a block, deleted ones too. Raises NotFound, Denied."""
        return self._view(tx, principal, self.find(tx, principal, block_id))

    def find(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Return what `get` returns without anything around it: cheap, for viewers that look often."""
        block = require_known(principal, BlockStore(tx).find(BlockId(block_id)), block_id)
        require_list(principal, block)
        return block

    def graph(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockGraph:
        """Return what the block depends on and what depends on it, as far as the principal may see. Raises NotFound, Denied."""
        return GraphReader(tx, principal, self.find(tx, principal, block_id)).read()

    def view(self, tx: Transaction, principal: Principal, block: Block) -> BlockView:
        """Return a block that was found just now with what is around it."""
        return self._view(tx, principal, block)

    def page(self, tx: Transaction, principal: Principal, query: BlockQuery, request: PageRequest) -> Page[BlockView]:
        """Return active blocks of the principal's own workspaces; all with `ADM_BUILDINGBLOCK_LIST`."""
        reach = principal.listing(LIST)
        if reach.providers and not (reach.everything or reach.workspaces):
            raise _may_not_list(LIST)
        limited = replace(query, workspaces=reach.owners, only_projects=principal.only_projects)
        return self._page(tx, principal, limited, request)

    def search(
        self,
        tx: Transaction,
        principal: Principal,
        query: BlockQuery,
        request: PageRequest,
        *,
        sort: BlockSort = BlockSort.CREATED,
        descending: bool = False,
    ) -> Page[BlockLine]:
        """Return blocks, for people: of their workspaces, and those their workspaces provide for."""
        found = BlockStore(tx).search(_within_reach(principal, query), request, sort=sort, descending=descending)
        names = self._definitions.names(tx, {block.definition_id for block in found.items})
        return found.map(
            lambda block: BlockLine(block, names[block.definition_id], is_yours=may_give_input(principal, block))
        )

    def last_changes(self, tx: Transaction, blocks: Sequence[BlockHead]) -> Mapping[BlockId, LastChange]:
        """Return when these blocks, which the principal was allowed to read, were changed last: ordered, or by a run."""
        runs = [block.latest_run_id for block in blocks if block.latest_run_id is not None]
        changes = {block.id: LastChange(block.created_at, block.author) for block in blocks}
        for run in self._runs.find_all(tx, runs):
            is_order = run.trigger.reason is TriggerReason.BUILDING_BLOCK_CREATION
            changes[BlockId(run.block_id)] = LastChange(run.created_at, run.trigger.author, is_order)
        return changes

    def listed(
        self, tx: Transaction, principal: Principal, query: BlockQuery, request: PageRequest, *, oldest_first: bool
    ) -> Page[BlockView]:
        """Return what `search` returns, by the time of ordering and with the values.

        Whoever may list nothing in any workspace is refused.
        """
        principal.listing(LIST)
        found = BlockStore(tx).live(_within_reach(principal, query), request, descending=not oldest_first)
        return Page(self._reading(tx).views(principal, found.items), found.total, request)

    def managed(
        self, tx: Transaction, principal: Principal, query: BlockQuery, request: PageRequest
    ) -> Page[BlockView]:
        """Return active blocks, wherever they are, that the principal's workspaces provide for."""
        reach = principal.reach(LIST)
        if not (reach.everything or reach.providers):
            raise _may_not_list(f"MANAGED_{LIST}")
        if not reach.everything and query.provider is not None and query.provider not in reach.providers:
            raise _may_not_list(f"MANAGED_{LIST}")
        limit = None if reach.everything else reach.providers
        return self._page(tx, principal, replace(query, providers=limit), request)

    def update(self, tx: Transaction, principal: Principal, block_id: UUID, request: BlockRequest) -> BlockView:
        """Change a block. Raises NotFound, Denied, Invalid, Conflict."""
        return self._view(tx, principal, self._changing.update(tx, principal, block_id, request))

    def follow(self, tx: Transaction, principal: Principal, block_id: UUID, follows: Follows) -> Block:
        """Say which versions a block is changed to by itself. Raises NotFound, Denied, Conflict."""
        return self._changing.follow(tx, principal, block_id, follows)

    def trigger_run(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Start a run by hand. Raises NotFound, Denied, Conflict."""
        return self._view(tx, principal, self._changing.trigger_run(tx, principal, block_id))

    def detect(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Start a run that only says what would change. Raises NotFound, Denied, Conflict."""
        return self._view(tx, principal, self._planning.detect(tx, principal, block_id))

    def try_trust(self, tx: Transaction, principal: Principal, block_id: UUID) -> tuple[BlockView, UUID | None]:
        """Start a run that only tries the block's identity in its clouds. Raises NotFound, Denied, Conflict."""
        block, run_id = self._planning.try_trust(tx, principal, block_id)
        return self._view(tx, principal, block), run_id

    def apply_plan(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Start a run that applies what the latest dry run planned. Raises NotFound, Denied, Conflict."""
        return self._view(tx, principal, self._planning.apply_plan(tx, principal, block_id))

    def delete(
        self, tx: Transaction, principal: Principal, block_id: UUID, *, expected: str | None = None
    ) -> BlockView:
        """Delete a block. Raises NotFound, Denied, Conflict (also where that does not do what is `expected`)."""
        return self._ended(tx, principal, self._deleting.delete(tx, principal, block_id, expected=expected))

    def take_back(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Let a block live on whose deletion nobody has begun. Raises NotFound, Denied, Conflict."""
        return self._view(tx, principal, self._deleting.take_back(tx, principal, block_id))

    def purge(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockView:
        """Forget a block without destroying what it made. Raises NotFound, Denied, Conflict."""
        return self._ended(tx, principal, self._deleting.purge(tx, principal, block_id))

    def end(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str) -> Ended:
        """End whatever a block waits for, at once. Raises NotFound, Denied, Conflict."""
        ended = self._ending.end(tx, principal, block_id, reason)
        self.on_tenants.settle(tx, ended.block.id, principal.author)
        return ended

    def stop_cascade(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str) -> Cascade:
        """Let no more runs follow from a block's latest run, or from what made it run. Raises NotFound, Denied, Conflict."""
        return self._cascading.stop(tx, principal, block_id, reason)

    def resume_cascade(self, tx: Transaction, principal: Principal, block_id: UUID) -> tuple[Cascade, int]:
        """Run again what a stopped cascade held back, parents first; return how many. Raises NotFound, Denied, Conflict."""
        return self._cascading.go_on(tx, principal, block_id, partial(self._starter.waking.held, tx))

    def latest_run(self, tx: Transaction, block: Block) -> Run | None:
        """Return the newest run of a block that the principal was allowed to read."""
        return self._runs.latest(tx, block.id)

    def detail(self, tx: Transaction, principal: Principal, block_id: UUID) -> BlockDetail:
        """Return a block with everything around it. Raises NotFound, Denied."""
        view = self.get(tx, principal, block_id)
        block, definition, version = view.block, view.definition, view.version
        latest = self._definitions.latest_sound(tx, block.definition_id)
        store, reader = BlockStore(tx), self._reading(tx)
        may, operator = may_save(principal, block), is_operator(principal, block)
        standing, opens = block.standing(version.inputs), reader.runner_key(version).opens
        parents = store.find_all(block.parent_ids)
        change = changeable(version.inputs, standing, operator=operator, opens=opens) if may else []
        place = Place.for_(principal, block.workspace, block.tenant_id)
        looked = self.adapting.look(tx, version, place) if change else NOTHING_LOOKED_UP
        return BlockDetail(
            view=view,
            missing=reader.missing(block, version),
            parents=[parent for parent in parents.values() if may_list(principal, parent)],
            children=[child for child in store.children(block.id) if may_list(principal, child)],
            runs=self._runs.recent(tx, block.id, RECENT_RUNS),
            latest=latest if latest is not None and leads_on(latest, version) else None,
            waits=self._waiting.waits(tx, view, _named(principal, parents)),
            may_save=may,
            may_run=may_run(principal, block, definition),
            may_delete=may_delete(principal, block),
            may_purge=may_purge(principal, block),
            operator=operator,
            changeable=opened(block, version, change, looked),
            hidden=hidden_inputs(version.inputs, standing),
            looked=looked,
            deletion=self._deleting.effect(tx, block, version),
            offers=offers(
                block,
                may_change=may,
                may_run=may_run(principal, block, definition),
                may_delete=may_delete(principal, block),
            ),
        )

    def _ended(self, tx: Transaction, principal: Principal, block: Block) -> BlockView:
        """Return a block whose end has begun, after its tenant has followed it."""
        self.on_tenants.settle(tx, block.id, principal.author)
        return self._view(tx, principal, block)

    def _view(self, tx: Transaction, principal: Principal, block: Block) -> BlockView:
        return self._reading(tx).view(principal, block)

    def _page(self, tx: Transaction, principal: Principal, query: BlockQuery, request: PageRequest) -> Page[BlockView]:
        found = BlockStore(tx).page(query, request)
        return Page(self._reading(tx).views(principal, found.items), found.total, request)


def _named(principal: Principal, parents: Mapping[BlockId, Block]) -> Mapping[BlockId, Block]:
    """Return the parents, with their ids for names where the principal may not read them."""
    return {
        key: parent if may_list(principal, parent) else replace(parent, name=str(parent.id))
        for key, parent in parents.items()
    }


def _within_reach(principal: Principal, query: BlockQuery) -> BlockQuery:
    reach = principal.reach(LIST)
    if reach.everything:
        return query
    own = frozenset[str]() if query.managed else reach.workspaces
    return replace(query, workspaces=own, only_projects=principal.only_projects, providers=reach.providers)


def _may_not_list(code: str) -> Denied:
    return Denied(
        f"you don't have sufficient permissions: {code} is needed",
        code="MissingPermission",
        remedy="Ask an owner of the workspace for a key or role with this permission.",
    )
