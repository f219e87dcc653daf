"""Logs: 20 000 lines a second on their way to a viewer, and opening a log of 1 000 000 lines at its end."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench import browser
from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.load import Connection, Request
from bench.pages import bearer, signed_in
from bench.runner import Reporter, claim, new_runner
from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.installation import Installation, terraform

LINES_PER_SECOND = 55_000
"""What is offered: a little more than has to be taken in."""

SECONDS = 10
MANY_LINES = 1_000_000
STEP = "apply"

FLUSH_SECONDS = 0.05
FLUSH_BYTES = 64 * 1024
"""When our runner sends what it has. Source: architecture.md 8."""

BULK_BYTES = 256 * 1024
_PADDING = " terraform_data.sample: Still creating... [10s elapsed] [id=0123456789abcdef]\n"
_STAMP_DIGITS = 12


def logs(setting: Setting) -> Iterator[Figure]:
    """Follow a log while it grows fast, then open it when it has become long."""
    with setting.installation({"BLOCKYARD_EMBEDDED_RUNNER": "false"}) as blockyard:
        reporter = _claimed(blockyard)
        log, viewer = Log(reporter), Viewer(blockyard, reporter.run)
        viewer.start()
        began = time.perf_counter()
        log.write_at_rate()
        taken_in = log.lines / (time.perf_counter() - began)
        viewer.wait_for(log.lines)
        yield Figure(
            "log lines taken in per second",
            setting.database,
            taken_in,
            "lines/s",
            comparator=LINES_PER_SECOND,
            comparator_name="offered",
            budget=50_000,
            at_least=True,
            samples=log.lines,
        )
        yield Figure(
            "log line written → at a viewer, p95",
            setting.database,
            percentile(viewer.lags, 0.95) * 1000,
            "ms",
            comparator=median(viewer.lags) * 1000,
            comparator_name="its own median",
            budget=100,
            samples=len(viewer.lags),
        )
        log.write_many(MANY_LINES - log.lines)
        yield from _opening(setting, blockyard, reporter, log)
        reporter.report("SUCCEEDED", [{"id": STEP, "status": "SUCCEEDED"}])
        viewer.join()
        reporter.close()


def _opening(setting: Setting, blockyard: Installation, reporter: Reporter, log: "Log") -> Iterator[Figure]:
    """Open the page of the run, also in a browser, and what API clients ask for."""
    connection, cookies = Connection(blockyard.url), signed_in(blockyard)
    token = {"Authorization": f"Bearer {bearer(blockyard)}"}
    address = f"/api/meshobjects/meshbuildingblockruns/{reporter.run}"
    end = {"Accept": "text/plain", **token}
    tail = f"/api/blockyard/v1/runs/{reporter.run}/log?step={STEP}&offset={log.offset - FLUSH_BYTES}"
    for name, request, budget in (
        ("run page", Request("page", "GET", f"/runs/{reporter.run}", {"Accept": "text/html", "Cookie": cookies}), 200),
        ("last 64 KB", Request("tail", "GET", tail, end), 200),
        (
            "all messages (last 1 MB)",
            Request("logs", "GET", f"{address}/logs", {"Accept": kinds.RUN.media, **token}),
            None,
        ),
        ("run document", Request("run", "GET", address, {"Accept": kinds.RUN.media, **token}), None),
    ):
        seconds: list[float] = []
        for _ in range(setting.rounds):
            began = time.perf_counter()
            status, body = connection.send(request)
            seconds.append(time.perf_counter() - began)
            if status != http.client.OK or (request.kind != "run" and f"{log.last}".encode() not in body):
                raise RuntimeError(f"{name}: {status}, or without the end of the log")
        yield Figure(
            f"log of 1 000 000 lines, {name}, p95",
            setting.database,
            percentile(seconds, 0.95) * 1000,
            "ms",
            comparator=median(seconds) * 1000,
            comparator_name="its own median",
            budget=budget,
            samples=len(seconds),
        )

    yield from _in_browser(setting, blockyard, reporter, cookies)


def _in_browser(setting: Setting, blockyard: Installation, reporter: Reporter, cookies: str) -> Iterator[Figure]:
    """Open the page of the run, and its lines, as people do."""
    if not browser.is_there():
        return
    lines = f"/runs/{reporter.run}/lines?step={STEP}&line={MANY_LINES // 2}"
    for name, path in (("run page", f"/runs/{reporter.run}"), ("lines in the middle", lines)):
        painted, _ = browser.opened(blockyard.url, cookies, path, setting.rounds)
        yield Figure(
            f"log of 1 000 000 lines, {name} in a browser, LCP, p95",
            setting.database,
            percentile(painted, 0.95),
            "ms",
            comparator=median(painted),
            comparator_name="its own median",
            budget=browser.LCP_MS,
            samples=len(painted),
        )


def _claimed(blockyard: Installation) -> Reporter:
    blockyard.knows_workspace("admin")
    runner = new_runner(blockyard)
    version = blockyard.define(
        terraform("https://git.example.test/never-cloned.git"),
        runnerRef={"uuid": runner, "kind": "meshBuildingBlockRunner"},
        owner="admin",
    )
    blockyard.order(version)
    claimed: list[tuple[float, JsonObject]] = []
    claim(blockyard, runner, claimed)
    reporter = Reporter(blockyard, claimed[0][1], runner)
    reporter.register(STEP)
    return reporter


class Log:
    """Writes lines, each beginning with the microsecond it was due, and sends them as our runner does."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.lines = 0
        self.offset = 0
        self.last = ""
        """The stamp of the last line."""

    def write_at_rate(self) -> None:
        """Write for a while; lines become due while others are sent, as those of an engine do."""
        began, total = time.perf_counter(), LINES_PER_SECOND * SECONDS
        full = FLUSH_BYTES // _line_bytes()
        while self.lines < total:
            due = min(total, int((time.perf_counter() - began) * LINES_PER_SECOND)) - self.lines
            first = began + self.lines / LINES_PER_SECOND
            if due >= full or (due > 0 and time.perf_counter() - first >= FLUSH_SECONDS):
                stamps = [began + (self.lines + at) / LINES_PER_SECOND for at in range(min(due, full))]
                self._send([_stamp(at) for at in stamps])
            else:
                time.sleep(0.002)

    def write_many(self, count: int) -> None:
        """Write `count` lines as fast as they are taken in."""
        per_chunk = BULK_BYTES // _line_bytes()
        for at in range(0, count, per_chunk):
            self._send([_stamp(time.perf_counter())] * min(per_chunk, count - at))

    def _send(self, stamps: list[str]) -> None:
        text = "".join(stamp + _PADDING for stamp in stamps)
        self.offset = self._reporter.append(STEP, self.offset, text.encode())
        self.lines += len(stamps)
        self.last = stamps[-1]


