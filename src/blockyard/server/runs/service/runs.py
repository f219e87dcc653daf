"""What other features, people and pages do with runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.protocol.status import OutputValue
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal, Reach, RunGrant
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runs.model import (
    Attempt,
    AttemptState,
    Run,
    RunId,
    RunTarget,
    RunWait,
    Trigger,
    TriggerReason,
    Wait,
)
from blockyard.server.runs.model.approval import Asked
from blockyard.server.runs.model.attempt import SIGN_STEP
from blockyard.server.runs.model.run import lock_hold
from blockyard.server.runs.model.task import Task
from blockyard.server.runs.model.wait import brake_wait, stop_wait
from blockyard.server.runs.service.access import RunAccess, access_of, may_abort, require_abort, require_access
from blockyard.server.runs.service.approvals import ApprovalService, approval_waits
from blockyard.server.runs.service.braking import RunBrakes
from blockyard.server.runs.service.context import TOKEN_CONTEXT, RunContext
from blockyard.server.runs.service.ending import Finish, RunEnding
from blockyard.server.runs.service.planned import PlannedRuns
from blockyard.server.runs.service.standing import StateStanding, standing_of
from blockyard.server.runs.store import (
    AttemptStore,
    FileStore,
    QueueFigures,
    QueueStore,
    RunFilter,
    RunStore,
)
from blockyard.server.runs.topics import block_topic, runner_topic, wake_viewers

log = structlog.get_logger(__name__)

RUN_FINISHED = "RunFinished"
"""The code of the refusal to abort a run that has ended."""

TOKEN_PREFIX = "byrun"  # noqa: S105  the open part of a token
"""All run tokens begin so: others need no look-up."""


class RunService:
    """Requests, reads, aborts and forgets runs; knows run tokens."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._ending = RunEnding(context)
        self.planned = PlannedRuns()
        self.approvals = ApprovalService(context)
        self.brakes = RunBrakes(context)

    def move(self, tx: Transaction, block_ids: Collection[UUID], project: str) -> None:
        """Let the runs of blocks, which have all ended, be in another project; for other services."""
        RunStore(tx).move(block_ids, project)
        self._context.ports().locks.move(tx, block_ids, project)

    def request(
        self,
        tx: Transaction,
        author: Author,
        *,
        block: RunTarget,
        behavior: Behavior,
        reason: TriggerReason,
        plan_run_id: RunId | None = None,
        serves: RunId | None = None,
        asked: Asked | None = None,
        pause: timedelta = timedelta(0),
        task: Task | None = None,
    ) -> Run:
        """Put a new run of `block` into the queue, not offered within `pause`; for other services.

        It applies the saved plan of `plan_run_id`, if given.

        `serves` is the run that ordered the block, and waits for this one while it is at work. With `asked` no runner gets it before
        that plan, or what it destroys, is approved.

        A run that waits for another attempt after one was lost is superseded: it ends as FAILED, without a call of
        `RunListener.run_finished`, as the block follows the new run now.

        Raises:
            Conflict: a run of the block is unfinished.
        """
        runs = RunStore(tx)
        unfinished = runs.unfinished(block.block_id)
        if unfinished is not None:
            self._supersede(tx, unfinished)
        latest = runs.latest(block.block_id)
        now = self._context.clock()
        quiet_until = latest.quiet_until if latest is not None else None
        served = None if serves is None else self._going_on(tx, serves)
        run = Run(
            id=RunId(self._context.new_id()),
            number=1 if latest is None else latest.number + 1,
            target=block,
            runner_workspace=self._context.runners.get_by_id(tx, block.runner_id).workspace,
            behavior=behavior,
            trigger=Trigger(author, reason),
            created_at=now,
            due_at=max(now + pause, quiet_until or now),
            plan_run_id=plan_run_id,
            serves=None if served is None else served.id,
            depth=0 if served is None else served.depth + 1,
            task=task,
            awaits_approval=asked is not None and asked.carried is None,
        )
        runs.add(run)
        if asked is not None:
            self.approvals.ask(tx, run, asked)
        if served is not None:
            tx.wake(runner_topic(served.target.runner_id))  # it may lend the slot now
        self._tell_requested(tx, run)
        return run

    def finish_at_once(
        self,
        tx: Transaction,
        run: Run,
        status: RunStatus,
        outputs: Mapping[str, OutputValue],
        *,
        summary: str | None = None,
    ) -> Run:
        """End a run nobody has to execute (manual blocks), with its outputs, and return it; for other services.

        `RunListener.run_finished` is not called: what the end means is up to the caller.
        """
        documents: JsonObject = {name: output.wire() for name, output in outputs.items()}
        FileStore(tx).put_outputs(run.id, run.attempt, documents)
        return self._ending.finish_untold(tx, run, status, author=run.trigger.author, summary=summary, confirmed=True)

    def by_id(self, tx: Transaction, run_id: UUID) -> Run:
        """Return a run; for other services. Raises NotFound."""
        return RunStore(tx).get(RunId(run_id))

    def latest(self, tx: Transaction, block_id: UUID) -> Run | None:
        """Return the newest run of a block; for other services."""
        return RunStore(tx).latest(block_id)

    def recent(self, tx: Transaction, block_id: UUID, limit: int) -> Sequence[Run]:
        """Return the newest runs of a block, the newest first; for other services."""
        return RunStore(tx).of_block(block_id, limit)

    def find_all(self, tx: Transaction, run_ids: Sequence[RunId]) -> Sequence[Run]:
        """Return the runs with these ids; for other services."""
        return RunStore(tx).find_all(run_ids)

    def waits_of(self, tx: Transaction, run: Run) -> Sequence[Wait]:
        """Return what an unfinished run waits for; for whoever may see the run."""
        if run.is_final:
            return ()
        if run.abort_requested_at is not None and run.abort_due_at is not None:
            return (stop_wait(run.abort_requested_at, run.abort_due_at),)
        if run.awaits_approval:
            return approval_waits(tx, run, transparent=self.is_transparent(tx, run))
        queued = self.wait_of(tx, run)
        return () if queued is None else (queued.brakes or (queued.wait,))

    def wait_of(self, tx: Transaction, run: Run) -> RunWait | None:
        """Return what a run waits for, None if it does not wait; for whoever may see the run."""
        if run.status is not RunStatus.PENDING or run.awaits_approval:
            return None
        runner, queue = self._context.runners.get_by_id(tx, run.target.runner_id), QueueStore(tx)
        return RunWait(
            runner=runner.display_name,
            runner_workspace=runner.workspace,
            position=queue.position(run),
            asked_at=runner.last_seen_at,
            at_work=queue.at_work(runner.id),
            since=run.created_at,
            due_at=run.due_at,
            now=self._context.clock(),
            may_be_taken_back=run.behavior is Behavior.DESTROY and run.attempt == 0,
            brakes=tuple(map(brake_wait, self.brakes.on(tx, run))),
        )

    def unfinished(self, tx: Transaction, block_id: UUID) -> Run | None:
        """Return the run of a block that is not finished; for other services."""
        return RunStore(tx).unfinished(block_id)

    def has_plan(self, tx: Transaction, run: Run) -> bool:
        """Return whether the saved plan of a DETECT run is still there; for other services."""
        return FileStore(tx).has_artifact(run.id)

    def get(self, tx: Transaction, principal: Principal, run_id: UUID) -> Run:
        """Return a run whose status and steps `principal` may see. Raises NotFound, Denied."""
        run = RunStore(tx).get(RunId(run_id))
        require_access(principal, run, RunAccess.MESSAGES, transparent=self.is_transparent(tx, run))
        return run

    def page(self, tx: Transaction, principal: Principal, chosen: RunFilter, request: PageRequest) -> Page[Run]:
        """Return one page of the runs `principal` sees fully, oldest first.

        Owners of definitions see theirs in any list. Others (owners of the runner, consumers where runs are transparent)
        find them by block. Raises Denied.
        """
        reach = principal.reach("BUILDINGBLOCKRUN_LIST")
        latest = None if chosen.block_id is None else RunStore(tx).latest(chosen.block_id)
        if latest is not None and self._sees_all(tx, principal, latest):
            reach = Reach(everything=True, workspaces=frozenset(), providers=frozenset())
        elif reach.nothing and principal.runner is None:
            principal.listing("BUILDINGBLOCK_LIST")
        return RunStore(tx).page(chosen, reach, request)

    def search(self, tx: Transaction, principal: Principal, chosen: RunFilter, request: PageRequest) -> Page[Run]:
        """Return one page of the runs whose status `principal` may see, the newest first. Raises Denied.

        They are those of blocks of their workspaces, and of blocks that their workspaces provide for.
        """
        blocks, runs = principal.reach("BUILDINGBLOCK_LIST"), principal.reach("BUILDINGBLOCKRUN_LIST")
        reach = Reach(
            everything=blocks.everything or runs.everything,
            workspaces=blocks.workspaces,
            providers=blocks.providers | runs.providers,
        )
        if reach.nothing:
            principal.listing("BUILDINGBLOCK_LIST")
        return RunStore(tx).search(chosen, reach, principal.only_projects, request)

    def is_transparent(self, tx: Transaction, run: Run) -> bool:
        """Whether the block's workspace may read the logs of `run`."""
        return self._context.ports().content.is_transparent(tx, run)

    def abortable(self, tx: Transaction, principal: Principal, runs: Sequence[Run]) -> frozenset[RunId]:
        """Return those of the runs that the principal may abort now, with one look at their definitions."""
        going_on = [run for run in runs if run.may_be_aborted]
        if not going_on:
            return frozenset()
        shown = self._context.ports().content.transparent_ones(tx, {run.target.definition_id for run in going_on})
        return frozenset(
            run.id for run in going_on if may_abort(principal, run, transparent=run.target.definition_id in shown)
        )

    def abort(self, tx: Transaction, principal: Principal, run_id: UUID) -> Run:
        """Stop a run: PENDING and async ones at once, others when their runner confirms or time is up.

        Raises NotFound, Denied, Conflict (it ended otherwise already).
        """
        run = RunStore(tx).get(RunId(run_id))
        require_abort(principal, run, transparent=self.is_transparent(tx, run))
        return self._abort(tx, principal.author, run, self._ending.finish)

    def abort_for(self, tx: Transaction, author: Author, run: Run) -> Run:
        """Do what `abort` does on behalf of `author` and return the run; for other services, which authorize themselves.

        If it ends at once `RunListener.run_finished` is not called: what the end means is up to the caller.
        """
        return self._abort(tx, author, run, self._ending.finish_untold)

    def end_for(self, tx: Transaction, author: Author, run: Run, reason: str) -> Run:
        """End an unfinished run at once as ABORTED, whatever its runner does, and return it; for other services.

        `RunListener.run_finished` is not called: what the end means is up to the caller.
        """
        summary = f"ended: {reason}"
        asked = run.aborting(at=self._context.clock(), limits=self._context.limits)
        return self._ending.finish_untold(
            tx, asked, RunStatus.ABORTED, author=author, summary=summary, confirmed=run.attempt == 0
        )

    def hold_unclaimed(self, tx: Transaction, block_ids: Sequence[UUID]) -> Sequence[Run]:
        """Return the runs of blocks that no runner has claimed, nor does before the end of the transaction; for other services."""
        return RunStore(tx).hold_unclaimed(block_ids)

    def has_begun(self, tx: Transaction, block_id: UUID) -> bool:
        """Whether a runner has ever had a run of a block, so that it may have made something; for other services."""
        return RunStore(tx).has_begun(block_id)

    def before(self, tx: Transaction, run: Run) -> Run | None:
        """Return the run after which a block is as this one found it; for other services."""
        return RunStore(tx).before(run)

    def withdraw(self, tx: Transaction, run: Run, why: str) -> None:
        """End a run that nobody has claimed as if it had not been requested; for other services.

        It is ABORTED, without anybody who asked for that. What the run before it left to be waited for is waited for still.
        `RunListener.run_finished` is not called: the caller brings the block to where the run before has left it.
        """
        held = replace(run, quiet_until=run.due_at if run.due_at > self._context.clock() else None)
        self._ending.finish_untold(
            tx, held, RunStatus.ABORTED, author=SYSTEM, summary=f"withdrawn: {why}", confirmed=True
        )

    def _abort(self, tx: Transaction, author: Author, run: Run, finish: Finish) -> Run:
        if run.is_final and run.status is not RunStatus.ABORTED:
            raise Conflict(
                f"the run is {run.status} already",
                code=RUN_FINISHED,
                remedy="There is nothing to abort: start another run if its result is not wanted.",
            )
        if run.is_final or run.abort_requested_at is not None:
            return run
        now = self._context.clock()
        aborting = run.aborting(at=now, limits=self._context.limits)
        self._event(tx, author, "Building Block Run Abort Requested", EventType.REQUESTED, run)
        if run.status is RunStatus.PENDING or run.target.is_async:
            return finish(tx, aborting, RunStatus.ABORTED, author=author, summary="aborted", confirmed=run.attempt == 0)
        saved = RunStore(tx).save(aborting)
        wake_viewers(tx, run)
        return saved

    def forget(self, tx: Transaction, block_ids: Sequence[UUID]) -> None:
        """Remove all runs of blocks and everything that belongs to them; for other services."""
        RunStore(tx).remove_of_blocks(block_ids)

    def grant_of(self, tx: Transaction, token: str) -> RunGrant | None:
        """Return what a run token stands for, also of an older attempt or a finished run; None if it is none."""
        if not token.startswith(TOKEN_PREFIX):
            return None
        token_hash = self._context.master_key.digest(token, context=TOKEN_CONTEXT)
        attempt = AttemptStore(tx).by_token(token_hash)
        if attempt is None:
            return None
        run = RunStore(tx).get(attempt.run_id)
        return RunGrant(
            run_id=run.id,
            block_id=run.block_id,
            runner_id=run.target.runner_id,
            workspace=run.workspace,
            attempt=attempt.number,
        )

    def is_over(self, tx: Transaction, grant: RunGrant) -> bool:
        """Whether a run token has ended with its attempt; for sign-ins."""
        return standing_of(self._context, tx, grant) is StateStanding.OVER

    def state_standing(self, tx: Transaction, grant: RunGrant) -> StateStanding:
        """Return what the holder of a run token may do with the state now; for tofu_state. Source: architecture.md 4."""
        return standing_of(self._context, tx, grant)

    def is_state_sign_due(self, tx: Transaction, grant: RunGrant) -> bool:
        """Tell whether `state_used` would change anything worth a transaction."""
        attempt = AttemptStore(tx).get(RunId(grant.run_id), grant.attempt)
        return attempt is not None and self._is_sign_due(attempt)

    def state_used(self, tx: Transaction, grant: RunGrant) -> None:
        """Note that the engine of an attempt gave a sign of life at the state; for tofu_state.

        It keeps a lost attempt that holds the state lock from being followed by another one, but not from being lost.
        """
        attempts = AttemptStore(tx)
        attempt = attempts.get(RunId(grant.run_id), grant.attempt)
        if attempt is None or not self._is_sign_due(attempt):
            return
        now = self._context.clock()
        attempts.sign(attempt, now)
        if attempt.state is AttemptState.LIVE:
            return
        runs = RunStore(tx)
        run = runs.get(attempt.run_id)
        waits = run.status is RunStatus.PENDING and run.attempt == attempt.number
        if waits and self._context.ports().locks.held_by(tx, run.id):
            runs.save(run.resting(lock_hold(now, self._context.limits)))

    def _is_sign_due(self, attempt: Attempt) -> bool:
        return attempt.state is not AttemptState.LIVE or self._context.clock() - attempt.last_sign_at >= SIGN_STEP

    def figures(self, tx: Transaction) -> QueueFigures:
        """Return how full the queue is, for metrics."""
        return QueueStore(tx).figures()

    def _going_on(self, tx: Transaction, run_id: RunId) -> Run | None:
        found = RunStore(tx).find_all([run_id])
        return next((run for run in found if not run.is_final), None)

    def _sees_all(self, tx: Transaction, principal: Principal, run: Run) -> bool:
        return access_of(principal, run, transparent=self.is_transparent(tx, run)) is RunAccess.FULL

    def _supersede(self, tx: Transaction, run: Run) -> None:
        if run.awaits_approval:
            self.withdraw(tx, run, "something newer is wanted, which has a plan of its own")
            return
        if not run.is_retried:
            raise Conflict(
                "a run of this building block is not finished",
                code="RunUnfinished",
                remedy="Wait for its end, or abort it, then try again.",
            )
        self._ending.supersede(tx, run)

    def _tell_requested(self, tx: Transaction, run: Run) -> None:
        tx.wake(runner_topic(run.target.runner_id))
        tx.wake(block_topic(run.block_id))
        self._event(tx, run.trigger.author, "Building Block Run Requested", EventType.REQUESTED, run)
        log.info("run requested", run_id=str(run.id), block_id=str(run.block_id), behavior=run.behavior.value)

    def _event(self, tx: Transaction, author: Author, title: str, type_: EventType, run: Run) -> None:
        content: JsonObject = {
            "buildingBlock": str(run.block_id),
            "number": run.number,
            "behavior": run.behavior.value,
            "reason": run.trigger.reason.value,
            "status": run.status.value,
        }
        self._context.event_log.append(
            tx,
            author,
            title,
            type_,
            workspace=run.workspace,
            subject_kind="meshBuildingBlockRun",
            subject_id=str(run.id),
            content=content,
        )
