"""Follows a run by the server's stream of events; where a proxy breaks it, by long polls of the same events."""

import json
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from blockyard.cli import events
from blockyard.cli.client import Client
from blockyard.cli.documents import flag, member, number, objects, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.live import Screen, Step, instant
from blockyard.cli.model import FINAL
from blockyard.cli.resources import own
from blockyard.protocol.jsontypes import Json, JsonObject

WAIT_SECONDS = 20
"""How long the server may hold a long poll."""

MAX_BROKEN_STREAMS = 2
"""After so many streams that brought nothing only long polls are used."""

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


class RunFeed:
    """Follows one run until it ends and shows it on a screen."""

    def __init__(self, client: Client, run_id: str, screen: Screen) -> None:
        self._client = client
        self._path = own("runs", run_id)
        self._screen = screen
        self._position = 0
        self._attempt = 0
        self._status = ""
        self._warned: set[str] = set()
        self._logs: dict[str, _Log] = {}

    def follow(self) -> str:
        """Return the status the run ended with. Raises Failure."""
        broken = 0
        while broken < MAX_BROKEN_STREAMS:
            before = self._position
            with suppress(httpx.TransportError):
                self._stream()
            broken = 0 if self._position > before else broken + 1
            if self._status in FINAL or self._poll(wait=0):
                return self._ended()
        while not self._poll(wait=WAIT_SECONDS):
            pass
        return self._ended()

    def replay(self) -> str:
        """Show what happened up to now and return the run's status. Raises Failure."""
        before = -1
        while self._position > before:
            before = self._position
            self._poll(wait=0)
        return self._ended()

    def _stream(self) -> None:
        last = str(self._position) if self._position else ""
        try:
            with self._client.stream(f"{self._path}/events", last_event=last) as lines:
                for event in events.parse(lines):
                    self._take(_document(event.data))
                    if event.id.isdecimal():
                        self._position = int(event.id)
        except Failure as failure:
            if failure.exit_code is not ExitCode.REFUSED:
                raise

    def _poll(self, *, wait: int) -> bool:
        """Take what happened since; tell whether the run ended."""
        query = {"after": str(self._position), "wait": str(wait)}
        document = self._client.get(f"{self._path}/events", query=query)
        for event in objects(document, "events"):
            self._take(event)
        self._position = number(document, "position") or self._position
        return flag(document, "ended")

    def _ended(self) -> str:
        return self._status or text(self._client.get(self._path), "status")

    def _take(self, event: Json) -> None:
        match text(event, "type"):
            case "status":
                self._take_status(member(event, "run"))
            case "step":
                self._begin_attempt(number(event, "attempt"))
                self._screen.step(_step(member(event, "step")))
            case "log":
                self._begin_attempt(number(event, "attempt"))
                self._take_log(event)
            case _:
                pass  # a newer server tells more

    def _take_status(self, run: Json) -> None:
        self._status = text(run, "status")
        self._screen.title(f"Run {number(run, 'number')}: {text(run, 'behavior').lower()}")
        for warning in objects(run, "warnings"):
            if (message := text(warning, "message")) and text(warning, "at") not in self._warned:
                self._warned.add(text(warning, "at"))
                self._screen.remark(message)
        if text(run, "abortRequestedAt"):
            self._screen.remark("the run was told to stop")
        self._screen.status(self._status)
        if self._status in FINAL and (summary := text(run, "summary")):
            self._screen.remark(summary)

    def _begin_attempt(self, attempt: int | None) -> None:
        if attempt is None or attempt == self._attempt:
            return
        if self._attempt:
            self._screen.restart()
            self._logs.clear()
        self._attempt = attempt

    def _take_log(self, event: Json) -> None:
        key = _key(text(event, "source"), text(event, "step"))
        log = self._logs.setdefault(key, _Log())
        fresh = log.add(number(event, "offset") or 0, text(event, "text").encode())
        self._screen.log(key, fresh.decode(errors="replace"))


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


def _document(data: str) -> JsonObject:
    try:
        document: Json = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
