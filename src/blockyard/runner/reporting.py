"""What a run says about itself: steps, messages, logs, outputs and how it ended. The sending is in `publishing.py`."""

import base64
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum

import httpx2
import structlog
from pydantic import ValidationError

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import RunStatus, StepStatus
from blockyard.protocol.status import OutputValue, Source, SourceRegistration, StatusUpdate, StepUpdate
from blockyard.runner.frame.executor import Journal, Outcome, RegistrationRefused, Result, StepPlan
from blockyard.runner.logs import StepLogs
from blockyard.runner.retry import repeat
from blockyard.runner.run_api import RunApi
from blockyard.runner.steps import EARLIER_FAILURE, Step, Steps, without_sensitive_values

log = structlog.get_logger()

_REGISTER_SECONDS = 30
_CONFLICT = 409


class StopReason(StrEnum):
    """Why a run is stopped before its end."""

    ABORTED = "ABORTED"
    TIMED_OUT = "TIMED_OUT"
    DRAINED = "DRAINED"


class RunReporter:
    """The reporter of one run, see `executor.Reporter`; also takes the output of its commands. Thread-safe."""

    def __init__(
        self,
        *,
        run_id: str,
        runner_uuid: str,
        run_type: str,
        api: RunApi,
        logs: StepLogs,
        journal: Journal,
        limit_minutes: float,
        deadline: float,
    ) -> None:
        self._run_id = run_id
        self._runner_uuid = runner_uuid
        self._run_type = run_type
        self._api = api
        self._logs = logs
        self._journal = journal
        self._limit_minutes = limit_minutes
        self._deadline = deadline
        self._lock = threading.RLock()
        self._steps = Steps()
        self._stop = threading.Event()
        self._stop_reason: StopReason | None = None
        self._registration: _Aside | None = None
        self.changed = threading.Event()
        """Set whenever there is something new to send."""
        self._steps.load(journal.get("steps"))

    @property
    def aborted(self) -> threading.Event:
        """Set when the executor shall stop."""
        return self._stop

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the run is stopped; the first reason stays."""
        return self._stop_reason

    @property
    def is_registered(self) -> bool:
        """Whether the control plane knows that this attempt works."""
        return self._journal.get("registered") is True

    def stop(self, reason: StopReason) -> None:
        """Ask the executor to stop."""
        with self._lock:
            if self._stop_reason is None:
                log.info("run stopping", run_id=self._run_id, reason=reason)
                self._stop_reason = reason
        self._stop.set()
        self.changed.set()

    def register(self, steps: Sequence[StepPlan]) -> None:
        """Announce the steps and so acknowledge the claim. Raises RegistrationRefused."""
        self.begin_registration(steps)
        self.confirm_registration()

    def begin_registration(self, steps: Sequence[StepPlan]) -> None:
        """Announce the steps in a thread of its own."""
        with self._lock:
            self._steps.plan(steps)
        if not self.is_registered:
            self._registration = _Aside(lambda: self._register(steps), name=f"register-{self._run_id}")

    def confirm_registration(self) -> None:
        """Wait until the control plane has acknowledged the steps. Raises RegistrationRefused."""
        if self._registration is not None:
            self._registration.result()

    def _register(self, steps: Sequence[StepPlan]) -> None:
        plans = tuple(StepUpdate(id=step.id, display_name=step.display_name) for step in steps)
        registration = SourceRegistration(source=Source(id=self._runner_uuid), steps=plans)
        try:
            reply = repeat(lambda: self._api.register(registration), seconds=_REGISTER_SECONDS, stop=self._stop)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code != _CONFLICT:
                raise RegistrationRefused(f"registration answered with {error.response.status_code}") from error
        except (httpx2.HTTPError, ValidationError) as error:
            raise RegistrationRefused(f"registration failed: {type(error).__name__}") from error
        else:
            if reply.run_aborted:
                self.stop(StopReason.ABORTED)
                raise RegistrationRefused("this attempt is over")
        with self._lock:
            self._save()
            self._journal.set("registered", value=True)

    def start(self, step_id: str) -> None:
        """Make a step IN_PROGRESS."""
        with self._lock:
            step = self._steps.get(step_id)
            if step.status is StepStatus.PENDING:
                step.move(StepStatus.IN_PROGRESS)
                self._save()

    def log(self, step_id: str, text: bytes | str) -> None:
        """Append to the step's log."""
        if self._logs.write(step_id, text.encode("utf-8", "replace") if isinstance(text, str) else text):
            self.changed.set()

    def finish(
        self, step_id: str, *, user_message: str | None = None, outputs: Mapping[str, OutputValue] | None = None
    ) -> None:
        """Make a step SUCCEEDED."""
        with self._lock:
            step = self._steps.get(step_id)
            step.outputs |= without_sensitive_values(outputs or {})
            step.move(StepStatus.SUCCEEDED, self._masked(user_message))
            self._save()

    def fail(self, step_id: str, *, user_message: str, system_message: str | None = None) -> None:
        """Make a step FAILED and later ones too; when the run was stopped, say that instead."""
        if system_message:
            self.log(step_id, _as_line(system_message))
        with self._lock:
            reason = self._reason_at_end()
            if reason in {StopReason.ABORTED, StopReason.DRAINED}:
                self._steps.abort(self._stop_message(reason))
            else:
                message = self._stop_message(reason) if reason else user_message
                if reason:
                    self.log(step_id, _as_line(message))
                for other in self._steps.fail(step_id, self._masked(message)):
                    self.log(other.id, EARLIER_FAILURE)
            self._save()

    def tell(
        self,
        step: StepPlan,
        status: StepStatus,
        *,
        user_message: str | None = None,
        outputs: Mapping[str, OutputValue] | None = None,
    ) -> None:
        """Say where a step stands that is gone through outside."""
        message, values = self._masked(user_message), without_sensitive_values(outputs or {})
        with self._lock:
            self._steps.plan([step])
            told = self._steps.get(step.id)
            if (
                told.revision
                and told.status is status
                and told.user_message == message
                and told.outputs | values == told.outputs
            ):
                return
            told.outputs |= values
            told.move(status, message)
            self._save()

    def add_secrets(self, values: Iterable[str]) -> None:
        """Mask these from now on."""
        self._logs.add_secrets(list(values))

    def mask(self, text: str) -> str:
        """Return a text with every secret masked."""
        return self._logs.mask(text)

    def follow(self, step_id: str, command: str, data: bytes) -> None:
        """Take the next bytes of a command's output."""
        if self._logs.follow(step_id, command, data):
            self.changed.set()

    def followed(self, command: str) -> int:
        """Return how many bytes of a command's output need not come again."""
        return self._logs.followed(command)

    def end_of_output(self, step_id: str, command: str) -> None:
        """Take notice that a command is over."""
        if self._logs.end(step_id, command):
            self.changed.set()

    def steps(self) -> list[Step]:
        """Return the steps; only for reading."""
        with self._lock:
            return list(self._steps)

    def update(self, steps: Iterable[Step], *, with_logs: bool) -> StatusUpdate:
        """Return a status update on these steps of a run that goes on."""
        return self._update(
            RunStatus.IN_PROGRESS, tuple(self._step_update(step, with_logs=with_logs) for step in steps)
        )

    def refusal(self, reason: str) -> StatusUpdate:
        """Return the report on a run that was not executed at all: no steps, only why."""
        status = RunStatus.ABORTED if self._stop_reason is StopReason.ABORTED else RunStatus.FAILED
        return self._update(status, None, summary=self._masked(reason))

    def close(self, result: Result) -> RunStatus:
        """Settle how the run ended, for its steps too, once the control plane knows of them."""
        with suppress(RegistrationRefused):
            self.confirm_registration()
        with self._lock:
            return self._close_steps(result)

    def conclusion(self, status: RunStatus, result: Result, *, is_told: Callable[[Step], bool]) -> StatusUpdate:
        """Return the final report: all that is not told yet, with messages, logs and outputs."""
        with self._lock:
            steps = tuple(self._step_update(step, with_logs=True) for step in self._steps if not is_told(step))
        succeeded = status is RunStatus.SUCCEEDED
        artifact = base64.b64encode(result.artifact).decode() if succeeded and result.artifact else None
        changes = result.changes_detected if succeeded else None
        told = self._update(status, steps, self._masked(result.summary), artifact, changes_detected=changes)
        if not succeeded:
            return told
        return told.model_copy(update={"plan_changes": result.plan_changes, "plan_digest": result.plan_digest})

    def _close_steps(self, result: Result) -> RunStatus:
        reason = self._reason_at_end()
        if result.outcome is Outcome.SUCCEEDED:
            return RunStatus.SUCCEEDED
        if result.outcome is Outcome.HANDED_OVER:
            return RunStatus.IN_PROGRESS
        if reason is StopReason.ABORTED or (reason is None and result.outcome is Outcome.ABORTED):
            self._steps.abort(self._stop_message(StopReason.ABORTED))
            return RunStatus.ABORTED
        current = self._steps.current()
        if current is not None:
            message = self._stop_message(reason) if reason else result.summary or "The run failed."
            for other in self._steps.fail(current.id, self._masked(message)):
                self.log(other.id, EARLIER_FAILURE)
        return RunStatus.FAILED

    def _reason_at_end(self) -> StopReason | None:
        """Return why the run was stopped; a command may have noticed the deadline first."""
        if self._stop_reason is None and time.monotonic() >= self._deadline:
            self.stop(StopReason.TIMED_OUT)
        return self._stop_reason

    def _step_update(self, step: Step, *, with_logs: bool) -> StepUpdate:
        return step.update(self._logs.message(step.id) if with_logs or step.is_over else None)

    def _update(
        self,
        status: RunStatus,
        steps: tuple[StepUpdate, ...] | None,
        summary: str | None = None,
        artifact: str | None = None,
        *,
        changes_detected: bool | None = None,
    ) -> StatusUpdate:
        return StatusUpdate(
            status=status,
            summary=summary,
            steps=steps,
            block_run_id=self._run_id,
            source=self._runner_uuid,
            type=self._run_type,
            created_on=datetime.now(UTC).isoformat(),
            artifact=artifact,
            changes_detected=changes_detected,
        )

    def _stop_message(self, reason: StopReason) -> str:
        match reason:
            case StopReason.ABORTED:
                return "The run was aborted."
            case StopReason.TIMED_OUT:
                return f"The run exceeded its limit of {self._limit_minutes:g} minutes and was stopped."
            case StopReason.DRAINED:
                return "The run was interrupted because its runner shuts down."

    def _masked(self, text: str | None) -> str | None:
        return self._logs.mask(text) if text else None

    def _save(self) -> None:
        dumped: Json = self._steps.dump()
        self._journal.set("steps", dumped)
        self.changed.set()


class _Aside:
    """A piece of work in a thread of its own."""

    def __init__(self, work: Callable[[], None], *, name: str) -> None:
        self._done: Future[None] = Future()
        threading.Thread(target=lambda: self._run(work), name=name, daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  whoever waits for the result gets it
            self._done.set_exception(error)
        else:
            self._done.set_result(None)

    def result(self) -> None:
        """Wait for its end; raise what it raised."""
        self._done.result()


def _as_line(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
