"""Follows parents and children from block to block. Source: concepts.md 15."""

from collections.abc import Callable, Iterable, Sequence

from blockyard.server.blocks.model.block import Block, BlockId
from blockyard.server.blocks.model.graph import BlockGraph
from blockyard.server.blocks.service.access import may_list
from blockyard.server.blocks.store import BlockStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction

MOST_BLOCKS = 60
"""So many blocks a graph has at most: more can be read neither as a drawing nor as a list."""

_DEEPEST = 6
"""Levels above and below a block; each costs a statement or two."""

_Next = Callable[[Sequence[Block]], Iterable[Block]]


class GraphReader:
    """Reads one graph, level by level, in one transaction."""

    def __init__(self, tx: Transaction, principal: Principal, center: Block) -> None:
        self._store = BlockStore(tx)
        self._principal = principal
        self._center = center
        self._found: dict[BlockId, Block] = {center.id: center}
        self._is_cut = False

    def read(self) -> BlockGraph:
        """Return what is around the block, as far as the principal may see it; what is hidden hides what is behind it."""
        self._follow(self._parents)
        self._follow(self._children)
        edges = [
            (parent_id, block.id)
            for block in self._found.values()
            for parent_id in sorted(block.parent_ids)
            if parent_id in self._found
        ]
        return BlockGraph(center=self._center.id, blocks=self._found, edges=edges, is_cut=self._is_cut)

    def _follow(self, step: _Next) -> None:
        level: Sequence[Block] = [self._center]
        for depth in range(_DEEPEST + 1):
            fresh = [block for block in step(level) if block.id not in self._found and may_list(self._principal, block)]
            if not fresh:
                return
            room = 0 if depth == _DEEPEST else MOST_BLOCKS - len(self._found)
            self._is_cut = self._is_cut or len(fresh) > room
            level = fresh[:room]
            self._found |= {block.id: block for block in level}

    def _parents(self, level: Sequence[Block]) -> Iterable[Block]:
        return self._store.find_all({parent_id for block in level for parent_id in block.parent_ids}).values()

    def _children(self, level: Sequence[Block]) -> Iterable[Block]:
        return self._store.children_of([block.id for block in level], MOST_BLOCKS + 1) if level else ()
