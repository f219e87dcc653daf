"""Whether definitions and workspaces are still in use by blocks, and forgetting what is left of deleted ones."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from blockyard.server.blocks.service.ports import StateRemoval
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.definitions.model.inventory import Places
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.usage import NAMED, counted
from blockyard.server.runs.service import RunService


class BlockUsage:
    """Implements `DefinitionUsage`; asks no principal, and needs nothing of definitions."""

    def __init__(self, *, runs: RunService, state: StateRemoval) -> None:
        self._runs = runs
        self._state = state

    def live_blocks(self, tx: Transaction, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, int]:
        """Return how many blocks of these definitions are not deleted."""
        found = BlockStore(tx).live_of_definitions(definition_ids)
        return {one: found.get(one, 0) for one in definition_ids}

    def live_blocks_of_versions(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, int]:
        """Return how many blocks use these versions and are not deleted."""
        found = BlockStore(tx).live_of_versions(version_ids)
        return {one: found.get(one, 0) for one in version_ids}

    def places(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, Places]:
        """Return some blocks of each of these versions, oldest first, and how many there are."""
        totals = self.live_blocks_of_versions(tx, version_ids)
        shown = BlockStore(tx).places(version_ids)
        return {one: Places(shown.get(one, ()), totals[one]) for one in version_ids}

    def named_blocks(self, tx: Transaction, definition_id: DefinitionId) -> Sequence[str]:
        """Return how the oldest blocks of a definition are called, with their workspaces."""
        found = BlockStore(tx).oldest_of(definition_id, NAMED)
        return [f"'{name}' ({block_id}) in workspace '{workspace}'" for block_id, name, workspace in found]

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        """Remove the deleted blocks of the definition, their runs and their state for good.

        One that was ordered since they were counted stays: it keeps the definition, whose removal fails and is tried again.
        """
        ids = BlockStore(tx).deleted_of(definition_id)
        for block_id in ids:
            self._state.remove(tx, block_id)
        self._runs.forget(tx, ids)
        BlockStore(tx).remove(ids)

    def names_of(self, tx: Transaction, block_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return the names of blocks; for features above, whose principal may know of them."""
        return BlockStore(tx).names_of(block_ids) if block_ids else {}

    def definitions_used_in(self, tx: Transaction, workspace: str) -> Sequence[DefinitionId]:
        """Return the definitions of which a workspace has blocks that are not deleted."""
        return BlockStore(tx).used_by(workspace)

    def of_workspace(self, tx: Transaction, workspace: str) -> Sequence[str]:
        """Return what a workspace still has; for the deletion of workspaces."""
        return counted(BlockStore(tx).count_live(workspace=workspace), "building block")
