"""Shows the events of a run on a screen: its status, its steps, what its log says that was not shown yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from blockyard.cli.documents import members, number, objects, text
from blockyard.cli.live import Screen, Step, instant
from blockyard.cli.model import FINAL
from blockyard.protocol.jsontypes import Json, JsonObject

KEPT_BYTES = 1024 * 1024
"""How much of a step's log is remembered, to tell a repetition from a replacement."""


@dataclass(slots=True)
class _Log:
    """The end of a step's log as it was shown; `begin` is where it begins in the whole log."""

    begin: int = 0
    data: bytearray = field(default_factory=bytearray)

    def add(self, offset: int, new: bytes) -> bytes:
        """Return what of `new`, which belongs at `offset`, was not shown yet. Another text replaces the old one."""
        end = self.begin + len(self.data)
        if offset > end or offset < self.begin:
            self.begin, self.data = offset, bytearray(new)
            return new
        old = self.data[offset - self.begin :]
        if new.startswith(old):
            fresh = new[len(old) :]
        elif old.startswith(new):
            return b""
        else:
            fresh = new
            del self.data[offset - self.begin :]
        self.data += fresh
        if (surplus := len(self.data) - KEPT_BYTES) > 0:
            del self.data[:surplus]
            self.begin += surplus
        return fresh


class RunView:
    """The run that is shown.

    `introduce` returns its summary when steps arrive before it was named, `waits` what keeps it from beginning.
    """

    def __init__(self, screen: Screen, introduce: Callable[[], JsonObject], waits: Callable[[], Sequence[str]]) -> None:
        self._screen = screen
        self._introduce = introduce
        self._waits = waits
        self._run = ""
        self._attempt = 0
        self._warned: set[str] = set()
        self._logs: dict[str, _Log] = {}
        self.status = ""

    def take(self, batch: Sequence[JsonObject]) -> None:
        """Show events that happened together, each log below its step; kinds a newer server tells are left out.

        A batch has the steps as they are at its end, beside all that was logged before: a step that ended in it is
        shown as begun first, then its log, then its end.
        """
        runs = [members(event, "run") for event in batch if text(event, "type") == "status"]
        steps = [event for event in batch if text(event, "type") == "step"]
        logs = [event for event in batch if text(event, "type") == "log"]
        for run in runs:
            self._begin_run(run)
            if text(run, "status") not in FINAL:
                self._take_status(run)
        told = {_log_key(event): event for event in steps}
        for event in logs:
            if _log_key(event) not in told:
                self._take_log(event)
        for event in steps:
            self._take_step(event, [log for log in logs if _log_key(log) == _log_key(event)])
        for run in runs:
            if text(run, "status") in FINAL:
                self._take_status(run)
        if runs:
            self.tell_wait()

    def tell_wait(self) -> None:
        """Say what keeps the run from beginning, unless that was said already."""
        if self.status == "PENDING":
            for sentence in filter(None, self._waits()):
                self._screen.remark(sentence)

    def _take_step(self, event: JsonObject, logs: Sequence[JsonObject]) -> None:
        self._begin_attempt(event)
        step = _step(members(event, "step"))
        if step.status in FINAL:
            self._screen.step(replace(step, status="IN_PROGRESS", user_message=""))
        for log in logs:
            self._take_log(log)
        self._screen.step(step)

    def _take_status(self, run: Json) -> None:
        self.status = text(run, "status")
        for warning in objects(run, "warnings"):
            if text(warning, "at") not in self._warned:
                self._warned.add(text(warning, "at"))
                self._screen.remark(text(warning, "message"))
        if text(run, "abortRequestedAt") and self.status != "ABORTED":
            self._screen.remark("the run was told to stop")
        self._screen.status(self.status)
        if self.status in FINAL and (summary := text(run, "summary")):
            self._screen.remark(summary)

    def _begin_run(self, run: Json) -> None:
        if text(run, "uuid") == self._run:
            return
        self._run = text(run, "uuid")
        self._attempt = 0
        self._logs.clear()
        self._screen.title(f"Run {number(run, 'number')}: {text(run, 'behavior').lower()}")

    def _begin_attempt(self, event: Json) -> None:
        if not self._run:
            self._begin_run(self._introduce())
        attempt = number(event, "attempt") or 0
        if attempt == self._attempt:
            return
        if self._attempt:
            self._screen.restart()
            self._logs.clear()
        self._attempt = attempt

    def _take_log(self, event: JsonObject) -> None:
        self._begin_attempt(event)
        log = self._logs.setdefault(_log_key(event), _Log())
        fresh = log.add(number(event, "offset") or 0, text(event, "text").encode())
        self._screen.log(_log_key(event), fresh.decode(errors="replace"))


def _log_key(event: JsonObject) -> str:
    """Return which step an event is about; a log names it, a step event holds it."""
    step = members(event, "step")
    return _key(text(step, "source"), text(step, "id")) if step else _key(text(event, "source"), text(event, "step"))


def _key(source: str, step: str) -> str:
    return f"{source}\n{step}"


def _step(document: Json) -> Step:
    return Step(
        id=_key(text(document, "source"), text(document, "id")),
        name=text(document, "displayName") or text(document, "id"),
        status=text(document, "status"),
        user_message=text(document, "userMessage"),
        started_at=instant(text(document, "startedAt")),
        ended_at=instant(text(document, "endedAt")),
    )
