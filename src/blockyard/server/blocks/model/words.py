"""The status of a block as people read it. Source: concepts.md 10.2."""

from blockyard.server.blocks.model.block import Block, BlockStatus, Lifecycle, Operation

_WAITING = {
    BlockStatus.WAITING_FOR_DEPENDENT_INPUT: "Waiting for another building block",
    BlockStatus.WAITING_FOR_OPERATOR_INPUT: "Waiting for the platform team's input",
    BlockStatus.WAITING_FOR_USER_INPUT: "Waiting for your input",
}
_OPERATIONS = {Operation.CREATION: "Creation", Operation.UPDATE: "Update", Operation.DELETION: "Deletion"}
_RUNNING = {
    BlockStatus.PENDING: "is waiting for a runner",
    BlockStatus.IN_PROGRESS: "is running",
    BlockStatus.SUCCEEDED: "succeeded",
    BlockStatus.FAILED: "failed",
    BlockStatus.ABORTED: "was aborted",
}


def status_in_words(block: Block) -> str:
    """Return what a block waits for, or how its latest operation stands, such as "Creation succeeded"."""
    if block.lifecycle is Lifecycle.DELETED:
        return "Purged" if block.force_purge else "Deleted"
    if block.status in _WAITING:
        return _WAITING[block.status]
    return f"{_OPERATIONS[block.operation or Operation.CREATION]} {_RUNNING[block.status]}"
