"""Sends requests over plain connections and times them: one after the other, or at a fixed rate whatever the server does."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CONNECTIONS = 12


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `kind` groups them in the results."""

    kind: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None


@dataclass(slots=True)
class Timings:
    """Seconds by kind of request."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """What was not answered with 2xx; a measurement with some is worth nothing."""

    @property
    def all(self) -> list[float]:
        """All timings."""
        return [seconds for kind in self.by_kind.values() for seconds in kind]

    def add(self, request: Request, seconds: float, status: int) -> None:
        """Note one answer."""
        self.by_kind.setdefault(request.kind, []).append(seconds)
        if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
            self.refused.append(f"{status} {request.method} {request.path}")


class Connection:
    """One kept-alive connection; one thread uses it at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def send(self, request: Request) -> tuple[int, bytes]:
        """Send `request` and return status and body of the answer."""
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def json(self, request: Request) -> object:
        """Send `request` and return the JSON of the answer."""
        parsed: object = json.loads(self.send(request)[1])
        return parsed


def one_by_one(url: str, requests: Sequence[Request]) -> Timings:
    """Send requests one after the other."""
    timings = Timings()
    connection = Connection(url)
    for request in requests:
        began = time.perf_counter()
        status, _ = connection.send(request)
        timings.add(request, time.perf_counter() - began, status)
    return timings


def at_rate(url: str, requests: Sequence[Request], per_second: float) -> Timings:
    """Send requests at a fixed rate; each is timed from when it was due, so that a slow answer makes the next ones late."""
    timings, lock = Timings(), threading.Lock()
    remaining = iter(enumerate(requests))
    began = time.perf_counter() + 0.2

    def take() -> tuple[int, Request] | None:
        with lock:
            return next(remaining, None)

    def work() -> None:
        connection = Connection(url)
        while (taken := take()) is not None:
            number, request = taken
            due = began + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            status, _ = connection.send(request)
            seconds = time.perf_counter() - due
            with lock:
                timings.add(request, seconds, status)

    run_all([work] * CONNECTIONS)
    return timings


def run_all(tasks: Sequence[Callable[[], None]]) -> None:
    """Run tasks in threads and wait for all of them."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
