"""Building blocks of one name, told apart: names may repeat, and somebody has to choose."""

from collections import Counter
from collections.abc import Mapping, Sequence

from blockyard.server.blocks.model.block import BlockHead, BlockId
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.layout import instant

_SHORT_ID = 8
"""Characters of an id that are enough between blocks of one name, status and minute."""


def told_apart(blocks: Sequence[BlockHead]) -> Mapping[BlockId, str]:
    """Return what else is said of those whose name another one of them has: where it is, how it is, when it was ordered."""
    names = Counter(block.name for block in blocks)
    told = {block.id: _about(block) for block in blocks if names[block.name] > 1}
    said = Counter((block.name, told[block.id]) for block in blocks if block.id in told)
    return {
        block.id: told[block.id] + (f", id {str(block.id)[:_SHORT_ID]}" if said[block.name, told[block.id]] > 1 else "")
        for block in blocks
        if block.id in told
    }


def _about(block: BlockHead) -> str:
    place = [] if block.tenant is None else [f"project {block.tenant.project}"]
    status = words.block_badge(block, is_yours=False).text.lower()
    return ", ".join([*place, status, f"ordered {instant(block.created_at)}"])
