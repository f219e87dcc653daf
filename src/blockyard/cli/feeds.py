"""Follows runs and building blocks by the server's streams of events; where a proxy breaks these, by long polls."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import httpx2

from blockyard.cli import events
from blockyard.cli.client import Client
from blockyard.cli.documents import flag, member, members, objects, text, texts
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.live import Screen
from blockyard.cli.model import FINAL
from blockyard.cli.resources import own
from blockyard.cli.run_view import RunView
from blockyard.protocol.jsontypes import Json, JsonObject

WAIT_SECONDS = 20
"""How long the server may hold a long poll."""

MAX_BROKEN_STREAMS = 2
"""After so many streams that brought nothing only long polls are used."""


class Followed(Protocol):
    """What is followed: takes events, and knows when there is nothing more to wait for."""

    def take(self, batch: Sequence[JsonObject]) -> None:
        """Show events that happened together."""

    def tell_wait(self) -> None:
        """Say what keeps it from going on, if something does."""

    @property
    def done(self) -> bool:
        """Whether what was waited for has happened."""


class Feed:
    """The events at one address, from the beginning."""

    def __init__(self, client: Client, path: str, followed: Followed) -> None:
        self._client = client
        self._path = f"{path}/events"
        self._followed = followed
        self._position = ""

    def follow(self) -> None:
        """Pass on events until what is followed is done and everything was told. Raises Failure."""
        broken = 0
        while not self._followed.done and broken < MAX_BROKEN_STREAMS:
            before = self._position
            with suppress(httpx2.TransportError):
                self._stream()
            broken = 0 if self._position != before else broken + 1
        ended = False
        while not (ended or self._followed.done):
            ended = self._poll(wait=WAIT_SECONDS)
        self.catch_up()

    def catch_up(self) -> None:
        """Pass on what happened up to now. Raises Failure."""
        before = None
        while self._position != before:
            before = self._position
            self._poll(wait=0)

    def _stream(self) -> None:
        try:
            with self._client.stream(self._path, last_event=self._position) as lines:
                batch: list[JsonObject] = []
                for event in events.parse(self._telling(lines)):
                    batch.append(_document(event.data))
                    if event.id != self._position:  # the last one of a batch names where it ends
                        self._position = event.id
                        self._followed.take(batch)
                        batch = []
                    if self._followed.done:
                        return
        except Failure as failure:
            if failure.exit_code is not ExitCode.REFUSED:
                raise

    def _telling(self, lines: Iterable[str]) -> Iterator[str]:
        """Pass on the lines of a stream; say at each sign of life in between, which is a comment, what is waited for."""
        for line in lines:
            if line.startswith(":"):
                self._followed.tell_wait()
            yield line

    def _poll(self, *, wait: int) -> bool:
        """Pass on what happened since; tell whether nothing will ever happen again."""
        query = {"wait": str(wait)} | ({"after": self._position} if self._position else {})
        document = self._client.get(self._path, query=query)
        happened = objects(document, "events")
        self._followed.take(happened)
        if wait and not happened:
            self._followed.tell_wait()
        position = member(document, "position")
        self._position = str(position) if isinstance(position, int | str) else self._position
        return flag(document, "ended")


class FollowedRun:
    """A run until it ends."""

    def __init__(self, client: Client, run_id: str, screen: Screen) -> None:
        self._client = client
        self._run_id = run_id
        self._view = RunView(screen, self._run, self._waits)

    def take(self, batch: Sequence[JsonObject]) -> None:
        """Show events that happened together."""
        self._view.take(batch)

    def tell_wait(self) -> None:
        """Say what keeps the run from beginning, if something does."""
        self._view.tell_wait()

    @property
    def done(self) -> bool:
        """Whether the run has ended."""
        return self.status in FINAL

    @property
    def status(self) -> str:
        """Where the run is."""
        return self._view.status

    def _run(self) -> JsonObject:
        return self._client.get(own("runs", self._run_id))

    def _waits(self) -> Sequence[str]:
        return [text(self._run(), "waitsFor", "message")]


class FollowedBlock:
    """A building block until nothing is going on with it, with the runs it has meanwhile."""

    def __init__(self, client: Client, block_id: str, screen: Screen) -> None:
        self._client = client
        self._block_id = block_id
        self._view = RunView(screen, self._latest_run, lambda: texts(self._detail(), "waitsFor"))
        self._settled = False

    def take(self, batch: Sequence[JsonObject]) -> None:
        """Show events that happened together."""
        self._view.take(batch)
        for event in batch:
            if text(event, "type") == "block":
                self._take_block(members(event, "block"))

    def tell_wait(self) -> None:
        """Say what keeps its run from beginning, if something does."""
        self._view.tell_wait()

    def _take_block(self, block: JsonObject) -> None:
        waits = text(block, "status").startswith("WAITING_")
        gone = text(block, "lifecycle") == "DELETED"
        self._settled = gone or waits or (text(block, "status") in FINAL and not flag(block, "running"))

    @property
    def done(self) -> bool:
        """Whether nothing is going on with the building block."""
        return self._settled

    def _latest_run(self) -> JsonObject:
        return next(iter(objects(self._detail(), "runs")), {})

    def _detail(self) -> JsonObject:
        return self._client.get(own("blocks", self._block_id))


def follow_run(client: Client, run_id: str, screen: Screen) -> str:
    """Show a run until it ends; return the status it ended with. Raises Failure."""
    followed = FollowedRun(client, run_id, screen)
    Feed(client, own("runs", run_id), followed).follow()
    return followed.status or text(client.get(own("runs", run_id)), "status")


def replay_run(client: Client, run_id: str, screen: Screen) -> None:
    """Show what a run did up to now. Raises Failure."""
    Feed(client, own("runs", run_id), FollowedRun(client, run_id, screen)).catch_up()


def replay_block(client: Client, block_id: str, screen: Screen) -> None:
    """Show what a building block's latest run did up to now, as far as the reader may see it. Raises Failure."""
    Feed(client, own("blocks", block_id), FollowedBlock(client, block_id, screen)).catch_up()


def follow_block(client: Client, block_id: str, screen: Screen) -> None:
    """Show a building block until nothing is going on with it any more. Raises Failure."""
    try:
        Feed(client, own("blocks", block_id), FollowedBlock(client, block_id, screen)).follow()
    except Failure as failure:
        if failure.exit_code is not ExitCode.NOT_FOUND:
            raise


def _document(data: str) -> JsonObject:
    try:
        document: Json = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
