"""What runs need from features above them: the content of a run document, who follows a run, the locks of the state."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.issuer.model.workload import NO_OPTIONS, IdentityOptions
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import Run, RunId


class OutdatedValue(Conflict):
    """A value of a run was good when it was given, and is not any more, such as an option that there is no more."""


class OutdatedState(Conflict):
    """What a run was to destroy is not what somebody has approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """The parts of a run document that blocks and definitions know. Source: runner.md 1.5.

    Attributes:
        block: `spec.buildingBlock`: uuid, and spec with displayName, workspaceIdentifier, projectIdentifier,
            fullPlatformIdentifier, inputs (resolved now, secrets sealed to the runner's key) and parentBuildingBlocks.
        definition: `spec.buildingBlockDefinition`: uuid, and spec with workspaceIdentifier, version, implementation.
        plan_run_id: the DETECT run whose saved plan shall be applied.
        identity: what the version says about identity tokens.
    """

    block: JsonObject
    definition: JsonObject
    plan_run_id: RunId | None = None
    identity: IdentityOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class RunFinish:
    """How a run ends in the opinion of its listener.

    Attributes:
        message: tells people why it is not what the runner said.
        warnings: what people should know although the run ends well.
    """

    status: RunStatus
    message: str | None = None
    warnings: tuple[str, ...] = ()


class RunContent(Protocol):
    """What a run document says about the block. Implemented by blocks."""

    def document_parts(self, tx: Transaction, run: Run) -> RunParts:
        """Return the parts as they are now. A refusal fails the run with its message."""

    def tenant_of(self, tx: Transaction, run: Run) -> UUID | None:
        """Return the tenant that the block of the run is on, if it is on one."""

    def name_of(self, tx: Transaction, run: Run) -> str:
        """Return what the block of the run is called now."""

    def is_transparent(self, tx: Transaction, run: Run) -> bool:
        """Whether the consumer of the block may read logs and stop runs (run transparency of the definition)."""

    def transparent_ones(self, tx: Transaction, definition_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of the definitions whose runs the consumers may see."""


class RunListener(Protocol):
    """Who follows the life of runs. Implemented by blocks."""

    def run_changed(self, tx: Transaction, run: Run) -> None:
        """The run was claimed, or went back to the queue."""

    def run_finished(self, tx: Transaction, run: Run, outputs: Mapping[str, OutputValue]) -> RunFinish:
        """The run is about to end as `run.status`; return how it really ends.

        SUCCEEDED may become FAILED (outputs missing or of the wrong type). Called in the transaction of the end, before
        the run is stored; not for ends that the listener itself asked for. Sensitive outputs come without a value.
        """

    def run_ended(self, tx: Transaction, run: Run) -> None:
        """The run is stored as ended, after `run_finished`: another one of the same block may be requested."""


class StateLocks(Protocol):
    """The locks runs hold on the state of their blocks. Implemented by tofu_state."""

    def release(self, tx: Transaction, block_id: UUID, run_id: RunId) -> None:
        """Remove the lock that `run_id` holds, if any."""

    def held_by(self, tx: Transaction, run_id: RunId) -> bool:
        """Whether the run holds the lock of its block's state."""

    def move(self, tx: Transaction, block_ids: Collection[UUID], project: str) -> None:
        """Let what the states of blocks say exists be in another project."""

    def mark(self, tx: Transaction, block_id: UUID) -> str:
        """Return what stands for the current state of a block: another state has another mark, and so has none."""


class StateRestoring(Protocol):
    """Implemented by tofu_state."""

    def restore(self, tx: Transaction, run: Run) -> None:
        """Make the state that a run was planned with the current one, if it has that task. A refusal fails the run with its message."""


@dataclass(frozen=True, slots=True)
class RunPorts:
    """All of the above."""

    content: RunContent
    listener: RunListener
    locks: StateLocks
    restoring: StateRestoring
