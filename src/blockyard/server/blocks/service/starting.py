"""Starting runs: what a block lacks parks it, else a run is requested in the same transaction."""

from collections.abc import Mapping
from dataclasses import replace

import structlog

from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.blocks.model.block import Block, BlockOutput, Lifecycle
from blockyard.server.blocks.model.inputs import with_defaults
from blockyard.server.blocks.model.outputs import derived_outputs
from blockyard.server.blocks.service.views import Reader
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Version
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Stale
from blockyard.server.runs.model import RunId, RunTarget, TriggerReason
from blockyard.server.runs.service import RunService
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

SUBJECT = "meshBuildingBlock"


def topic(block: Block) -> str:
    """Return the topic that is woken when the block changes."""
    return f"block:{block.id}"


class RunStarter:
    """Requests runs of blocks and parks those that lack something."""

    def __init__(
        self,
        *,
        definitions: DefinitionService,
        runs: RunService,
        workspaces: WorkspaceService,
    ) -> None:
        self._definitions = definitions
        self._runs = runs
        self._workspaces = workspaces

    def reader(self, tx: Transaction) -> Reader:
        """Return a reader for one transaction."""
        return Reader(tx, definitions=self._definitions, workspaces=self._workspaces)

    def save(self, tx: Transaction, block: Block, *, parents_changed: bool = False) -> Block:
        """Write a block and wake whoever watches it."""
        tx.wake(topic(block))
        return BlockStore(tx).save(block, parents_changed=parents_changed)

    def run_again(self, tx: Transaction, block: Block, author: Author, reason: TriggerReason) -> Block:
        """Bring a stored block to what it shall be: a run that applies it, or destroys it once it is marked for deletion.

        A block that lacks something for being applied is parked.

        Raises:
            Conflict: a run of the block is unfinished.
        """
        self.refuse_unfinished(tx, block)
        reader = self.reader(tx)
        _, version = reader.version_of(block)
        is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        values = block.inputs if is_leaving else block.standing(version.inputs)
        block = block.with_inputs(version.inputs, with_defaults(version.inputs, values))
        if is_leaving:
            return self.request(tx, block, version, author, behavior=Behavior.DESTROY, reason=reason)
        waiting = reader.waiting_for(block, version)
        if waiting is not None:
            log.info("block waits", block_id=block.id, status=waiting)
            return self.save(tx, self._without_run(tx, block, author).waiting(waiting))
        return self.request(tx, block, version, author, behavior=Behavior.APPLY, reason=reason)

    def _without_run(self, tx: Transaction, block: Block, author: Author) -> Block:
        """Return the block after the end of a run that only waited to be tried again."""
        run = self._runs.unfinished(tx, block.id)
        if run is None:
            return block
        self._runs.abort_for(tx, author, run)
        stored = BlockStore(tx).find(block.id) or block
        return replace(stored, inputs=block.inputs, entered_as=block.entered_as)

    def refuse_unfinished(self, tx: Transaction, block: Block) -> None:
        """Refuse while a run of the block is unfinished; one that only waits to be tried again gives way to a new one.

        Raises:
            Conflict: a run is unfinished.
            Stale: a run was requested since the block was read; the boundary replays.
        """
        run = self._runs.unfinished(tx, block.id)
        if run is None or run.is_retried:
            return
        if not block.is_running and run.behavior is not Behavior.DETECT:
            raise Stale(f"block {block.id}")
        raise Conflict(
            f"this is not possible while a run of the building block is {run.status}",
            code="RunUnfinished",
            remedy="Wait until the run has ended or abort it, then send the request again.",
        )

    def request(
        self,
        tx: Transaction,
        block: Block,
        version: Version,
        author: Author,
        *,
        behavior: Behavior,
        reason: TriggerReason,
        plan_run_id: RunId | None = None,
    ) -> Block:
        """Request a run of a stored block and return the block with it; a manual block's run is over at once.

        With `plan_run_id` it applies what that dry run planned; what is due stays due, as the plan knows nothing of it.

        Raises:
            Conflict: a run of the block is unfinished.
        """
        target = self._target(tx, block, version)
        run = self._runs.request(tx, author, block=target, behavior=behavior, reason=reason, plan_run_id=plan_run_id)
        requested = block.requested(run.id, behavior)
        saved = self.save(tx, requested if plan_run_id is None else replace(requested, rerun_due=block.rerun_due))
        if version.implementation_type is not ImplementationType.MANUAL:
            return saved
        outputs = derived_outputs(self.reader(tx).inputs_of(saved, version))
        self._runs.finish_at_once(tx, run, RunStatus.SUCCEEDED, _reported(outputs))
        return BlockStore(tx).find(block.id) or saved

    def request_dry_run(self, tx: Transaction, block: Block, version: Version, author: Author) -> Block:
        """Request a run that only plans and return the block with it; its status stays. Raises Conflict."""
        target = replace(self._target(tx, block, version), hand_over=False)
        reason = TriggerReason.MANUAL_EXECUTION
        run = self._runs.request(tx, author, block=target, behavior=Behavior.DETECT, reason=reason)
        return self.save(tx, replace(block, latest_dry_run_id=run.id))

    def _target(self, tx: Transaction, block: Block, version: Version) -> RunTarget:
        return RunTarget(
            block_id=block.id,
            display_name=block.name,
            workspace=block.workspace,
            provider=block.provider,
            definition_id=block.definition_id,
            version_id=version.id,
            version_number=version.number,
            runner_id=self._definitions.runner_of(tx, version).id,
            implementation=version.implementation_type,
            hand_over=version.implementation.hands_over,
        )


def _reported(outputs: Mapping[str, BlockOutput]) -> dict[str, OutputValue]:
    return {
        key: OutputValue(value=output.value, type=output.type, is_sensitive=output.is_sensitive)
        for key, output in outputs.items()
    }
