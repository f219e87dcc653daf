"""What an executor is, and what it gets from the runner's frame. Executors never see HTTP."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.plan_changes import PlanChanges
from blockyard.protocol.run import RunDocument, StepStatus
from blockyard.protocol.status import OutputValue
from blockyard.runner.frame.identity import IdentityTokens, NoTokens
from blockyard.runner.frame.inputs import Opener

HELPER_MARKER = "BLOCKYARD_HELPER_OF"
"""The variable that marks what an executor starts by itself in a run's directory, such as git; a later runner ends that."""


class RegistrationRefused(Exception):
    """The control plane does not let this attempt work: nothing is executed."""


class CommandLost(Exception):
    """Nobody knows how a command ended: the attempt cannot go on and is handed back."""


class Outcome(StrEnum):
    """How an execution ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    HANDED_OVER = "HANDED_OVER"
    """Something external reports the end; the run stays IN_PROGRESS."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an executor returns."""

    outcome: Outcome
    summary: str | None = None
    artifact: bytes | None = None
    """The plan file of a successful DETECT run."""
    changes_detected: bool | None = None
    plan_changes: PlanChanges | None = None
    """What the plan would change; only for servers that understand it."""
    plan_digest: str | None = None
    """The SHA-256 of the plan that was made or applied; only for servers that understand it."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step the executor will go through."""

    id: str
    display_name: str


class Reporter(Protocol):
    """What an executor says about its run. Thread-safe; masks secrets and the userinfo of URLs by itself."""

    def register(self, steps: Sequence[StepPlan]) -> None:
        """Announce the steps and wait until that is acknowledged. Raises RegistrationRefused."""

    def begin_registration(self, steps: Sequence[StepPlan]) -> None:
        """Announce the steps, but go on: only what can be thrown away may happen before `confirm_registration`."""

    def confirm_registration(self) -> None:
        """Wait until the begun registration is acknowledged. Raises RegistrationRefused."""

    def start(self, step_id: str) -> None:
        """Make a step IN_PROGRESS."""

    def log(self, step_id: str, text: bytes | str) -> None:
        """Append to the step's log, as it is: no line end is added."""

    def finish(
        self, step_id: str, *, user_message: str | None = None, outputs: Mapping[str, OutputValue] | None = None
    ) -> None:
        """Make a step SUCCEEDED."""

    def fail(self, step_id: str, *, user_message: str, system_message: str | None = None) -> None:
        """Make a step FAILED and every later one too; `system_message` is appended to the step's log.

        When the run was stopped, the reporter says why instead: the step is ABORTED, or the message names the limit.
        """

    def tell(
        self,
        step: StepPlan,
        status: StepStatus,
        *,
        user_message: str | None = None,
        outputs: Mapping[str, OutputValue] | None = None,
    ) -> None:
        """Say where a step stands that is gone through outside. It may be new or begin anew; other steps stay as they are."""

    def add_secrets(self, values: Iterable[str]) -> None:
        """Mask these from now on, however they are spelled: 6 characters or more, their lines and JSON texts too."""

    def mask(self, text: str) -> str:
        """Return a text with every secret masked: do that before a part of it is taken."""

    @property
    def aborted(self) -> threading.Event:
        """Set when the executor shall stop: the run was aborted, its time is over, or the runner shuts down."""


class Journal(Protocol):
    """A small durable JSON object of one run. It survives the runner, so that a restarted one passes what is done."""

    def get(self, key: str) -> Json:
        """Return what was last set, or None."""

    def set(self, key: str, value: Json) -> None:
        """Store durably before returning."""


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a command ended."""

    exit_code: int
    """Negative: the number of the signal that ended it. -1 also when it was never started or its end is unknown."""
    output_path: Path
    """Standard output and standard error, merged, complete."""
    interrupted: bool = False
    """It was stopped because `Reporter.aborted` was set."""
    timed_out: bool = False
    """It was stopped because its deadline passed."""


Conclude: TypeAlias = Callable[[Path], int | None]
"""Tells from the output of a command how it ended, when nobody noted it; None: the output does not say."""


def inconclusive(_output: Path) -> int | None:
    """Tell nothing: most output says nothing about the end of its command."""
    return None


class ProcessRunner(Protocol):
    """Runs the commands of one run so that they survive the runner."""

    def run(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log_step: str,
        deadline: float,
        stdin: bytes | None = None,
        conclude: Conclude = inconclusive,
    ) -> ProcessResult:
        """Run a command to its end while its output goes to the log of `log_step`.

        `name` is unique within the run: called again under the same name, also by a restarted runner, it adopts the
        running or finished command instead of starting it again. `deadline` is on the monotonic clock. On abort or
        timeout the command alone gets one SIGINT; after the grace every process of the run gets SIGKILL.

        Raises:
            CommandLost: its supervisor was killed, so that nobody noted its end, and `conclude` cannot tell either; or
                somebody killed the command while no runner was there.
        """


@dataclass(frozen=True, slots=True)
class ServerFeatures:
    """Whom the runner talks to."""

    base_url: str
    """The configured API URL, without a trailing slash."""
    blockyard: bool
    """A Blockyard server, not an official one."""


@dataclass(frozen=True)
class RunContext:
    """Everything an executor knows about its run."""

    document: RunDocument
    """Secrets are still sealed."""
    raw_document: JsonObject
    """As received."""
    run_dir: Path
    """Exists, mode 0700, empty at first and the executor's own; removed by the frame afterwards."""
    home: Path
    """Exists, mode 0700, empty at first: the HOME of every process of the run; removed afterwards."""
    opener: Opener
    """Opens what is sealed."""
    server: ServerFeatures
    deadline: float
    """On the monotonic clock; `Reporter.aborted` is set when it passes."""
    journal: Journal
    fetch_artifact: Callable[[str], bytes]
    """Download a saved plan from the API's own origin. Raises ArtifactError."""
    processes: ProcessRunner
    identity: IdentityTokens = field(default_factory=NoTokens)


class ArtifactError(Exception):
    """A plan artifact could not be downloaded; the message is for people."""


@dataclass(frozen=True, slots=True)
class Again:
    """The work outside is not over yet."""

    seconds: float
    """When to look at it again."""


class Executor(Protocol):
    """Executes runs of one implementation type, as idempotent stages: after a restart it is called again."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Work on the run to its end. An exception fails the run with a general message."""


@runtime_checkable
class PollingExecutor(Protocol):
    """Executes runs whose work is done outside, by a pipeline or by people: it has no thread for each of them."""

    def poll(self, context: RunContext, reporter: Reporter) -> Result | Again:
        """Do what is next: begin the work outside, or look how it stands.

        Called right after the claim, then again and again, also by a later process of the runner: all that it must know
        goes into the journal, and before something is begun outside goes what it will be found by. It bounds its own
        waiting: threads are few. Once `Reporter.aborted` is set it is called at once, cancels the work outside, and may
        look until that has ended, but no longer than the runner's grace. An exception fails the run with a general message:
        trouble that passes by itself is a reason to look again.
        """


AnyExecutor: TypeAlias = Executor | PollingExecutor
