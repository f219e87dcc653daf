"""Takes the server's disk away in the midst of runs, gives it back, and checks that nothing is lost or half written.

`full` and `read-only` need a small file system of their own below the data directory, hence the right to mount one;
`unwritable` forbids the server to write files, which is all a test needs to be allowed.
"""

import resource
import secrets
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from chaos.checks import Finding, check_applied, check_disk, check_nothing_runs
from chaos.module import Site
from chaos.proxy import Moment, Trap
from chaos.stack import Stack
from tests.support.installation import FINAL, secret, status, stop, text_of, value

PLACES = (
    "order-1", "claim-1", "register-1", "log-1", "patch-1", "state-lock-1", "state-post-1", "state-unlock-1", "final-1",
)  # fmt: skip
"""At which requests the disk goes away."""

DISK_BYTES = 24 * 1024 * 1024
REFUSAL_CODES = frozenset({"DiskFull", "DatabaseReadOnly"})
_REFUSED_SECONDS = 20.0
_SETTLE_SECONDS = 90.0
_START_SECONDS = 30.0
_AWAY_SECONDS = 1.0
_CHUNK_BYTES = 64 * 1024
_WITHOUT = value(plain=False)


class Trouble(Protocol):
    """What can be wrong with a disk."""

    def begin(self) -> None:
        """Let it be so."""

    def end(self) -> None:
        """Let all be well again."""


@dataclass
class Unwritable:
    """The server may not write any file."""

    stack: Stack

    def begin(self) -> None:
        """Forbid it."""
        self._allow(0)

    def end(self) -> None:
        """Allow it again."""
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, file_bytes: int) -> None:
        pid = self.stack.servers[0].process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_bytes if file_bytes == 0 else hard, hard))


@dataclass
class Full:
    """The disk of the data directory has no room."""

    data: Path

    def begin(self) -> None:
        """Fill it."""
        with suppress(OSError), (self.data / "ballast").open("ab", buffering=0) as file:
            while file.write(b"x" * _CHUNK_BYTES):
                pass
        with suppress(OSError), (self.data / "ballast").open("ab", buffering=0) as file:
            while file.write(b"x"):
                pass

    def end(self) -> None:
        """Make room."""
        (self.data / "ballast").unlink(missing_ok=True)


