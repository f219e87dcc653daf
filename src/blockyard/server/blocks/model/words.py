"""The status of a block as people read it. Source: concepts.md 10.2."""

from collections.abc import Iterable, Mapping

from blockyard.server.blocks.model.block import Block, BlockId, BlockStatus, Lifecycle, Operation, Parent
from blockyard.server.blocks.model.resolution import never_given
from blockyard.server.definitions.model import AssignmentType, InputSpec

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


def waits_in_words(
    specs: Mapping[str, InputSpec],
    missing: Iterable[str],
    parents: Iterable[Parent],
    known: Mapping[BlockId, Block],
) -> list[str]:
    """Return one sentence for each thing that keeps a block from running; `known` are the parents that still exist."""
    words = [
        f"Input '{specs[key].label}' takes the id of a tenant, which a building block of a workspace does not have; the owner of "
        "the definition can give it another source in a new version."
        for key in never_given(specs)
    ]
    for parent in parents:
        block = known.get(parent.block_id)
        if block is None or block.lifecycle is not Lifecycle.ACTIVE:
            words.append("A building block this one depends on is deleted.")
        elif block.status is not BlockStatus.SUCCEEDED:
            words.append(f"Building block '{block.name}' has to succeed first: {status_in_words(block).lower()}.")
        else:
            words += [
                f"Building block '{block.name}' has no usable output '{reference[1]}', which input '{spec.label}' takes."
                for spec in specs.values()
                if (reference := spec.parent_output) is not None
                and reference[0] == parent.definition_id
                and _lacks(block, reference[1])
            ]
    for key in sorted(missing):
        is_operator = specs[key].assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT
        who = "The platform team" if is_operator else "Somebody of the workspace"
        words.append(f"{who} has to fill in input '{specs[key].label}'.")
    return words


def _lacks(block: Block, key: str) -> bool:
    output = block.outputs.get(key)
    return output is None or output.is_sensitive or output.value is None
