"""Runs of blocks: what a block lacks parks it, else a run is requested in the same transaction; and what follows a run's end."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.blocks.model.block import WAITING, Block, BlockOutput, BlockStatus, Lifecycle, changed_outputs
from blockyard.server.blocks.model.family import parents_first
from blockyard.server.blocks.model.outputs import check_assignments, derived_outputs, sign_in_url_in, tenant_id_in
from blockyard.server.blocks.service.approving import Approving
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.ports import BlockStates
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.service.waking import News, Waking
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Version
from blockyard.server.definitions.model.hiding import with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import KEY, SYSTEM, Author
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Stale
from blockyard.server.runs.model import Run, RunId, RunTarget, Trigger, TriggerReason
from blockyard.server.runs.model.approval import ApprovalTerms
from blockyard.server.runs.model.task import Task, TaskKind
from blockyard.server.runs.service import RunService
from blockyard.server.runs.topics import block_topic
from blockyard.server.tenants.model import Tenant
from blockyard.server.tenants.service import TenantService

log = structlog.get_logger(__name__)

SUBJECT = "meshBuildingBlock"

DUE_TOPIC = "blocks:due"
"""Woken when the end of a run lets another run of the same block begin."""


class RunStarter:
    """Requests runs of blocks, parks those that lack something, and stores what a run has given."""

    def __init__(
        self,
        basics: Basics,
        *,
        reading: Reading,
        definitions: DefinitionService,
        runs: RunService,
        tenants: TenantService,
        upgrades: Upgrades,
        cascading: CascadeControl,
        states: BlockStates,
    ) -> None:
        self._clock = basics.clock
        self.waking = Waking(basics, reading=reading, cascading=cascading, again=self.rerun)
        cascading.tell(self._wake_waiting_children)
        self._upgrades = upgrades
        self._approvals = Approving(reading=reading, runs=runs, states=states)
        self._reading = reading
        self._tenants = tenants
        self._definitions = definitions
        self._runs = runs

    def save(self, tx: Transaction, block: Block, *, parents_changed: bool = False) -> Block:
        """Write a block and wake whoever watches it."""
        tx.wake(block_topic(block.id))
        store = BlockStore(tx)
        before = store.find(block.id)
        if before is not None and before.status is not block.status:
            block = replace(block, status_since=self._clock())
        if before is not None and before.parents != block.parents and not parents_changed:
            store.touch(block.parents)
            parents_changed = True
        return store.save(block, parents_changed=parents_changed)

    def run_again(
        self, tx: Transaction, block: Block, author: Author, reason: TriggerReason, *, was_due: bool = False
    ) -> Block:
        """Bring a stored block to what it shall be: a run that applies it, or destroys it once it is marked for deletion.

        A block that follows versions is changed to the newest one first; one that lacks something for being applied is parked. If it
        `was_due`, nobody has compared the newest version with what may be done by the key that wanted the run.

        Raises:
            Conflict: a run of the block is unfinished.
        """
        self.refuse_unfinished(tx, block)
        block = _serving(block, author).woken(block.cascade if author == SYSTEM else None)
        block = self._upgrades.followed(tx, block, author, gaining=not (was_due and author.type == KEY))
        reader = self._reading(tx)
        _, version = reader.version_of(block)
        is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        values = block.inputs if is_leaving else block.standing(version.inputs)
        block = block.with_inputs(version.inputs, with_defaults(version.inputs, values))
        if is_leaving:
            return self.request(tx, block, version, author, behavior=Behavior.DESTROY, reason=reason)
        waiting = reader.waiting_for(block, version)
        if waiting is not None:
            log.info("block waits", block_id=block.id, status=waiting)
            self._drop_retried(tx, block, author)
            return self.save(tx, block.waiting(waiting))
        return self.request(tx, block, version, author, behavior=Behavior.APPLY, reason=reason)

    def _drop_retried(self, tx: Transaction, block: Block, author: Author) -> None:
        """End a run that only waits to be tried again."""
        run = self._runs.unfinished(tx, block.id)
        if run is not None:
            self._runs.abort_for(tx, author, run)

    def rerun(self, tx: Transaction, block: Block, reason: TriggerReason, *, cascade: RunId | None = None) -> None:
        """Run a block now, or after the run that is under way: what changed its inputs must not fail because of it.

        `cascade` is the run from which this one follows.
        """
        block = block.joining(cascade)
        if not block.is_busy:
            try:
                self.run_again(tx, block, SYSTEM, reason)
            except Conflict:
                log.info("rerun waits for a dry run", block_id=block.id)
            else:
                return
        self.save(tx, block.queued(Trigger(SYSTEM, reason)))

    def begin_due(self, tx: Transaction, block: Block) -> bool:
        """Request the run that is due now that another one has ended; tell whether none is due any more."""
        due = block.due
        if due is None:
            return True
        if block.lifecycle is not Lifecycle.ACTIVE or block.status in WAITING:
            self.save(tx, replace(block, due=None))
            return True
        try:
            self.run_again(tx, replace(block, due=None), due.author, due.reason, was_due=True)
        except Conflict:
            log.info("the run that is due has to wait", block_id=block.id)
            return False
        return True

    def queues(self, tx: Transaction, block: Block) -> bool:
        """Tell whether a change of inputs has to wait for the end of a run; it is stored, and one run follows.

        Raises:
            Conflict: the run destroys the block, or is being stopped: what it leaves is known only after it.
            Stale: a run was requested since the block was read; the boundary replays.
        """
        run = self._runs.unfinished(tx, block.id)
        if run is None or run.gives_way:
            return False
        if not block.is_running and run.behavior is not Behavior.DETECT:
            raise Stale(f"block {block.id}")
        if block.lifecycle is not Lifecycle.ACTIVE or run.abort_requested_at is not None:
            raise _unfinished(run)
        return True

    def refuse_unfinished(self, tx: Transaction, block: Block) -> None:
        """Refuse while a run of the block is unfinished; one that only waits to be tried again gives way to a new one.

        Raises:
            Conflict: a run is unfinished.
            Stale: a run was requested since the block was read; the boundary replays.
        """
        run = self._runs.unfinished(tx, block.id)
        if run is None or run.gives_way:
            return
        if not block.is_running and run.behavior is not Behavior.DETECT:
            raise Stale(f"block {block.id}")
        raise _unfinished(run)

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
        pause: timedelta = timedelta(0),
        in_any_case: bool = False,
        task: Task | None = None,
        forgetting: ApprovalTerms | None = None,
    ) -> Block:
        """Request a run of a stored block, not offered within `pause`, and return the block with it; a manual block's run is over at once.

        With `plan_run_id` it applies what that dry run planned; what is due stays due, as the plan knows nothing of it. Where an
        approval may be needed the run of a plan comes first: `planned` requests the one that applies it. `in_any_case` the
        application of a plan waits for one. A run that destroys waits itself.

        Raises:
            Conflict: a run of the block is unfinished.
        """
        block, target = _serving(block, author), self._target(tx, block, version)
        asked = None
        if behavior is Behavior.DESTROY:
            asked = self._approvals.asked_of_destruction(tx, block, version, author)
        elif behavior is Behavior.APPLY and version.implementation_type is ImplementationType.TERRAFORM:
            block = self._approvals.caused(tx, block, reason)
            if plan_run_id is not None:
                asked = self._approvals.asked(tx, block, plan_run_id, in_any_case=in_any_case, forgetting=forgetting)
            elif self._approvals.plans_first(tx, block):
                behavior, target = Behavior.DETECT, replace(target, hand_over=False)
        run = self._runs.request(
            tx,
            author,
            block=target,
            behavior=behavior,
            reason=reason,
            plan_run_id=plan_run_id,
            serves=block.serves,
            asked=asked,
            pause=pause,
            task=task,
        )
        requested = block.requested(run.id, behavior, awaits_approval=run.awaits_approval)
        if plan_run_id is not None:
            requested = replace(requested, due=block.due)
        if version.implementation_type is not ImplementationType.MANUAL:
            return self.save(tx, requested)
        outputs = derived_outputs(self._reading(tx).run_inputs_of(requested, version))
        problems = check_assignments(version.outputs, outputs, self._reading(tx).tenant_of(block))
        if problems:
            failed = self._runs.finish_at_once(tx, run, RunStatus.FAILED, {}, summary=" ".join(problems))
            return self.follow(tx, requested.following(failed.id, failed.status))
        ended = self._runs.finish_at_once(tx, run, RunStatus.SUCCEEDED, _reported(outputs))
        return self.applied(tx, requested, ended, outputs)

    def planned(self, tx: Transaction, block: Block, run: Run) -> None:
        """Request the run that applies the plan which was made first; it waits if the plan needs an approval.

        What was wanted meanwhile is not in the plan: then another plan is made.
        """
        if block.rerun_due:
            self.begin_due(tx, block)
            return
        reader = self._reading(tx)
        _, version = reader.version_of(block)
        waiting = reader.waiting_for(block, version)
        if waiting is not None:  # a parent runs again: then what the plan was made of may be another
            self.save(tx, block.waiting(waiting))
            return
        reason, author = TriggerReason.PREFLIGHT_SUCCEEDED, run.trigger.author
        self.request(tx, block, version, author, behavior=Behavior.APPLY, reason=reason, plan_run_id=run.id)

    def has_news(self, tx: Transaction, block: Block) -> bool:
        """Whether a run of a block takes more than was known when it was requested: what is due, or what its turn would bring."""
        return block.rerun_due or self._approvals.has_turn(tx, block)

    def plans_first(self, tx: Transaction, block: Block) -> bool:
        """Whether what is wanted of a block, also of what is due or has its turn, is planned before it is applied."""
        approvals, due = self._approvals, block.due
        wanted = approvals.in_turn(tx, block) if due is None else approvals.caused(tx, block, due.reason)
        return approvals.plans_first(tx, wanted)

    def has_plan(self, tx: Transaction, run: Run) -> bool:
        """Whether the saved plan of a run is there."""
        return self._runs.has_plan(tx, run)

    def left_as_it_was(self, tx: Transaction, block: Block, run: Run) -> bool:
        """Let a block be as it was before a repair that nobody had asked for, and nobody has approved; tell whether it was that."""
        asked_by_itself = run.trigger.reason is TriggerReason.SCHEDULED_DRIFT_RECONCILIATION
        before = self._runs.before(tx, run) if asked_by_itself else None
        if before is None:
            return False
        self.follow(tx, replace(block.before_run(before), due=None))
        return True

    def is_outdated(self, tx: Transaction, block: Block) -> bool:
        """Whether the destruction of a block waits for an approval of what is not there any more as it was."""
        run = self._runs.unfinished(tx, block.id)
        return run is not None and run.awaits_approval and self._approvals.is_outdated(tx, run)

    def is_to_destroy_anew(self, tx: Transaction, run: Run) -> bool:
        """Whether a destruction was not begun because the state is another one than was approved, and is asked about anew."""
        return run.behavior is Behavior.DESTROY and self._runs.planned.is_stale(tx, run)

    def destroy_anew(self, tx: Transaction, block: Block, author: Author) -> None:
        """Ask anew about the destruction of what there is now."""
        _, version = self._reading(tx).version_of(block)
        deletion = TriggerReason.BUILDING_BLOCK_DELETION
        self.request(tx, block, version, author, behavior=Behavior.DESTROY, reason=deletion)

    def terms_of_loss(self, tx: Transaction, block: Block, kept: Collection[str] | None) -> ApprovalTerms | None:
        """Return what it takes that the state of a block keeps only these; None if nothing."""
        return self._approvals.terms_of_loss(tx, block, kept)

    def is_to_plan_anew(self, tx: Transaction, block: Block, run: Run) -> bool:
        """Whether a run could not apply its plan because the world had changed, and another plan is to be made."""
        return self._runs.planned.is_stale(tx, run) and self._approvals.plans_first(tx, block)

    def plan_anew(self, tx: Transaction, block: Block, author: Author) -> None:
        """Make another plan of what could not be applied because the world has changed."""
        due = block.due or Trigger(author, TriggerReason.PREFLIGHT_SUCCEEDED)
        self.begin_due(tx, replace(block, due=due))

    def applied(self, tx: Transaction, block: Block, run: Run, outputs: Mapping[str, BlockOutput]) -> Block:
        """Store what a successful APPLY run gave, and run the children again that take what is new."""
        after = block.following(run.id, run.status).applied(outputs, run.finished_at or run.created_at)
        saved = self.follow(tx, after)
        self._tell_tenant(tx, saved)
        news = News(saved, changed_outputs(block.outputs, outputs), saved.cascade or run.id)
        self.waking.children(tx, news, run.id)
        return saved

    def follow(self, tx: Transaction, block: Block) -> Block:
        """Store a block whose run has ended; a run that is due begins once the run itself is stored, at the latest by the loop."""
        if block.rerun_due:
            tx.wake(DUE_TOPIC)
        return self.save(tx, block)

    def request_dry_run(
        self,
        tx: Transaction,
        block: Block,
        version: Version,
        author: Author,
        reason: TriggerReason = TriggerReason.MANUAL_EXECUTION,
        *,
        task: Task | None = None,
    ) -> Block:
        """Request a run that only plans and return the block with it; its status stays. Raises Conflict.

        One with a `task` may plan otherwise; one that works on the state makes plans worthless.
        """
        target = replace(self._target(tx, block, version), hand_over=False)
        asked = None
        if task is not None and task.kind is TaskKind.MAINTENANCE:
            asked = self._approvals.asked_of_work(tx, block, version, task.arguments)
        run = self._runs.request(
            tx, author, block=target, behavior=Behavior.DETECT, reason=reason, task=task, asked=asked
        )
        if task is not None and task.kind is TaskKind.TRUST_TEST:
            return block
        plans = task is None or task.kind is TaskKind.RESTORE_PLAN
        return self.save(tx, replace(block, latest_dry_run_id=run.id if plans else None))

    def _tell_tenant(self, tx: Transaction, block: Block) -> None:
        """Store what the outputs of a block say about its tenant, and run those that waited for its id."""
        if block.tenant is None:
            return
        tenant = self._tenants.hold(tx, block.tenant.id)
        if tenant is None:
            return
        _, version = self._reading(tx).version_of(block)
        known, url = tenant_id_in(version.outputs, block.outputs), sign_in_url_in(version.outputs, block.outputs)
        told = self._tenants.learn(
            tx, tenant, platform_tenant_id=known or tenant.platform_tenant_id, sign_in_url=url or tenant.sign_in_url
        )
        if told.platform_tenant_id != tenant.platform_tenant_id:
            self._wake_waiting(tx, told)

    def _wake_waiting(self, tx: Transaction, tenant: Tenant) -> None:
        store = BlockStore(tx)
        for block in store.one_by_one(store.on_tenants([tenant.id])):
            if block.lifecycle is Lifecycle.ACTIVE and block.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
                self.rerun(tx, block, TriggerReason.PLATFORM_TENANT_ID_UPDATE)

    def _wake_waiting_children(self, tx: Transaction, parent: Block) -> None:
        """Run the children that were parked while their parent was about to run: it does not, for now."""
        store = BlockStore(tx)
        for child in store.one_by_one(parents_first(store.children(parent.id) if parent.is_ready else ())):
            if child.lifecycle is Lifecycle.ACTIVE and child.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
                self.rerun(tx, child, TriggerReason.PARENT_RUN_SUCCEEDED, cascade=child.cascade)

    def _target(self, tx: Transaction, block: Block, version: Version) -> RunTarget:
        return RunTarget(
            block_id=block.id,
            display_name=block.name,
            workspace=block.workspace,
            project=None if block.tenant is None else block.tenant.project,
            platform=None if block.tenant is None else block.tenant.platform,
            provider=block.provider,
            definition_id=block.definition_id,
            version_id=version.id,
            version_number=version.number,
            runner_id=self._definitions.runner_of(tx, version).id,
            implementation=version.implementation_type,
            hand_over=version.implementation.hands_over,
            permissions=version.run_permissions,
        )


def _unfinished(run: Run) -> Conflict:
    way_out = "take the deletion back" if run.behavior is Behavior.DESTROY and run.attempt == 0 else "abort it"
    return Conflict(
        f"this is not possible while a run of the building block is {run.status}",
        code="RunUnfinished",
        remedy=f"Wait until the run has ended or {way_out}, then send the request again.",
    )


def _serving(block: Block, author: Author) -> Block:
    """Return a block that knows which run wants it, if its author acts for one."""
    return block if author.serves is None else replace(block, serves=RunId(author.serves))


def _reported(outputs: Mapping[str, BlockOutput]) -> dict[str, OutputValue]:
    return {
        key: OutputValue(value=output.value, type=output.type, is_sensitive=output.is_sensitive)
        for key, output in outputs.items()
    }
