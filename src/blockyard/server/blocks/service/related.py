"""Which workspaces use which definitions: what policies relate by blocks. Source: concepts.md 20."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import Pair, Relation, TagService
from blockyard.server.workspaces.service import WorkspaceService


class BlockRelations:
    """Tells policies which workspaces have blocks of which definitions."""

    def __init__(self, *, tags: TagService, workspaces: WorkspaceService, definitions: DefinitionService) -> None:
        self._tags = tags
        self._workspaces = workspaces
        self._definitions = definitions

    def relation(self) -> Relation:
        """Return how workspaces and definitions are related."""
        return Relation(
            authoritative=TargetKind.WORKSPACE,
            affected=TargetKind.DEFINITION,
            authorities_of=lambda tx, what: self._workspaces_of(tx, BlockStore(tx).users_of(UUID(what.id))),
            affected_by=lambda tx, what: self._definitions_of(tx, BlockStore(tx).used_by(what.id)),
            pairs=self._pairs,
        )

    def ordered(self, tx: Transaction, principal: Principal, block: Block, *, by: str, field: str) -> None:
        """Look at the workspace and the definition of a new block. Raises Conflict (a policy forbids it)."""
        (workspace,) = self._workspaces_of(tx, [block.workspace])
        (definition,) = self._definitions_of(tx, [block.definition_id])
        self._tags.related(tx, principal, workspace, definition, by=by, field=field)

    def gone(self, tx: Transaction, block: Block) -> None:
        """Forget what a workspace violates with a definition of which it has no block any more."""
        if not BlockStore(tx).count_live(workspace=block.workspace, definition_id=block.definition_id):
            self._tags.parted(tx, block.workspace, str(block.definition_id))

    def _pairs(self, tx: Transaction, after: str, limit: int) -> Sequence[Pair]:
        workspace, _, definition = after.partition(" ")
        behind = (workspace, UUID(definition)) if definition else None
        found = BlockStore(tx).used_definitions(behind, limit)
        workspaces = self._workspaces.tagged(tx, {name for name, _ in found})
        definitions = self._definitions.tagged(tx, {DefinitionId(one) for _, one in found})
        return [Pair(workspaces[name], definitions[DefinitionId(one)], f"{name} {one.hex}") for name, one in found]

    def _workspaces_of(self, tx: Transaction, names: Iterable[str]) -> Sequence[Tagged]:
        return list(self._workspaces.tagged(tx, set(names)).values())

    def _definitions_of(self, tx: Transaction, ids: Iterable[UUID]) -> Sequence[Tagged]:
        return list(self._definitions.tagged(tx, {DefinitionId(one) for one in ids}).values())
