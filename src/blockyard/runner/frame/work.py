"""One run in progress: what it says, what is done already, its commands and its inputs."""

import contextlib
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from blockyard.protocol.binding import SealedFor, member_key
from blockyard.protocol.jsontypes import Json
from blockyard.protocol.masking import HELD_LIMIT
from blockyard.protocol.run import Behavior, RunBlock, RunInput
from blockyard.runner.frame.executor import Conclude, ProcessResult, Reporter, RunContext, inconclusive
from blockyard.runner.frame.failures import StepFailed, Stopped
from blockyard.runner.frame.inputs import PlainInput, secrets, sensitive_keys, unique
from blockyard.runner.frame.made_files import read_end

TAIL_BYTES = 256 * 1024
"""How much of a command's output is searched for the errors to tell of."""

_SAID = "said"


class Work:
    """A run, its directory and what it says. Lines said by an earlier runner process are not said again."""

    def __init__(self, context: RunContext, reporter: Reporter) -> None:
        self.context = context
        self.reporter = reporter
        self.run_dir: Path = context.run_dir
        self.behavior: Behavior = context.document.spec.behavior
        self.step = ""
        """The step that shows what is done now."""
        self._stage = ""
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
    def run_token(self) -> str:
        """The token of this attempt."""
        return self.context.document.spec.run_token or ""

    def enter(self, stage: str, step: str) -> None:
        """Begin a stage, which `step` shows."""
        self._stage, self.step = stage, step
        self.reporter.start(step)

    def say(self, text: str) -> None:
        """Write one or more lines into the log of the step."""
        key = hashlib.sha256(f"{self._stage}:{text}".encode()).hexdigest()[:16]
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

    def inputs(self) -> list[RunInput]:
        """Return the inputs as they came."""
        return unique(self.block.spec.inputs)

    def open_inputs(self, inputs: Iterable[RunInput]) -> list[PlainInput]:
        """Return inputs in clear, their secrets masked from now on. Raises StepFailed."""
        sensitive = sensitive_keys(self.context.raw_document)
        opened = [self.context.opener.open(given, is_sensitive=given.key in sensitive) for given in inputs]
        self.reporter.add_secrets(text for plain in opened for text in secrets(plain))
        return opened

    def mask_former(self) -> list[PlainInput]:
        """Return in clear what secrets were before, masked from now on; one that this runner cannot open is left out."""
        opened: list[PlainInput] = []
        for given in self.context.document.spec.former_inputs or ():
            with contextlib.suppress(StepFailed):
                opened.append(self.context.opener.open(given, is_sensitive=True))
        self.reporter.add_secrets(text for plain in opened for text in secrets(plain))
        return opened

    def open_member(self, member: str, sealed: str, what: str, places: Mapping[str, SealedFor] | None = None) -> str:
        """Return a secret member of the implementation in clear, masked from now on. Raises StepFailed naming `what`."""
        place = (places or {}).get(member)
        opened = self.context.opener.open_text(sealed, what, key=member_key(member), sealed_for=place)
        self.reporter.add_secrets([opened])
        return opened

    def conclusion(self, argv: Sequence[str]) -> Conclude:  # noqa: ARG002  others tell by the command
        """Return what tells how a command ended where nobody noted it."""
        return inconclusive

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
            conclude=self.conclusion(argv),
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
