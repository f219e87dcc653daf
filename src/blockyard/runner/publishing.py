"""Sends what a run says while it works, and hears whether it shall stop. Two threads per run.

To a Blockyard server: changed steps and new log bytes, gathered for 50 ms (longer, and what is sent falls into the end of a short
run and delays its final report), and a heartbeat after 5 s of silence; another one is held there until somebody aborts the run.
To any other: everything every 10 s, as the official runner does.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import httpx2
import structlog
from pydantic import ValidationError

from blockyard.protocol.run import RunDocument
from blockyard.runner.abort_watch import AbortWatch
from blockyard.runner.logs import MESSAGE_BYTES, StepLogs
from blockyard.runner.reporting import RunReporter, StopReason
from blockyard.runner.retry import Backoff
from blockyard.runner.run_api import LinkRebase, RunApi, placed
from blockyard.runner.steps import Step

log = structlog.get_logger()

GATHER_SECONDS = 0.05
_CHUNK_BYTES = 256 * 1024
_LAST_LOGS_SECONDS = 5
_CLOSE_SECONDS = 150
_STALLS_ALLOWED = 5


@dataclass(frozen=True, slots=True)
class LiveLinks:
    """Where a Blockyard server takes what others do not."""

    log: str | None
    heartbeat: str | None
    release: str | None


def live_links(document: RunDocument, place: LinkRebase, *, blockyard: bool) -> LiveLinks | None:
    """Return the live links of a run, or None where the server offers none."""
    if not blockyard:
        return None
    links = document.links
    return LiveLinks(placed(links.log, place), placed(links.heartbeat, place), placed(links.release, place))


class Publisher:
    """Sends what one run says until it is closed."""

    def __init__(
        self,
        *,
        run_id: str,
        api: RunApi,
        reporter: RunReporter,
        logs: StepLogs,
        links: LiveLinks | None,
        deadline: float,
        interval: float,
    ) -> None:
        self._api = api
        self._reporter = reporter
        self._logs = logs
        self._links = links
        self._deadline = deadline
        self._interval = interval
        self._closing = threading.Event()
        self._backoff = Backoff(0.5, 5)
        self._sent_revisions: dict[str, int] = {}
        self._sent_bytes: dict[str, int] = {}
        self._stalls: dict[str, int] = {}
        self._adopted = False
        """An earlier runner has sent something: how much of which log, the server will tell."""
        self._due = time.monotonic() + self._interval
        self._thread = threading.Thread(target=self._publish_until_closed, name=f"publish-{run_id}", daemon=True)
        self._log = log.bind(run_id=run_id)
        self._watch: AbortWatch | None = None
        if links is not None and (heartbeat := links.heartbeat) is not None:
            ask = partial(api.held_heartbeat, heartbeat)
            self._watch = AbortWatch(
                run_id=run_id, ask=ask, heard=self._heard, over=self._closing, is_ready=lambda: reporter.is_registered
            )

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()
        if self._watch is not None:
            self._watch.start()

    def turn(self) -> float:
        """Send what is new, for a run that has no thread for it; return when there will be something again."""
        if not self._reporter.is_registered:
            return time.monotonic() + self._interval
        try:
            self._publish()
        except (httpx2.HTTPError, ValidationError) as error:
            self._log.warning("update not delivered", error=type(error).__name__)
            return time.monotonic() + self._backoff.pause()
        self._backoff.reset()
        return self._due

    def check_in(self) -> bool:
        """Ask whether the attempt still is ours and tell that it is alive; False: the server does not know it.

        Raises:
            httpx2.HTTPError: the server cannot be asked now.
        """
        self._adopted = True
        try:
            self._give_sign_of_life()
        except httpx2.HTTPStatusError as error:
            if error.response.status_code in {401, 403, 404, 410}:
                return False
            raise
        return self._reporter.stop_reason is not StopReason.ABORTED

    def close(self) -> None:
        """Stop sending; what is left of logs that are partly there goes out first, if it goes quickly."""
        self._closing.set()
        self._reporter.changed.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)
        end = time.monotonic() + _LAST_LOGS_SECONDS
        try:
            while self._reporter.is_registered and self._send_logs(self._begun()) and time.monotonic() < end:
                pass
        except (httpx2.HTTPError, ValidationError) as error:
            self._log.info("last log bytes not sent", error=type(error).__name__)

    def is_told(self, step: Step) -> bool:
        """Tell whether the control plane has everything of a step: no final report needs to repeat it."""
        return self._links is not None and self._is_state_told(step) and self._is_log_told(step)

    def _is_state_told(self, step: Step) -> bool:
        return step.revision <= self._sent_revisions.get(step.id, 0)

    def _is_log_told(self, step: Step) -> bool:
        return self._logs.size(step.id) <= self._sent_bytes.get(step.id, 0)

    def _publish_until_closed(self) -> None:
        while not self._closing.is_set():
            self._wait()
            if time.monotonic() >= self._deadline:
                self._reporter.stop(StopReason.TIMED_OUT)
            if self._closing.is_set() or not self._reporter.is_registered:
                continue
            try:
                self._publish()
                self._backoff.reset()
            except (httpx2.HTTPError, ValidationError) as error:
                self._log.warning("update not delivered", error=type(error).__name__)
                self._closing.wait(self._backoff.pause())
                self._reporter.changed.set()

    def _wait(self) -> None:
        """Wait until there is something to send or a sign of life is due; gather what comes at once."""
        changed = self._reporter.changed
        now = time.monotonic()
        wake_at = self._due if self._reporter.stop_reason else min(self._due, self._deadline)
        if self._links is None:
            self._closing.wait(max(0.0, wake_at - now))
        elif changed.wait(max(0.0, wake_at - now)):
            self._closing.wait(GATHER_SECONDS)
            changed.clear()

    def _publish(self) -> None:
        if self._links is not None:
            while self._send_logs(self._begun()) and not self._closing.is_set():
                pass
            self._send_steps()
            while self._send_logs(self._reporter.steps()) and not self._closing.is_set():
                pass
        if time.monotonic() >= self._due:
            self._give_sign_of_life()

    def _begun(self) -> list[Step]:
        """Return the steps whose log the server has a part of: the rest must come before a message repeats it."""
        return [step for step in self._reporter.steps() if self._adopted or self._sent_bytes.get(step.id, 0)]

    def _give_sign_of_life(self) -> None:
        if self._links is not None and self._links.heartbeat is not None:
            reply = self._api.heartbeat(self._links.heartbeat)
        else:
            steps = self._reporter.steps()
            reply = self._api.update(self._reporter.update(steps, with_logs=True))
        self._heard(reply.run_aborted)

    def _send_steps(self) -> None:
        """Send the steps that changed; one that is over brings its whole log along if nothing of it was sent."""
        changed = [step for step in self._reporter.steps() if not self._is_state_told(step)]
        if not changed:
            return
        revisions = {step.id: step.revision for step in changed}
        sizes = {step.id: self._logs.size(step.id) for step in changed if step.is_over}
        reply = self._api.update(self._reporter.update(changed, with_logs=False))
        self._sent_revisions |= revisions
        for step_id, size in sizes.items():
            if size <= MESSAGE_BYTES and not self._sent_bytes.get(step_id, 0):
                self._sent_bytes[step_id] = size
        self._heard(reply.run_aborted)

    def _send_logs(self, steps: Iterable[Step]) -> bool:
        """Send the next bytes of these steps' logs; tell whether more are left."""
        if self._links is None or self._links.log is None:
            return False
        more = False
        for step in steps:
            sent = self._sent_bytes.get(step.id, 0)
            data = self._logs.read(step.id, sent, _CHUNK_BYTES)
            if not data or self._stalls.get(step.id, 0) > _STALLS_ALLOWED:
                continue
            reply = self._api.append_log(self._links.log, step.id, sent, data)
            if reply.offset <= sent:
                self._stalls[step.id] = self._stalls.get(step.id, 0) + 1
            self._sent_bytes[step.id] = reply.offset
            more = more or self._logs.size(step.id) > reply.offset
            self._heard(reply.run_aborted)
        return more

    def _heard(self, aborted: bool) -> None:  # noqa: FBT001  the one thing an answer tells
        self._due = time.monotonic() + self._interval
        if aborted:
            self._reporter.stop(StopReason.ABORTED)
