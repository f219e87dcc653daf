"""What runs ask and tell blocks: the content of run documents, and how runs go that blocks did not end themselves."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.blocks.model.block import (
    Block,
    BlockOutput,
    BlockStatus,
    Lifecycle,
)
from blockyard.server.blocks.model.outputs import check_outputs
from blockyard.server.blocks.model.resolution import ResolvedInput, run_input
from blockyard.server.blocks.service.adapting import Adapting
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.on_tenants import OnTenants
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.turns import TurnStore
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound
from blockyard.server.runners.model import UNREADABLE, SealingKey, StoredSecret
from blockyard.server.runs.model import Run
from blockyard.server.runs.ports import RunFinish, RunParts

log = structlog.get_logger(__name__)

_DUE_AT_ONCE = 50


class BlockHooks:
    """Implements `RunContent` and `RunListener`; asks no principal. Higher features that follow runs add to `followers`."""

    def __init__(
        self,
        *,
        reading: Reading,
        definitions: DefinitionService,
        starter: RunStarter,
        deleting: Deleting,
        on_tenants: OnTenants,
        cascading: CascadeControl,
        adapting: Adapting,
    ) -> None:
        self.followers: list[Callable[[Transaction, Run], None]] = []
        self._cascading = cascading
        self._adapting = adapting
        self._reading = reading
        self._definitions = definitions
        self._starter = starter
        self._deleting = deleting
        self._on_tenants = on_tenants

    # Content of runs

    def document_parts(self, tx: Transaction, run: Run) -> RunParts:
        """Return block and definition as they are now, inputs resolved.

        Only a claimed run (IN_PROGRESS) changes anything or is refused: others are merely read.

        Raises:
            Conflict: a secret was sealed to another key than the runner has now, or an input was declared otherwise when its
                value was entered.
        """
        block = _stored(tx, run.block_id)
        claimed = run.status is RunStatus.IN_PROGRESS
        is_dry = run.behavior is Behavior.DETECT and run.id != block.latest_run_id
        if claimed and not is_dry and run.plan_run_id is None and self._starter.has_news(tx, block):
            _refuse_unseen(run, needs_plan=self._starter.plans_first(tx, block))
            block = self._starter.save(tx, replace(block, due=None)) if block.rerun_due else block
        if claimed and run.behavior is not Behavior.DETECT and run.plan_run_id is None:
            TurnStore(tx).drop(
                block.id
            )  # before anything of the parents is read: no turn is dropped whose news are not
        reader = self._reading(tx)
        definition, version = reader.version_of(block)
        resolved = reader.run_inputs_of(block, version)
        inputs = [item for item in resolved if item.value is not None and not item.is_hidden]
        if claimed:
            hidden = {item.spec.key for item in resolved if item.is_hidden}
            _refuse_void(block.void_inputs(version.inputs) - hidden)
            if run.behavior is Behavior.DESTROY:
                self._definitions.require_destroyable(version)
            else:
                self._adapting.check_claimed(tx, block, version)
            self._definitions.require_readable(tx, version)
            _refuse_unreadable(inputs, reader.runner_key(version))
        run_inputs: list[Json] = [run_input(item) for item in inputs]
        parents: list[Json] = [
            {"buildingBlockUuid": str(parent.block_id), "definitionUuid": str(parent.definition_id)}
            for parent in block.parents
        ]
        spec: JsonObject = {
            "displayName": block.name,
            "workspaceIdentifier": block.workspace,
            "projectIdentifier": None if block.tenant is None else block.tenant.project,
            "fullPlatformIdentifier": None if block.tenant is None else block.tenant.platform,
            "inputs": run_inputs,
            "parentBuildingBlocks": parents,
        }
        definition_spec: JsonObject = {
            "workspaceIdentifier": version.workspace,
            "version": version.number,
            "implementation": self._definitions.run_implementation(tx, version),
        }
        return RunParts(
            block={"uuid": str(block.id), "spec": spec},
            definition={"uuid": str(definition.id), "spec": definition_spec},
            plan_run_id=run.plan_run_id,
            identity=version.identity,
        )

    def tenant_of(self, tx: Transaction, run: Run) -> UUID | None:
        """Return the tenant that the block of the run is on, if it is on one."""
        block = BlockStore(tx).find(run.block_id)
        return None if block is None or block.tenant is None else block.tenant.id

    def name_of(self, tx: Transaction, run: Run) -> str:
        """Return what the block of the run is called now."""
        return BlockStore(tx).names_of({run.block_id}).get(run.block_id, run.target.display_name)

    def is_transparent(self, tx: Transaction, run: Run) -> bool:
        """Whether the consumer of the block may read logs and stop runs; asked at every look of every viewer."""
        return self._definitions.definition(tx, DefinitionId(run.target.definition_id)).run_transparency

    def transparent_ones(self, tx: Transaction, definition_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of the definitions whose runs the consumers may see."""
        return self._definitions.transparent_ones(tx, {DefinitionId(found) for found in definition_ids})

    # Life of runs

    def run_changed(self, tx: Transaction, run: Run) -> None:
        """Let the block's status follow its run."""
        block = BlockStore(tx).find(run.block_id)
        if block is None:
            return
        after = block.following(run.id, run.status)
        if after != block:
            after = self._starter.save(tx, after)
        if run.is_retried and after.due is not None:
            # It takes the place of the attempt that would follow: no stop of a cascade withdraws that.
            self._starter.begin_due(tx, replace(after, cascade=None))

    def run_finished(self, tx: Transaction, run: Run, outputs: Mapping[str, OutputValue]) -> RunFinish:
        """Store what the run gave and wake the children; a success without the declared outputs is a failure."""
        block = BlockStore(tx).find(run.block_id)
        if block is None or not block.is_live:
            return RunFinish(run.status)
        self._on_tenants.hold(tx, block)
        finish = self._finished(tx, block, run, outputs)
        self._on_tenants.settle(tx, block.id, run.trigger.author)
        return finish

    def _finished(self, tx: Transaction, block: Block, run: Run, outputs: Mapping[str, OutputValue]) -> RunFinish:
        if run.behavior is Behavior.DETECT and run.id != block.latest_run_id:
            self._starter.follow(tx, block)
            return RunFinish(run.status)
        if run.behavior is Behavior.DETECT and run.status is RunStatus.SUCCEEDED:
            return self._planned(tx, block, run)
        if run.status is RunStatus.SUCCEEDED and run.id == block.latest_run_id:
            if run.behavior is Behavior.DESTROY:
                self._destroyed(tx, block, run)
                return RunFinish(run.status)
            return self._applied(tx, block, run, _reported(outputs))
        if run.status is RunStatus.FAILED and run.id == block.latest_run_id:
            block = self._cascading.failed(tx, block)
        if not self._is_left_as_it_was(tx, block, run):
            self._starter.follow(tx, block.following(run.id, run.status))
        return RunFinish(run.status)

    def _is_left_as_it_was(self, tx: Transaction, block: Block, run: Run) -> bool:
        """Leave a block as it was if its end was stopped before it began, or nobody has approved a repair by itself."""
        if run.status is not RunStatus.ABORTED or run.id != block.latest_run_id:
            return False
        if run.is_unbegun_deletion:
            return self._deleting.declined(tx, block, run)
        return run.awaits_approval and self._starter.left_as_it_was(tx, block, run)

    def run_ended(self, tx: Transaction, run: Run) -> None:
        """Request the run that is due, in the transaction of the end: nobody reads the status in between."""
        block = BlockStore(tx).find(run.block_id)
        if block is None:
            return
        is_latest, is_active = run.id == block.latest_run_id, block.lifecycle is Lifecycle.ACTIVE
        is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        if is_latest and is_leaving and self._starter.is_to_destroy_anew(tx, run):
            self._starter.destroy_anew(tx, block, run.trigger.author)
        elif is_latest and is_active and run.behavior is Behavior.DETECT and run.status is RunStatus.SUCCEEDED:
            self._starter.planned(tx, block, run)
        elif is_latest and is_active and self._starter.is_to_plan_anew(tx, block, run):
            self._starter.plan_anew(tx, block, run.trigger.author)
        elif block.rerun_due:
            self._starter.begin_due(tx, block)
        for follower in self.followers:
            follower(tx, run)

    # Background

    def start_due(self, tx: Transaction) -> int:
        """Request the runs that had to wait for the end of another one; return for how many blocks none is due any more."""
        store = BlockStore(tx)
        blocks = store.one_by_one(store.due(_DUE_AT_ONCE))  # what an earlier one has run again is not due any more
        return sum(self._starter.begin_due(tx, block) for block in blocks if block.rerun_due)

    def take_turns(self, tx: Transaction) -> int:
        """Come to the next blocks that have to run again since their parents gave something new; return how many there were."""
        return self._starter.waking.go_on(tx)

    def go_on_stopping(self, tx: Transaction) -> bool:
        """Take back some more of what stopped cascades have not begun; tell whether there was any."""
        return self._cascading.go_on_stopping(tx)

    def remove_cascades(self, tx: Transaction) -> int:
        """Forget cascades that are over since long; return how many."""
        return self._cascading.remove_old(tx)

    # Steps of the above

    def _planned(self, tx: Transaction, block: Block, run: Run) -> RunFinish:
        """Keep a block waiting for the run that applies the plan; `run_ended` requests it."""
        if not self._starter.has_plan(tx, run):
            block = self._cascading.failed(tx, block)
            self._starter.follow(tx, block.following(run.id, RunStatus.FAILED))
            return RunFinish(RunStatus.FAILED, "the runner left no plan, so there is nothing that could be applied")
        self._starter.follow(tx, replace(block, status=BlockStatus.PENDING))
        return RunFinish(run.status)

    def _destroyed(self, tx: Transaction, block: Block, run: Run) -> None:
        self._deleting.gone(tx, block.following(run.id, run.status), run.trigger.author)

    def _applied(self, tx: Transaction, block: Block, run: Run, reported: Mapping[str, BlockOutput]) -> RunFinish:
        _, version = self._reading(tx).version_of(block)
        checked = check_outputs(version.outputs, reported, self._reading(tx).tenant_of(block))
        if checked.problems:
            block = self._cascading.failed(tx, block)
            self._starter.follow(tx, block.following(run.id, RunStatus.FAILED))
            return RunFinish(RunStatus.FAILED, " ".join(checked.problems))
        self._starter.applied(tx, block, run, checked.outputs)
        return RunFinish(run.status, warnings=checked.warnings)


