"""One run in progress: what its stages share."""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.masking import HELD_LIMIT
from blockyard.protocol.run import Behavior, RunBlock, TerraformImplementation
from blockyard.protocol.status import OutputValue
from blockyard.runner.executors.executor import ProcessResult, Reporter, RunContext
from blockyard.runner.executors.opentofu.conclusions import TAIL_BYTES, conclusion
from blockyard.runner.executors.opentofu.failures import Stopped
from blockyard.runner.executors.opentofu.state import StateClient
from blockyard.runner.executors.opentofu.steps import Stage, plan_steps, step_of
from blockyard.runner.made_files import read_end

_SAID = "said"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Work:
    """A run, its directory and what it says. Lines said by an earlier runner process are not said again."""

    def __init__(
        self, context: RunContext, reporter: Reporter, implementation: TerraformImplementation, http: httpx.Client
    ) -> None:
        self.context = context
        self._http = http
        self.reporter = reporter
        self.implementation = implementation
        self.run_dir: Path = context.run_dir
        self.behavior: Behavior = context.document.spec.behavior
        self.stage = Stage.SOURCES
        self._user_message: str | None = None
        said = context.journal.get(_SAID)
        self._said: list[Json] = list(said) if isinstance(said, list) else []

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.context.document.metadata.uuid

    @property
    def block(self) -> RunBlock:
        """The building block."""
        return self.context.document.spec.building_block

    @property
    def owner_folder(self) -> str | None:
        """The name of the folder for what runs of one workspace share: the one that owns the definition; None if unknown."""
        owner = self.context.document.spec.building_block_definition.spec.workspace_identifier
        if not owner:
            return None
        return owner if _PLAIN.fullmatch(owner) else f"_{hashlib.sha256(owner.encode()).hexdigest()[:32]}"

    @property
    def plan_link(self) -> str | None:
        """Where the saved plan is that shall be applied, if one shall."""
        link = self.context.document.links.plan_artifact
        return link.href if link is not None and link.href and self.behavior is Behavior.APPLY else None

    @property
    def step(self) -> str:
        """The step that shows the current stage."""
        return step_of(self.stage, is_async=self.implementation.is_async)

    def state(self, address: str) -> StateClient:
        """Return the state at `address`, read and written with the run's token."""
        return StateClient(self._http, address, self.context.document.spec.run_token or "")

    def begin_registration(self) -> None:
        """Announce the steps. What comes before the first command can be thrown away and is done meanwhile."""
        self.reporter.begin_registration(plan_steps(self.behavior, is_async=self.implementation.is_async))

    def enter(self, stage: Stage) -> None:
        """Begin a stage. Raises Stopped; but what is done is collected even then."""
        self.stage = stage
        self.reporter.start(self.step)
        if stage is not Stage.OUTPUT:
            self.check_stopped()

    def leave(self, *, is_last: bool, user_message: str | None, outputs: Mapping[str, OutputValue] | None) -> None:
        """End a stage; the one step of an asynchronous run ends with the last."""
        self._user_message = user_message or (self._user_message if self.implementation.is_async else None)
        if is_last or not self.implementation.is_async:
            self.reporter.finish(self.step, user_message=self._user_message, outputs=outputs)

    def say(self, text: str) -> None:
        """Write one or more lines into the log of the step."""
        key = hashlib.sha256(f"{self.stage}:{text}".encode()).hexdigest()[:16]
        if key in self._said:
            return
        self.reporter.log(self.step, text if text.endswith("\n") else f"{text}\n")
        self._said.append(key)
        self.context.journal.set(_SAID, self._said)

    def is_done(self, what: str) -> bool:
        """Tell whether something was done, perhaps by an earlier runner process."""
        return self.context.journal.get(what) is not None

    def done(self, what: str, note: Json = True) -> None:  # noqa: FBT002  a JSON value to remember, not a switch
        """Note that something was done."""
        self.context.journal.set(what, note)

    def check_stopped(self) -> None:
        """Raise Stopped if the run shall not go on."""
        if self.must_stop():
            raise Stopped

    def must_stop(self) -> bool:
        """Tell whether the run shall not go on."""
        return self.reporter.aborted.is_set() or time.monotonic() >= self.context.deadline

    def run(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        deadline: float | None = None,
        stdin: bytes | None = None,
    ) -> ProcessResult:
        """Run a command in the run directory, or go on with the one of this name. Raises RegistrationRefused, CommandLost."""
        self.reporter.confirm_registration()
        own = self.context.deadline
        return self.context.processes.run(
            name,
            argv,
            cwd=self.run_dir,
            env=env,
            log_step=self.step,
            deadline=own if deadline is None else min(own, deadline),
            stdin=stdin,
            interrupt_grace_seconds=self.context.settings.interrupt_grace_seconds,
            conclude=conclusion(argv),
        )

    def printed(self, result: ProcessResult) -> str:
        """Return the end of a command's output without secrets: what is taken out of it may begin or end anywhere."""
        return self.reporter.mask(tail(result, TAIL_BYTES + HELD_LIMIT))[-TAIL_BYTES:]

    def was_stopped(self, result: ProcessResult) -> bool:
        """Tell whether a command ended because the run was stopped."""
        return result.interrupted or (result.timed_out and self.must_stop())


def tail(result: ProcessResult, size_bytes: int = TAIL_BYTES) -> str:
    """Return the end of a command's output; nothing if the command was lost."""
    return read_end(result.output_path, max_bytes=size_bytes).decode("utf-8", errors="replace")