class Viewer(threading.Thread):
    """Follows the events of a run as its page does and notes how old each line is."""

    def __init__(self, blockyard: Installation, run: str) -> None:
        super().__init__(daemon=True)
        self._url = urlsplit(blockyard.url)
        self._path = f"/api/blockyard/v1/runs/{run}/events"
        self._headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {bearer(blockyard)}"}
        self._rest = ""
        self.lags: list[float] = []

    def run(self) -> None:
        """Read until the stream ends."""
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=60)
        connection.request("GET", self._path, headers=self._headers)
        answer = connection.getresponse()
        while line := answer.readline():
            if line.startswith(b'data: {"type":"log"'):
                self._take(json.loads(line.removeprefix(b"data: "))["text"])

    def wait_for(self, lines: int, *, seconds: float = 30) -> None:
        """Wait until that many lines arrived."""
        deadline = time.perf_counter() + seconds
        while len(self.lags) < lines:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"the viewer has {len(self.lags)} of {lines} lines")
            time.sleep(0.02)

    def _take(self, text: str) -> None:
        now = time.perf_counter()
        *lines, self._rest = (self._rest + text).split("\n")
        self.lags.extend(now - int(line[:_STAMP_DIGITS]) / 1e6 for line in lines)


def _stamp(at: float) -> str:
    return f"{int(at * 1e6):0{_STAMP_DIGITS}d}"


def _line_bytes() -> int:
    return _STAMP_DIGITS + len(_PADDING)