def _stored(tx: Transaction, block_id: UUID) -> Block:
    block = BlockStore(tx).find(block_id)
    if block is None:
        raise NotFound(f"there is no building block {block_id}", code="BlockNotFound")
    return block


def _reported(outputs: Mapping[str, OutputValue]) -> dict[str, BlockOutput]:
    return {
        key: BlockOutput(None if output.is_sensitive else output.value, output.type, output.is_sensitive)
        for key, output in outputs.items()
    }


def _refuse_unseen(run: Run, *, needs_plan: bool) -> None:
    """Refuse to apply what was saved after a run was requested, if it has to be approved: its plan is made by the next run."""
    if needs_plan and run.behavior is Behavior.APPLY:
        raise Conflict(
            "something was changed meanwhile that needs an approval: what would change is looked at first",
            code="NeedsApproval",
            remedy="Nothing has to be done: another run looks at it, and waits for the approval.",
        )


def _refuse_void(keys: frozenset[str]) -> None:
    """Refuse a run without values that people believe to have given: not even a deletion goes on without them."""
    if keys:
        names = ", ".join(f"'{key}'" for key in sorted(keys))
        raise Conflict(
            f"the values of the inputs {names} do not count any more: the definition gave these inputs another type or "
            "sensitivity after they were entered; enter them again in the building block",
            code="VoidInput",
            remedy="Enter these inputs again.",
        )


def _refuse_unreadable(inputs: list[ResolvedInput], runner_key: SealingKey) -> None:
    unreadable = sorted(
        item.spec.key for item in inputs if isinstance(item.value, StoredSecret) and not runner_key.opens(item.value)
    )
    if unreadable:
        names = ", ".join(f"'{key}'" for key in unreadable)
        raise Conflict(
            f"the runner cannot read the secret inputs {names}: they were entered for another {UNREADABLE}; "
            "enter static inputs again in a new version of the definition, all others again in the building block",
            code="UnreadableSecret",
            remedy="Enter these secrets again.",
        )
