"""The order of parents and children: what is done to several blocks is done to parents first."""

from collections.abc import Iterable, Mapping, Sequence

from blockyard.server.blocks.model.block import Block, BlockId


def parents_first(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return the blocks in their order, but those with parents among them after these: a child may be older than its parent."""
    there = {block.id for block in blocks}
    pairs = [(block.id, parent.block_id) for block in blocks for parent in block.parents if parent.block_id in there]
    if not pairs:
        return blocks
    after = levels(pairs)
    return sorted(blocks, key=lambda block: after.get(block.id, 0))


def levels(pairs: Iterable[tuple[BlockId, BlockId]]) -> Mapping[BlockId, int]:
    """Return how many steps each child is below those that are no children, by pairs of a child and its parent.

    Definitions have no circles, so neither have their blocks.
    """
    above: dict[BlockId, list[BlockId]] = {}
    for child, parent in pairs:
        above.setdefault(child, []).append(parent)
    found: dict[BlockId, int] = {}

    def level(block_id: BlockId) -> int:
        if block_id not in above:
            return 0
        if block_id not in found:
            found[block_id] = 1 + max(map(level, above[block_id]))
        return found[block_id]

    return {child: level(child) for child in above}
