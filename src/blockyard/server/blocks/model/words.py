"""The status of a block as people read it: what is, not what happened. Source: concepts.md 10.2."""

from collections.abc import Iterable, Mapping

from blockyard.server.blocks.model.block import (
    RUNNING,
    WAITING,
    Block,
    BlockHead,
    BlockId,
    BlockStatus,
    Lifecycle,
    Operation,
    Parent,
)
from blockyard.server.blocks.model.resolution import without_tenant_id
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.tenants.model import Tenant

_UNDER_WAY = {Operation.CREATION: "Creating", Operation.UPDATE: "Changing", Operation.DELETION: "Deleting"}
_FAILED = {
    Operation.CREATION: "Failed",
    Operation.UPDATE: "Ready, last change failed",
    Operation.DELETION: "Deletion failed",
}
_ABORTED = {
    Operation.CREATION: "Aborted",
    Operation.UPDATE: "Ready, last change aborted",
    Operation.DELETION: "Deletion aborted",
}
_NO_TENANT = "which a building block of a workspace does not have; the owner of the definition can give it another source in a new version"
_UNKNOWN_TENANT_ID = "which the platform has not given yet"


def status_in_words(block: BlockHead, *, is_yours: bool = False) -> str:
    """Return how a block is, such as "Ready"; `is_yours` says that the reader can give the input it waits for."""
    if block.lifecycle is Lifecycle.DELETED:
        return "Purged" if block.force_purge else "Deleted"
    if block.status in WAITING:
        return _waiting(block, is_yours=is_yours)
    operation = block.operation or Operation.CREATION
    if block.status in RUNNING:
        return _UNDER_WAY[operation]
    if block.status is BlockStatus.FAILED:
        return _FAILED[operation]
    return _ABORTED[operation] if block.status is BlockStatus.ABORTED else "Ready"


def _waiting(block: BlockHead, *, is_yours: bool) -> str:
    if block.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
        return "Waiting for another building block"
    if is_yours:
        return "Waiting for you"
    is_operators = block.status is BlockStatus.WAITING_FOR_OPERATOR_INPUT
    return f"Waiting for {'the platform team' if is_operators else block.workspace}"


def waits_in_words(
    specs: Mapping[str, InputSpec],
    missing: Iterable[str],
    parents: Iterable[Parent],
    known: Mapping[BlockId, Block],
    tenant: Tenant | None = None,
) -> list[str]:
    """Return one sentence for each thing that keeps a block from running; `known` are the parents that still exist."""
    why = _NO_TENANT if tenant is None else _UNKNOWN_TENANT_ID
    words = [f"Input '{specs[key].label}' takes the id of a tenant, {why}." for key in without_tenant_id(specs, tenant)]
    for parent in parents:
        block = known.get(parent.block_id)
        if block is None or block.lifecycle is not Lifecycle.ACTIVE:
            words.append("A building block this one depends on is deleted.")
        elif block.status is not BlockStatus.SUCCEEDED:
            words.append(
                f"Building block '{block.name}' has to be ready first; now it is: {status_in_words(block).lower()}."
            )
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
