"""What whoever ordered a block can do when its first run failed. Source: concepts.md 10.1 to 10.3.

Until a run has succeeded the block is ordered, not there: its children wait, and whoever counts blocks that are there reads `applied_at`.
"""

from enum import StrEnum

from blockyard.server.blocks.model.block import BlockHead, BlockStatus, Lifecycle

_FAILED = frozenset({BlockStatus.FAILED, BlockStatus.ABORTED})


class Offer(StrEnum):
    """One way to go on."""

    CHANGE = "CHANGE"
    """Change inputs, which starts a run."""
    RETRY = "RETRY"
    """Run again with the same inputs."""
    REMOVE = "REMOVE"
    """Delete the block, with what its runs have made so far."""


def is_failed_order(block: BlockHead) -> bool:
    """Whether a block never came to be, and nothing is under way that could make it."""
    return block.applied_at is None and block.status in _FAILED and block.lifecycle is Lifecycle.ACTIVE


def offers(block: BlockHead, *, may_change: bool, may_run: bool, may_delete: bool) -> tuple[Offer, ...]:
    """Return the ways to go on with a failed first order; none where nothing failed."""
    if not is_failed_order(block):
        return ()
    allowed = {Offer.CHANGE: may_change, Offer.RETRY: may_run, Offer.REMOVE: may_delete}
    return tuple(offer for offer, may in allowed.items() if may)
