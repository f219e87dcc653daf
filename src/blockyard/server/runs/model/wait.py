"""What is waited for: one vocabulary for blocks and runs. No wait without an owner. Source: concepts.md 10.2 and 11.5."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from blockyard.server.brakes.model import Brake, BrakeKind

SILENT_AFTER = timedelta(minutes=1)
"""Ours asks for work at least every half minute, official runners every 10 s, while they have a slot free."""


class WaitKind(StrEnum):
    """What is waited for."""

    PARENT = "PARENT"
    """Another building block."""
    PARENT_OUTPUT = "PARENT_OUTPUT"
    """An output that a building block, which is ready, does not have."""
    TENANT_ID = "TENANT_ID"
    """What the platform calls the tenant."""
    OPERATOR_INPUT = "OPERATOR_INPUT"
    USER_INPUT = "USER_INPUT"
    RUNNER = "RUNNER"
    """A runner that asks for work at all."""
    UNDO = "UNDO"
    """The end of the time in which a deletion can be taken back."""
    RETRY = "RETRY"
    """The time of the next attempt."""
    TURN = "TURN"
    """Runs that are before this one."""
    STOP = "STOP"
    """The confirmation of a runner that it has stopped."""
    RUN_BEFORE = "RUN_BEFORE"
    """The end of the run that is under way, after which another one begins."""
    APPROVAL = "APPROVAL"
    """Somebody who approves what the run would change."""
    HOLD = "HOLD"
    """The end of a hold of the building block."""
    APPLIES_STOPPED = "APPLIES_STOPPED"
    """Somebody who lets runs change things again."""
    FREEZE = "FREEZE"
    """The end of a window in which nothing is changed."""
    CASCADE = "CASCADE"
    """Somebody who goes on with a cascade that was stopped, or runs the block."""


class WaitOwner(StrEnum):
    """Who can end a wait."""

    WORKSPACE = "WORKSPACE"
    """People of the workspace that ordered the block."""
    PROVIDER = "PROVIDER"
    """The team that offers the definition."""
    RUNNER_OPERATOR = "RUNNER_OPERATOR"
    """Who operates the runner."""
    BRAKE_OWNER = "BRAKE_OWNER"
    """The workspace that has placed a hold, a stop or a freeze."""
    INSTALLATION = "INSTALLATION"
    """An administrator."""
    SYSTEM = "SYSTEM"
    """Nobody has to do anything: time or the end of a run does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One thing that is waited for.

    Attributes:
        message: why, in one sentence.
        since: None where that was not noted yet.
        position: the place in a queue; 1 is next.
        ends: what would end it, in one sentence.
        workspace: that of the owner, if it is one.
        until: when it ends by itself at the latest.
    """

    kind: WaitKind
    message: str
    ends: str
    owner: WaitOwner
    since: datetime | None = None
    position: int | None = None
    workspace: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWait:
    """Where a run stands in the queue of its runner.

    Attributes:
        runner_workspace: who operates the runner.
        position: 1 is next.
        asked_at: when a process of the runner asked for work last; None if none ever did.
        at_work: how many runs the runner executes now.
        since: when the run was requested.
        due_at: the run is not offered before.
        may_be_taken_back: it destroys a block, and nobody has begun it.
        brakes: what keeps it back however free its runner is.
    """

    runner: str
    runner_workspace: str
    position: int
    asked_at: datetime | None
    at_work: int
    since: datetime
    due_at: datetime
    now: datetime
    may_be_taken_back: bool = False
    brakes: tuple[Wait, ...] = ()

    @property
    def is_unserved(self) -> bool:
        """Whether nobody seems to execute runs of this runner."""
        is_silent = self.asked_at is None or self.now - self.asked_at > SILENT_AFTER
        return is_silent and self.at_work == 0

    @property
    def message(self) -> str:
        """One sentence for people, with what to do where that is known."""
        return self.wait.message

    @property
    def wait(self) -> Wait:
        """What the run waits for."""
        if self.brakes:
            return self.brakes[0]
        if self.may_be_taken_back and self.due_at > self.now:
            return Wait(
                kind=WaitKind.UNDO,
                message=f"Nothing is destroyed before {self.due_at:%Y-%m-%d %H:%M:%S} UTC; until then the deletion can be taken back.",
                ends="The time comes, or somebody who may delete the building block takes the deletion back.",
                owner=WaitOwner.SYSTEM,
                since=self.since,
                until=self.due_at,
            )
        if self.is_unserved:
            asked = (
                "No runner has asked for work yet"
                if self.asked_at is None
                else f"No runner has asked for work since {self.asked_at:%Y-%m-%d %H:%M} UTC"
            )
            return Wait(
                kind=WaitKind.RUNNER,
                message=f"{asked}; tell the operator that runner '{self.runner}' is not running.",
                ends=f"Runner '{self.runner}' is started and asks for work.",
                owner=WaitOwner.RUNNER_OPERATOR,
                since=self.since if self.asked_at is None else max(self.asked_at, self.since),
                position=self.position,
                workspace=self.runner_workspace,
            )
        if self.due_at > self.now:
            return Wait(
                kind=WaitKind.RETRY,
                message=f"The run is tried again at {self.due_at:%Y-%m-%d %H:%M:%S} UTC.",
                ends="The time comes, and the runner takes the run again.",
                owner=WaitOwner.SYSTEM,
                since=self.since,
                position=self.position,
                until=self.due_at,
            )
        return Wait(
            kind=WaitKind.TURN,
            message=self._turn(),
            ends=f"Runner '{self.runner}' has a slot free and takes the run.",
            owner=WaitOwner.SYSTEM,
            since=self.since,
            position=self.position,
        )

    def _turn(self) -> str:
        if self.position > 1:
            return f"The run is number {self.position} in the queue of runner '{self.runner}'."
        if self.at_work:
            return f"The run is next; runner '{self.runner}' is working on {_runs(self.at_work)}."
        return f"The run is next in the queue of runner '{self.runner}'."


def brake_wait(brake: Brake) -> Wait:
    """Return what a run waits for while a brake is on it."""
    return Wait(
        kind=_BRAKES[brake.kind],
        message=f"{brake.message.rstrip('.')}.",
        ends=brake.ends,
        owner=WaitOwner.INSTALLATION if brake.workspace is None else WaitOwner.BRAKE_OWNER,
        since=brake.opens_at,
        workspace=brake.workspace,
        until=brake.closes_at,
    )


def stop_wait(requested_at: datetime, due_at: datetime) -> Wait:
    """Return what a run waits for that is being stopped."""
    return Wait(
        kind=WaitKind.STOP,
        message=f"The run is being stopped; its runner has until {due_at:%Y-%m-%d %H:%M:%S} UTC to confirm.",
        ends="The runner confirms, or the time is over.",
        owner=WaitOwner.SYSTEM,
        since=requested_at,
        until=due_at,
    )


def approval_wait(
    *,
    since: datetime,
    until: datetime,
    missing: int,
    plan: str,
    provider: str,
    consumer: str | None = None,
    reasons: Sequence[str],
    deputies: str = "",
    keeps_waiting: bool = False,
) -> Wait:
    """Return what a run waits for whose plan is to be approved.

    `plan` says how much it would change, `consumer` whose people may decide as those of `provider` may, `deputies` who besides.
    """
    who = (
        "Somebody who may run this building block"
        if missing == 1
        else f"{missing} people who may run this building block"
    )
    why = " ".join(["", *reasons, *([deputies] if deputies else [])])
    by = "" if consumer is None else f" by people of workspace '{consumer}' or '{provider}'"
    over = "or something newer is wanted" if keeps_waiting else "something newer is wanted, or the time is over"
    return Wait(
        kind=WaitKind.APPROVAL,
        message=f"{who} must approve what the run would change ({plan}), or decline it.{why}",
        ends=f"It is approved or declined{by}, {over}.",
        owner=WaitOwner.PROVIDER if consumer is None else WaitOwner.WORKSPACE,
        workspace=consumer or provider,
        since=since,
        until=None if keeps_waiting else until,
    )


def _runs(count: int) -> str:
    return "another run" if count == 1 else f"{count} other runs"


_BRAKES = {
    BrakeKind.HOLD: WaitKind.HOLD,
    BrakeKind.STOP: WaitKind.APPLIES_STOPPED,
    BrakeKind.FREEZE: WaitKind.FREEZE,
}
