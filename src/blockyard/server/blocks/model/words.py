"""The status of a block as people read it: what is, not what happened. Source: concepts.md 10.2."""

from collections.abc import Iterable, Mapping
from datetime import datetime

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
from blockyard.server.blocks.model.cascade import Cascade
from blockyard.server.blocks.model.resolution import without_tenant_id
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.runs.model import Run, Wait, WaitKind, WaitOwner
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
_OF_PROVIDER = frozenset({BlockStatus.WAITING_FOR_OPERATOR_INPUT, BlockStatus.WAITING_FOR_APPROVAL})
_NO_TENANT = "which a building block of a workspace does not have; the owner of the definition can give it another source in a new version"
_UNKNOWN_TENANT_ID = "which the platform has not given yet"


def status_in_words(block: BlockHead, *, is_yours: bool = False, dry_run: Run | None = None) -> str:
    """Return how a block is, such as "Ready".

    `is_yours` says that the reader can give the input it waits for, `dry_run` is its latest run if that changed nothing.
    """
    if block.lifecycle is Lifecycle.DELETED:
        return "Purged" if block.force_purge else "Deleted"
    if block.status in WAITING:
        return _waiting(block, is_yours=is_yours)
    if block.status is BlockStatus.SUCCEEDED:
        return _ready(dry_run)
    operation = block.operation or Operation.CREATION
    if block.status is BlockStatus.WAITING_FOR_APPROVAL:
        return "Waiting for approval"
    if block.status in RUNNING:
        return _UNDER_WAY[operation]
    return (_FAILED if block.status is BlockStatus.FAILED else _ABORTED)[operation]


def _ready(dry_run: Run | None) -> str:
    if dry_run is None:
        return "Ready"
    if not dry_run.is_final:
        return "Checking"
    return "Ready, differs from its plan" if dry_run.changes_detected else "Ready"


def _waiting(block: BlockHead, *, is_yours: bool) -> str:
    if block.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
        return "Waiting for another building block"
    if is_yours:
        return "Waiting for you"
    is_operators = block.status is BlockStatus.WAITING_FOR_OPERATOR_INPUT
    return f"Waiting for {'the platform team' if is_operators else block.workspace}"


def block_waits(
    block: Block,
    specs: Mapping[str, InputSpec],
    missing: Iterable[str],
    known: Mapping[BlockId, Block],
    tenant: Tenant | None = None,
) -> list[Wait]:
    """Return each thing that keeps a parked block from running; `known` are the parents that still exist."""
    waits = [_tenant_wait(block, specs[key], tenant) for key in without_tenant_id(specs, tenant)]
    for parent in block.parents:
        waits += _parent_waits(block, specs, parent, known.get(parent.block_id))
    for key in sorted(missing):
        is_operator = specs[key].assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT
        who = "The platform team" if is_operator else "Somebody of the workspace"
        waits.append(
            Wait(
                kind=WaitKind.OPERATOR_INPUT if is_operator else WaitKind.USER_INPUT,
                message=f"{who} has to fill in input '{specs[key].label}'.",
                ends="The input is saved.",
                owner=WaitOwner.PROVIDER if is_operator else WaitOwner.WORKSPACE,
                workspace=block.provider if is_operator else block.workspace,
                since=block.status_since,
            )
        )
    return waits


def lacking_wait(block: Block, definition: str) -> Wait:
    """Return the wait for a parent that the version needs and the block does not have."""
    return Wait(
        kind=WaitKind.PARENT,
        message=f"Version {block.version_number} needs a building block of '{definition}', and none is chosen.",
        ends="Somebody of the workspace chooses one.",
        owner=WaitOwner.WORKSPACE,
        workspace=block.workspace,
        since=block.status_since,
    )


def held_wait(block: BlockHead, cascade: Cascade) -> Wait:
    """Return what a block waits for that a stopped cascade would have run again."""
    return Wait(
        kind=WaitKind.CASCADE,
        message=f"It does not have yet what its parents give now: the cascade was stopped. {cascade.message}",
        ends="Somebody runs it, or goes on with the cascade.",
        owner=WaitOwner.WORKSPACE,
        workspace=block.workspace,
        since=cascade.stopped_at,
    )


def turn_wait(since: datetime) -> Wait:
    """Return what a block waits for that a cascade has yet to come to."""
    return Wait(
        kind=WaitKind.CASCADE,
        message="A parent gave something new that many building blocks take: they run again some at a time, this one soon.",
        ends="Its turn comes, in a moment.",
        owner=WaitOwner.SYSTEM,
        since=since,
    )


def due_wait(block: BlockHead) -> Wait:
    """Return what the run waits for that is due after the one under way."""
    return Wait(
        kind=WaitKind.RUN_BEFORE,
        message="What changed since is applied by another run after the one that is under way.",
        ends="The run that is under way ends, unless it is aborted.",
        owner=WaitOwner.SYSTEM,
        since=block.status_since,
    )


def _tenant_wait(block: Block, spec: InputSpec, tenant: Tenant | None) -> Wait:
    why = _NO_TENANT if tenant is None else _UNKNOWN_TENANT_ID
    return Wait(
        kind=WaitKind.TENANT_ID,
        message=f"Input '{spec.label}' takes the id of a tenant, {why}.",
        ends="The definition gives the input another source."
        if tenant is None
        else "The platform gives the tenant its id.",
        owner=WaitOwner.PROVIDER,
        workspace=block.provider,
        since=block.status_since,
    )


def _parent_waits(block: Block, specs: Mapping[str, InputSpec], parent: Parent, found: Block | None) -> list[Wait]:
    if found is None or found.lifecycle is not Lifecycle.ACTIVE:
        return [
            Wait(
                kind=WaitKind.PARENT,
                message="A building block this one depends on is deleted.",
                ends="This one is upgraded with another parent, or deleted.",
                owner=WaitOwner.WORKSPACE,
                workspace=block.workspace,
                since=block.status_since,
            )
        ]
    if not found.is_ready:
        now = "to run again" if found.status is BlockStatus.SUCCEEDED else status_in_words(found).lower()
        return [
            Wait(
                kind=WaitKind.PARENT,
                message=f"Building block '{found.name}' has to be ready first; now it is: {now}.",
                ends=f"A run of '{found.name}' succeeds.",
                owner=_owner_of(found),
                workspace=found.provider if found.status in _OF_PROVIDER else found.workspace,
                since=block.status_since,
            )
        ]
    return [
        Wait(
            kind=WaitKind.PARENT_OUTPUT,
            message=f"Building block '{found.name}' has no usable output '{reference[1]}', which input '{spec.label}' takes.",
            ends=f"A run of '{found.name}' gives this output.",
            owner=WaitOwner.PROVIDER,
            workspace=found.provider,
            since=block.status_since,
        )
        for spec in specs.values()
        if (reference := spec.parent_output) is not None
        and reference[0] == parent.definition_id
        and _lacks(found, reference[1])
    ]


def _owner_of(parent: Block) -> WaitOwner:
    """Return who moves a parent on that is not ready: nobody has to while it runs or waits for its own parents."""
    if parent.status in _OF_PROVIDER:
        return WaitOwner.PROVIDER
    moves_by_itself = parent.status in RUNNING or parent.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT
    return WaitOwner.SYSTEM if moves_by_itself else WaitOwner.WORKSPACE


def _lacks(block: Block, key: str) -> bool:
    output = block.outputs.get(key)
    return output is None or output.is_sensitive or output.value is None
