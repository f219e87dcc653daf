"""What a block depends on and what depends on it, as far as that leads. Source: concepts.md 15."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blockyard.server.blocks.model.block import Block, BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockGraph:
    """Blocks around one block.

    Attributes:
        center: the block that the others are around.
        blocks: all of them; whoever reads this may read each.
        edges: pairs of a parent and its child.
        is_cut: there are more blocks than these.
    """

    center: BlockId
    blocks: Mapping[BlockId, Block]
    edges: Sequence[tuple[BlockId, BlockId]]
    is_cut: bool = False

    def parents_of(self, block_id: BlockId) -> Sequence[Block]:
        """Return the parents of a block, by name."""
        return self._named([parent for parent, child in self.edges if child == block_id])

    def children_of(self, block_id: BlockId) -> Sequence[Block]:
        """Return the children of a block, by name."""
        return self._named([child for parent, child in self.edges if parent == block_id])

    def _named(self, ids: Sequence[BlockId]) -> Sequence[Block]:
        return sorted((self.blocks[one] for one in ids), key=lambda block: (block.name.casefold(), block.id))