@dataclass
class ReadOnly:
    """The disk of the data directory is mounted read-only, which works while nobody writes there."""

    data: Path

    def begin(self) -> None:
        """Mount it so."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.data)], check=True)

    def end(self) -> None:
        """Mount it for writing."""
        subprocess.run(["mount", "-o", "remount,rw", str(self.data)], check=True)


@contextmanager
def small_disk(data: Path) -> Iterator[None]:
    """Mount a small file system at `data`."""
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "chaos", str(data)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(data)], check=True)


def take_away(stack: Stack, trouble: Trouble, place: str) -> list[str]:
    """Order a block, begin the trouble at a request, end it after requests were refused; return what is wrong then."""
    _start_afresh(stack)
    order = _Order(stack)
    label, _, number = place.rpartition("-")
    trap = Trap(label, int(number), Moment.BEFORE, lambda _port: trouble.begin())
    stack.proxy.arm(trap)
    if label == "claim":
        stack.proxy.hang_up()
    orderer = threading.Thread(target=order.give, daemon=True)
    orderer.start()
    findings = []
    try:
        if not trap.sprung.wait(_REFUSED_SECONDS):
            return [f"there was no {place}"]
        if not _wait(lambda: any(seen.status == "503" for seen in list(stack.proxy.seen)), _REFUSED_SECONDS):
            findings.append("nothing was refused")
        findings += _check_refusal(stack)
        time.sleep(_AWAY_SECONDS)
    finally:
        trouble.end()
    orderer.join(_SETTLE_SECONDS)
    return [*findings, *order.check_end()]


def start_in(stack: Stack, trouble: Trouble, *, must_fail: bool) -> list[str]:
    """Start the server in trouble: it starts, or says in a sentence why not; afterwards it starts and works."""
    server = stack.servers[0]
    stop(server.process)
    trouble.begin()
    findings = []
    try:
        said_before = len(server.log.read_bytes())
        server.start_again()
        ended = _wait(lambda: server.process.poll() is not None, _START_SECONDS if must_fail else _AWAY_SECONDS * 5)
        said = server.log.read_bytes()[said_before:].decode(errors="replace")
        if must_fail and not ended:
            findings.append("the server started")
        if ended and (server.process.returncode != 2 or not said.strip() or "Traceback" in said):  # noqa: PLR2004  unusable
            findings.append(f"the server ended with {server.process.returncode} and said: {said[-2000:]}")
        stop(server.process)
    finally:
        trouble.end()
    _start_afresh(stack)
    order = _Order(stack)
    order.give()
    return [*findings, *order.check_end()]


def _start_afresh(stack: Stack) -> None:
    """Start the server on a write-ahead log as short as can be: one that was longer before has room in itself."""
    server = stack.servers[0]
    stop(server.process)
    with closing(sqlite3.connect(stack.data / "blockyard.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    server.start_again()
    server.wait_until_ready()


def _check_refusal(stack: Stack) -> list[str]:
    """Ask for something new: it must be refused in clear words, and not be there."""
    name = f"w-{secrets.token_hex(4)}"
    body: JsonObject = {
        "apiVersion": "v2",
        "kind": "meshWorkspace",
        "metadata": {"name": name, "tags": {}},
        "spec": {"displayName": name, "platformBuilderAccessEnabled": True},
    }
    headers = {"Accept": kinds.WORKSPACE.media, "Content-Type": kinds.WORKSPACE.media}
    url = f"http://127.0.0.1:{stack.servers[0].port}"
    path = "/api/meshobjects/meshworkspaces"
    with httpx2.Client(base_url=url, auth=stack.blockyard.client.auth, timeout=20) as client:
        answer = client.post(path, json=body, headers=headers)
        if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
            return [f"a new workspace was answered {answer.status_code} {answer.text[:300]}"]
        problem = answer.json()
        if problem["errorCode"] not in REFUSAL_CODES or not problem["remedy"]:
            return [f"a new workspace was refused with {answer.text[:500]}"]
        there = client.get(f"{path}/{name}", headers=headers)
        return [] if there.status_code == httpx2.codes.NOT_FOUND else [f"what was refused is {there.status_code}"]


class _Order:
    """One block and what it makes."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._site = Site.create(stack.folder / "sites" / secrets.token_hex(4))
        self._password = f"pw-{secrets.token_hex(12)}"
        self._uuid = ""

    def give(self) -> None:
        """Order it, again and again while the server refuses."""
        given = {"folder": value(str(self._site.folder)), "extra": _WITHOUT, "password": secret(self._password)}
        self._uuid = text_of(self._stack.blockyard.order(self._stack.version, given), "metadata", "uuid")

    def check_end(self) -> list[str]:
        """Wait for the end of its run and return what is wrong."""
        stack = self._stack
        if not self._uuid:
            return ["the order was never answered"]
        if not _wait(lambda: self._status() in FINAL, _SETTLE_SECONDS):
            return [f"the run is still {self._status()}", stack.log_tail()]
        _wait(lambda: not any((stack.work_dir / "runs").iterdir()), _AWAY_SECONDS * 10)
        try:
            block = stack.blockyard.block(self._uuid)
            findings, _ = check_applied(stack, block, self._site, limit=1, extra=False)
        except (Finding, AssertionError) as problem:
            findings = [str(problem)]
        return [*findings, *check_nothing_runs(stack), *check_disk(stack, {self._password, *stack.proxy.run_tokens})]

    def _status(self) -> str:
        return status(self._stack.blockyard.block(self._uuid))


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
