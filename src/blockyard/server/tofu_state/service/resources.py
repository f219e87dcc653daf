"""What states say exists: makes it searchable after a state was written, and finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from blockyard.server.blocks.service import BlockUsage
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runs.service import RunService
from blockyard.server.tofu_state.model import IndexedResource, Resource, ResourceFilter, ResourceReach, StateVersion
from blockyard.server.tofu_state.service.states import StoredState
from blockyard.server.tofu_state.store import ResourceStore, StateStore
from blockyard.server.tofu_state.store.resources import Place

LEASE = timedelta(minutes=1)
"""How long a state belongs to the server that reads it; after that it is another's turn."""

TAKEN_AT_ONCE = 20
PORTION = 250
"""How many resources one transaction writes: others want to write, too."""


@dataclass(frozen=True, slots=True)
class FoundResource:
    """A resource in a list, with the name of its building block."""

    found: IndexedResource
    block_name: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A state whose content is to be made searchable, and until when that is this server's work."""

    stored: StoredState
    until: datetime

    @property
    def version(self) -> StateVersion:
        """Which state that is."""
        return self.stored.version


class ResourceService:
    """Finds what states say exists. What it says after a write is searchable a few seconds later."""

    def __init__(self, basics: Basics, *, runs: RunService, blocks: BlockUsage, definitions: DefinitionService) -> None:
        self._clock = basics.clock
        self._runs = runs
        self._blocks = blocks
        self._definitions = definitions

    def page(
        self, tx: Transaction, principal: Principal, chosen: ResourceFilter, request: PageRequest
    ) -> Page[FoundResource]:
        """Return one page of what exists by the states that `principal` may read. Raises Denied."""
        found = ResourceStore(tx).page(chosen, self._reach(tx, principal), request)
        names = self._blocks.names_of(tx, {one.block_id for one in found.items})
        return found.map(lambda one: FoundResource(one, names.get(one.block_id, "")))

    def take_due(self, tx: Transaction) -> Sequence[Taken]:
        """Return states that are to be made searchable, and keep them from other servers for a while."""
        now, store = self._clock(), StateStore(tx)
        until = now + LEASE
        due = store.index_due(now, TAKEN_AT_ONCE)
        mine = [version for version in due if store.lease_index(version, until, held=None, at=now)]
        return [Taken(StoredState(version, store.sealed(version)), until) for version in mine]

    def store(self, tx: Transaction, taken: Taken, resources: Sequence[Resource]) -> bool:
        """Write a portion of what a state says exists, and remove what it does not say; tell whether there is more.

        Nothing happens if the state is not the current one any more, or another server's work meanwhile.
        """
        now, states, store = self._clock(), StateStore(tx), ResourceStore(tx)
        version = taken.version
        if not states.lease_index(version, taken.until, held=taken.until, at=now):
            return False
        run = self._runs.latest(tx, version.block_id)
        if run is None:
            return False
        target = run.target
        known = store.of_block(version.block_id)
        wanted = {one.key: one for one in resources}
        gone = [key for key, one in known.items() if wanted.get(key) != one.resource]
        new = [one for key, one in wanted.items() if key not in known or known[key].resource != one]
        portion = new[:PORTION]
        place = Place(version.block_id, target.workspace, target.project, target.provider, target.definition_id)
        removed = gone if len(new) <= PORTION else [one.key for one in portion if one.key in known]
        store.remove(version.block_id, removed)
        store.add(place, [(one, known[one.key].found_at if one.key in known else now) for one in portion])
        if len(new) > PORTION:
            return True
        states.indexed(version, len(wanted), held=taken.until)
        return False

    def skip(self, tx: Transaction, taken: Taken) -> None:
        """Note that a state says nothing that anybody but its engine can read."""
        ResourceStore(tx).remove_of(taken.version.block_id)
        StateStore(tx).indexed(taken.version, None, held=taken.until)

    def _reach(self, tx: Transaction, principal: Principal) -> ResourceReach:
        """Return whose states the principal may read: what `StateService` says of one. Source: concepts.md 16."""
        reach = principal.listing("TFSTATE_LIST")
        if reach.everything:
            return ResourceReach(everything=True)
        used: set[UUID] = set()
        for workspace in reach.workspaces:
            used |= set(self._blocks.definitions_used_in(tx, workspace))
        shown = self._definitions.transparent_ones(tx, {DefinitionId(one) for one in used})
        return ResourceReach(
            owners=reach.providers,
            workspaces=reach.workspaces,
            definitions=frozenset(shown),
            only_projects=principal.only_projects,
        )
