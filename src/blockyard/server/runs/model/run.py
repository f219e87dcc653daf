"""A run: one execution of a building block's definition version. Source: concepts.md 11, runner.md 1.13."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.server.events.model import Author
from blockyard.server.kit.errors import Conflict
from blockyard.server.runners.model import RunnerId
from blockyard.server.runs.model.limits import RunLimits
from blockyard.server.runs.model.task import Task

RunId = NewType("RunId", UUID)

FINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.ABORTED})
MAX_WARNINGS = 100
"""Of a run that is retried for weeks only the last ones are kept."""

NEXT = {
    RunStatus.PENDING: frozenset({RunStatus.IN_PROGRESS}) | FINAL,
    RunStatus.IN_PROGRESS: FINAL | {RunStatus.PENDING},
    RunStatus.SUCCEEDED: frozenset[RunStatus](),
    RunStatus.FAILED: frozenset[RunStatus](),
    RunStatus.ABORTED: frozenset[RunStatus](),
}
"""PENDING ends at once for manual blocks, when superseded or undeliverable, and on abort; IN_PROGRESS goes back to PENDING
when its runner is lost, hands it back, or reports a failure that is tried again."""


class TriggerReason(StrEnum):
    """Why a run exists. Source: runner.md 1.5."""

    BUILDING_BLOCK_CREATION = "BUILDING_BLOCK_CREATION"
    MANUAL_EXECUTION = "MANUAL_EXECUTION"
    USER_STATUS_CHANGE = "USER_STATUS_CHANGE"
    PLATFORM_TENANT_ID_UPDATE = "PLATFORM_TENANT_ID_UPDATE"
    PROJECT_PERMISSIONS_CHANGE = "PROJECT_PERMISSIONS_CHANGE"
    WORKSPACE_PERMISSION_CHANGE = "WORKSPACE_PERMISSION_CHANGE"
    BUILDING_BLOCK_UPGRADE = "BUILDING_BLOCK_UPGRADE"
    BUILDING_BLOCK_INPUTS_UPDATE = "BUILDING_BLOCK_INPUTS_UPDATE"
    BUILDING_BLOCK_DEFINITION_DELETION = "BUILDING_BLOCK_DEFINITION_DELETION"
    BUILDING_BLOCK_DELETION = "BUILDING_BLOCK_DELETION"
    BUILDING_BLOCK_PURGE = "BUILDING_BLOCK_PURGE"
    DEPENDENCY_OUTPUT_CHANGED = "DEPENDENCY_OUTPUT_CHANGED"
    PARENT_RUN_SUCCEEDED = "PARENT_RUN_SUCCEEDED"
    PREFLIGHT_SUCCEEDED = "PREFLIGHT_SUCCEEDED"
    SCHEDULED_DRIFT_DETECTION = "SCHEDULED_DRIFT_DETECTION"
    SCHEDULED_DRIFT_RECONCILIATION = "SCHEDULED_DRIFT_RECONCILIATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTarget:
    """What a run works on; the block's current version and its runner.

    Attributes:
        workspace: the consumer; `provider` owns the definition.
        project, platform: those of the tenant the block is on, if it is on one.
        hand_over: something external reports the end of the run (`async` in the implementation).
        permissions: what the version asked for when the run was requested: the keys of its attempts may do no more.
    """

    block_id: UUID
    display_name: str
    workspace: str
    provider: str
    definition_id: UUID
    version_id: UUID
    version_number: int
    runner_id: RunnerId
    implementation: ImplementationType
    project: str | None = None
    platform: str | None = None
    hand_over: bool = False
    permissions: tuple[str, ...] = ()

    @property
    def is_async(self) -> bool:
        """Whether nobody follows the run to its end; always so with GitLab. Source: runner.md 1.5.3."""
        return self.hand_over or self.implementation is ImplementationType.GITLAB_CICD


@dataclass(frozen=True, slots=True)
class Trigger:
    """Who wanted a run, and why."""

    author: Author
    reason: TriggerReason


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something people should know about a run although it went on."""

    at: datetime
    attempt: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Immutable; methods return the changed one, stores write it.

    Attributes:
        number: counts the runs of a block from 1.
        runner_workspace: who owns the runner.
        attempt: number of the newest attempt; 0 before the first claim.
        losses: how many attempts were lost.
        serves: the run that stays open until this one has ended, because it ordered the block; `depth` counts such runs above.
        retries: how often it was put back into the queue after an attempt failed.
        due_at: not offered before.
        quiet_until: the next run of the block is not offered before: the engine of this one may still write state.
        plan_run_id: the DETECT run whose saved plan this run applies.
        task: what a DETECT run does besides planning, or instead.
        awaits_approval: no runner gets it before somebody has approved that plan.
        passes_since: when somebody let it pass every hold, stop and freeze.
    """

    id: RunId
    number: int
    target: RunTarget
    runner_workspace: str
    behavior: Behavior
    trigger: Trigger
    created_at: datetime
    due_at: datetime
    status: RunStatus = RunStatus.PENDING
    attempt: int = 0
    losses: int = 0
    retries: int = 0
    serves: RunId | None = None
    depth: int = 0
    node_id: str | None = None
    claimed_at: datetime | None = None
    finished_at: datetime | None = None
    quiet_until: datetime | None = None
    abort_requested_at: datetime | None = None
    abort_delivered_at: datetime | None = None
    abort_due_at: datetime | None = None
    summary: str | None = None
    changes_detected: bool | None = None
    plan_run_id: RunId | None = None
    task: Task | None = None
    awaits_approval: bool = False
    passes_since: datetime | None = None
    warnings: tuple[RunWarning, ...] = ()
    revision: int = 0

    @property
    def block_id(self) -> UUID:
        """The building block the run works on."""
        return self.target.block_id

    @property
    def workspace(self) -> str:
        """The workspace of the block."""
        return self.target.workspace

    @property
    def provider(self) -> str:
        """The workspace that owns the definition."""
        return self.target.provider

    @property
    def is_final(self) -> bool:
        """Whether the run is finished; such a run never changes its status."""
        return self.status in FINAL

    @property
    def may_be_aborted(self) -> bool:
        """Whether an abort would still change something."""
        return not self.is_final and self.abort_requested_at is None

    @property
    def is_retried(self) -> bool:
        """Whether the run waits for another attempt after one was lost or failed."""
        return self.status is RunStatus.PENDING and (self.losses > 0 or self.retries > 0)

    @property
    def gives_way(self) -> bool:
        """Whether a new request takes its place: it waits for another attempt, or for an approval."""
        return self.is_retried or self.awaits_approval

    @property
    def takes_what_is_due(self) -> bool:
        """Whether nobody has begun it, and it takes what the block is to be when somebody does."""
        return self.status is RunStatus.PENDING and self.behavior is Behavior.APPLY and self.plan_run_id is None

    @property
    def is_unbegun_deletion(self) -> bool:
        """Whether the run would destroy, and was stopped before anybody had begun it: that takes the deletion back."""
        return self.behavior is Behavior.DESTROY and self.status is RunStatus.ABORTED and self.attempt == 0

    def revived(self) -> "Run":
        """Return this run after a lost attempt showed life before another one was claimed."""
        return self._moved(RunStatus.IN_PROGRESS) if self.status is RunStatus.PENDING else self

    def ended(self, status: RunStatus, *, at: datetime, summary: str | None = None) -> "Run":
        """Return this run finished as `status`. Raises Conflict when it is finished already."""
        return replace(self._moved(status), finished_at=at, summary=summary or self.summary)

    def lost(self, *, at: datetime, not_before: datetime | None, why: str, limits: RunLimits) -> "Run":
        """Return this run back in the queue after its attempt was lost, with a warning, not before `not_before`."""
        losses = self.losses + 1
        due_at = at + limits.pause_after(losses)
        if not_before is not None:
            due_at = max(due_at, not_before)
        return replace(self._moved(RunStatus.PENDING), losses=losses, due_at=due_at).warned(at, why)

    def released(self, *, at: datetime, why: str) -> "Run":
        """Return this run back in the queue because its runner handed it back."""
        return replace(self._moved(RunStatus.PENDING), due_at=at).warned(at, why)

    def retried(self, *, at: datetime, due_at: datetime, why: str) -> "Run":
        """Return this run back in the queue after its attempt failed, not before `due_at`, with a warning."""
        return replace(self._moved(RunStatus.PENDING), retries=self.retries + 1, due_at=due_at).warned(at, why)

    def resting(self, until: datetime) -> "Run":
        """Return this run not offered before `until`."""
        return replace(self, due_at=max(self.due_at, until))

    @property
    def obeys_brakes(self) -> bool:
        """Whether the run would change something, and nobody let it pass."""
        changes = self.behavior is not Behavior.DETECT or (self.task is not None and self.task.changes_state)
        return changes and self.passes_since is None

    def passing(self, *, at: datetime, why: str) -> "Run":
        """Return this run not kept back by any brake, with a warning that says who wanted that, and why."""
        return replace(self, passes_since=self.passes_since or at).warned(at, why)

    def aborting(self, *, at: datetime, limits: RunLimits) -> "Run":
        """Return this run with its abort requested; its runner gets until `abort_due_at`."""
        if self.abort_requested_at is not None:
            return self
        return replace(self, abort_requested_at=at, abort_due_at=at + limits.abort_ceiling)

    def abort_told(self, *, at: datetime, limits: RunLimits) -> "Run":
        """Return this run after its runner was told of the abort."""
        if self.abort_requested_at is None or self.abort_delivered_at is not None or self.abort_due_at is None:
            return self
        return replace(self, abort_delivered_at=at, abort_due_at=min(self.abort_due_at, at + limits.abort_confirmation))

    def warned(self, at: datetime, message: str) -> "Run":
        """Return this run with one more warning."""
        return replace(self, warnings=(*self.warnings, RunWarning(at, self.attempt, message))[-MAX_WARNINGS:])

    def must_stop(self, attempt: int, *, may_go_on: bool) -> bool:
        """Whether the runner of `attempt` shall stop; `may_go_on` tells what became of that attempt."""
        if self.is_final:
            return self.status is RunStatus.ABORTED or attempt != self.attempt
        return attempt != self.attempt or not may_go_on or self.abort_requested_at is not None

    def _moved(self, status: RunStatus) -> "Run":
        if status not in NEXT[self.status]:
            raise Conflict(
                f"run {self.id} is {self.status} and cannot become {status}",
                remedy="Look at the status of the run before you report.",
            )
        return replace(self, status=status)


def lock_hold(last_sign_at: datetime, limits: RunLimits) -> datetime:
    """Return until when the engine of a lost attempt that holds the state lock is given time."""
    return last_sign_at + limits.lock_grace
